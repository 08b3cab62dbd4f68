// The broker's access file, and the key file that it names.
//
// Input: the file; what stands behind the first form feed is the content of every key file.
#include "broker/security/access_file.hpp"
#include "tests/fuzz/promise.hpp"

#include <algorithm>

using namespace ringdown;
using namespace ringdown::fuzz;
using namespace ringdown::security;

namespace {

std::size_t lines_of(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void check_error(const configuration::config_error& e, std::string_view text, bool is_only,
                 bool is_last) {
  auto shown = to_string(e);
  promise(is_one_line(shown), "an error may be shown to people as one line");
  promise(e.source == "access.toml" && !e.message.empty(), "an error says where and what");
  if (is_last && e.message.starts_with("more than "))
    return;
  if (e.line < 1 || static_cast<std::size_t>(e.line) > lines_of(text) || e.column < 1 ||
      static_cast<std::size_t>(e.column) > text.size() + 1)
    broken("an error has a place in the file", shown);
  if (e.key.empty() && !is_only)
    broken("an error names its key, but for one of the syntax", shown);
}

/// No two tokens of one name or digest, names that cannot be another kind's, groups with rights.
void check_list(const access_list& list) {
  for (auto& by : list.issuers()) {
    promise(!by.keys.empty(), "an issuer has keys");
    promise(by.prefix != "cert" && by.prefix.find(':') == std::string::npos,
            "an issuer's prefix is no other kind's");
  }
  for (auto& entry : list.certificates()) {
    promise(entry.pattern.has_star == (entry.name.find("{1}") != std::string::npos),
            "an entry's name has what * stands for, if there is a *");
    auto may = list.grants_of(entry.groups, "name", {});
    promise(*may == *list.grants_of(entry.groups, "name", {}),
            "the same groups have the same rights");
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = input{data, size}.rest();
  std::string_view keys;
  if (auto feed = text.find('\f'); feed != std::string_view::npos) {
    keys = text.substr(feed + 1);
    text = text.substr(0, feed);
  }
  const auto result = parse_access_file(
    text, "access.toml",
    [&](const std::filesystem::path&, std::size_t) -> std::variant<std::string, std::error_code> {
      if (keys.empty())
        return std::make_error_code(std::errc::no_such_file_or_directory);
      return std::string{keys};
    });
  promise((result.list != nullptr) == result.errors.empty(), "a file is read whole or not at all");
  auto& errors = result.errors;
  for (auto& e : errors)
    check_error(e, text, errors.size() == 1, &e == &errors.back());
  if (result.list)
    check_list(*result.list);
  return 0;
}
