// What is printed can be read back, and the example file holds every default.
#include "broker/config/table.hpp"
#include "tests/broker/config/loading.hpp"

#include <rapidcheck/catch.h>

#include <fstream>
#include <iterator>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

namespace {

/// Removes the `#` before each key; comments have a blank behind theirs.
std::string uncommented(const std::string& text) {
  std::string result;
  bool line_begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool key_follows = text[i] == '#' && i + 1 < text.size() && text[i + 1] != ' ';
    if (!(line_begins && key_follows))
      result += text[i];
    line_begins = text[i] == '\n';
  }
  return result;
}

/// A value that the rule accepts.
value any_value(const key& k) {
  const auto& r = k.rule;
  switch (r.kind) {
  case value_kind::boolean: return *rc::gen::arbitrary<bool>();
  case value_kind::number:
  case value_kind::size:
  case value_kind::duration: return *rc::gen::inRange<std::uint64_t>(r.min, r.max + 1);
  case value_kind::choice:
    return std::string{*rc::gen::elementOf(std::vector(r.choices.begin(), r.choices.end()))};
  case value_kind::address: return *rc::gen::element<std::string>("::1", "127.0.0.1", "10.1.2.3");
  case value_kind::text:
    return *rc::gen::element<std::string>("a", "\"quoted\" \\ back", "\xc3\xa4 \xe2\x80\xae x");
  case value_kind::path: return std::string{};
  case value_kind::dn_list: {
    std::vector<std::string> list;
    const auto count = *rc::gen::inRange(0, 20);
    for (int i = 0; i < count; ++i)
      list.push_back("a\"\\,#" + std::to_string(i));
    return list;
  }
  }
  return false;
}

} // namespace

TEST_CASE("what is printed loads to the same values") {
  rc::prop("any accepted values, relations aside", [] {
    config c;
    for (const auto& k : table())
      k.set(c, any_value(k));
    const auto again = load_text(print(c));
    // Values drawn one by one may contradict each other; nothing else may be wrong.
    for (const auto& e : again.errors)
      RC_ASSERT(e.message.find("; now ") != std::string::npos);
    RC_ASSERT(differences(c, again.value).empty());
  });
}

TEST_CASE("each printed value says where it came from") {
  const auto text = print(
    load_text("[listen]\nport = 1\n", {{"RINGDOWN_LOG_LEVEL", "warn"}}, {{"loops", "2"}}).value);
  CHECK(text.find("port = 1  # ringdownd.toml:2\n") != std::string::npos);
  CHECK(text.find("level = \"warn\"  # RINGDOWN_LOG_LEVEL\n") != std::string::npos);
  CHECK(text.find("loops = 2  # --loops\n") != std::string::npos);
  CHECK(text.find("name = \"ringdown\"  # default\n") != std::string::npos);
}

TEST_CASE("the example file as it is committed is the one of this code") {
  std::ifstream in{RINGDOWN_EXAMPLE_FILE, std::ios::binary};
  REQUIRE(in);
  const std::string committed{std::istreambuf_iterator<char>{in}, {}};
  CHECK(committed == example());
}

TEST_CASE("the example file changes nothing, as it is and with every # removed") {
  const auto as_is = load_text(example());
  CHECK(lines(as_is.errors).empty());
  CHECK(differences(config{}, as_is.value).empty());
  const auto all = load_text(uncommented(example()));
  CHECK(lines(all.errors).empty());
  CHECK(differences(config{}, all.value).empty());
  for (std::size_t i = 0; i < table().size(); ++i) {
    INFO(table()[i].name);
    CHECK(as_is.value.origins[i].kind == origin_kind::built_in);
    CHECK(all.value.origins[i].kind == origin_kind::file);
  }
}

TEST_CASE("no line of the example file is wider than a screen") {
  std::size_t start = 0;
  const auto text = example();
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    INFO(text.substr(start, end - start));
    CHECK(end - start <= 100);
    start = end + 1;
  }
}

TEST_CASE("the limits for the log are every limit with its value") {
  const auto all = limits_of(load_text("", {}, {{"limits.dns_max", "5"}}).value);
  std::vector<std::string> expected;
  for (const auto& k : keys())
    if (k.name.starts_with("limits."))
      expected.push_back(k.name.substr(7));
  REQUIRE(expected.size() > 30);
  std::vector<std::string> names;
  for (const auto& [name, value] : all) {
    names.push_back(name);
    CHECK_FALSE(value.empty());
    if (name == "dns_max")
      CHECK(value == "5");
    if (name == "outbox_bytes_max")
      CHECK(value == "4 MiB");
  }
  CHECK(names == expected);
}

TEST_CASE("the manual names every key and every relation") {
  const auto text = manual();
  for (const auto& k : keys()) {
    INFO(k.name);
    CHECK(text.find("| `" + k.name.substr(k.name.rfind('.') + 1) + '`') != std::string::npos);
    CHECK(text.find(k.doc) != std::string::npos);
  }
  for (const auto& sentence : relations())
    CHECK(text.find(sentence) != std::string::npos);
}
