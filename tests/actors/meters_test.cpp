// The catalog of what is counted, and how it is counted.
#include "actors/meters.hpp"

#include <catch2/catch.hpp>

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>

using namespace ringdown;

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

} // namespace

TEST_CASE("each number has a name of its own, a sentence and a unit that its name tells") {
  std::set<std::string_view> seen;
  for (auto& row : meter_catalog()) {
    INFO(row.name);
    CHECK(seen.insert(row.name).second);
    CHECK(is_name(row.name));
    CHECK(row.name.starts_with("ringdown_"));
    CHECK((row.kind == meter_kind::counter) == row.name.ends_with("_total"));
    CHECK(row.help.ends_with("."));
    if (!row.unit.empty())
      CHECK(row.name.find(row.unit) != std::string_view::npos);
  }
}

TEST_CASE("labels have few values, each another, and none is a DN or a client") {
  for (auto& row : meter_catalog())
    for (auto& label : row.labels) {
      INFO(row.name << " " << label.name);
      CHECK(is_name(label.name));
      CHECK(label.name != "dn");
      CHECK(label.name != "client");
      CHECK(label.size <= 40);
      std::set<std::string_view> values;
      for (std::size_t i = 0; i < label.size; ++i)
        CHECK((is_name(label.value(i)) && values.insert(label.value(i)).second));
    }
}

TEST_CASE("a row's cells are those that are counted in") {
  for (auto& row : meter_catalog()) {
    if (row.cells == nullptr)
      continue;
    std::size_t combinations = 1;
    for (auto& label : row.labels)
      combinations *= label.size;
    auto each = row.kind == meter_kind::histogram ? row.bounds.size() + 2 : 1;
    CHECK(row.cells(meters{threads::one}).size() == combinations * each);
  }
}

TEST_CASE("requests are called as the contract calls them") {
  auto* body = v1::Frame::descriptor()->FindOneofByName("body");
  REQUIRE(body != nullptr);
  for (int i = 0; i < body->field_count(); ++i) {
    auto* field = body->field(i);
    auto word = label<body_number>::value(
      label<body_number>::index(static_cast<body_number>(field->number())));
    bool is_request = field->name().starts_with("request_");
    INFO(field->name());
    if (is_request)
      CHECK("request_" + std::string{word} == field->name());
    else
      CHECK(word == (field->name() == "heartbeat" ? "heartbeat" : "other"));
  }
}

TEST_CASE("each value of a label is counted in its own place") {
  meters m{threads::one};
  for (auto& row : error_catalog())
    m.errors.count(row.code);
  for (auto& cell : m.errors.cells())
    CHECK(cell.get() == 1);
  for (auto verb : {capture_verb::start, capture_verb::stop, capture_verb::pause,
                    capture_verb::resume, capture_verb::query})
    for (int what = 1; what <= 8; ++what)
      m.outcomes.count(verb, static_cast<outcome>(what));
  for (auto& cell : m.outcomes.cells())
    CHECK(cell.get() == 1);
}

TEST_CASE("a value stands below the first bound that it does not pass") {
  meters m{threads::one};
  for (auto frames : {1, 2, 3, 256, 257, 100'000})
    m.events_per_read.observe(static_cast<std::uint64_t>(frames));
  auto cells = m.events_per_read.cells();
  auto last = frames_of_a_read::bounds.size();
  CHECK(cells[0].get() == 1);
  CHECK(cells[1].get() == 1);
  CHECK(cells[2].get() == 1);
  CHECK(cells[last - 1].get() == 1);
  CHECK(cells[last].get() == 2);
  CHECK(cells[last + 1].get() == 1 + 2 + 3 + 256 + 257 + 100'000);
}

TEST_CASE("what a loop without a block counts goes to the block of all") {
  meter_set counts;
  CHECK(&counts.of_loop(0) == &counts.shared());
  counts.make_blocks(2);
  CHECK(&counts.of_loop(0) != &counts.shared());
  CHECK(&counts.of_loop(0) != &counts.of_loop(1));
  counts.of_loop(0).alarms.add(3);
  counts.of_loop(1).alarms.subtract(1);
  CHECK(sum_of(counts, &meters::alarms) == 2);
  counts.of_loop(1).alarms.subtract(3);
  CHECK(sum_of(counts, &meters::alarms) == -1);
}

TEST_CASE("nothing is lost where several threads count in one block") {
  meter_set counts;
  constexpr int each = 20'000;
  auto work = [&] {
    for (int i = 0; i < each; ++i) {
      counts.shared().events_missed.count();
      counts.shared().outcome_seconds.observe(7, capture_verb::pause);
    }
  };
  std::thread other{work};
  work();
  other.join();
  CHECK(sum_of(counts, &meters::events_missed) == 2 * each);
  CHECK(counts.shared()
          .outcome_seconds
          .cells()[label<capture_verb>::index(capture_verb::pause) *
                     decltype(meters::outcome_seconds)::cells_each +
                   1]
          .get() == 2 * each);
}
