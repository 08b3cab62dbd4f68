// What others are told of a screen: the operator's log, and clients that watch every DN.
#include "tests/actors/conversation.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <list>
#include <mutex>
#include <utility>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A ConnID is told with all its digits.
std::string without_zeros(std::string_view value) {
  auto begin = value.size() == 16 ? std::min(value.find_first_not_of('0'), value.size() - 1) : 0;
  return std::string{value.substr(begin)};
}

/// What the DNs tell their operator, at info and above.
class logbook final : public observer {
public:
  explicit logbook(office& o) : office_(o), before_(std::exchange(o.context.tells, this)) {}
  ~logbook() override {
    office_.settle();
    office_.context.tells = before_;
  }
  bool wants(std::string_view, severity level) const noexcept override {
    return level >= severity::info;
  }
  void tell(std::string_view part, severity level, std::string_view what,
            fields details) noexcept override {
    static constexpr const char* names[] = {"debug", "info", "warning", "error"};
    if (part != "dn" || level < severity::info)
      return;
    auto line = std::string{names[static_cast<int>(level)]} + ": " + std::string{what};
    for (auto& [name, value] : details)
      if (!value.empty())
        line += " " + std::string{name} + "=" + without_zeros(value);
    std::lock_guard held{mutex_};
    told_.push_back(std::move(line));
  }
  lines told() {
    office_.settle();
    std::lock_guard held{mutex_};
    return std::exchange(told_, {});
  }

private:
  office& office_;
  observer* before_;
  std::mutex mutex_;
  lines told_;
};

/// On the list of those who watch every DN, as long as it lives.
class watching {
public:
  watching(office& o, party& who, bool hear_outcomes = false) : office_(o), who_(who) {
    client_ptr client{client_ptr{}, &who.client()};
    CHECK(o.context.watchers.add({client, hear_outcomes}));
  }
  ~watching() {
    office_.settle();
    static_cast<void>(office_.context.watchers.remove(who_.client()));
  }
  watching(const watching&) = delete;
  watching& operator=(const watching&) = delete;

private:
  office& office_;
  party& who_;
};

} // namespace

// ---- the log -------------------------------------------------------------------------------

TEST_CASE(
  "the log has each pause, resume and stop: who, why, what became of it, how long it took") {
  pair_on_7001 p;
  logbook log{p.o};
  p.desk.says(send(3, "7001", "start", {.call = 0x71}));
  p.recorder_says(3, "enabled", 0x71);
  p.desk.says(
    send(4, "7001", "pause", {.call = 0x71, .reason = "card number", .agent_id = "anna"}));
  p.o.pass(20ms);
  p.recorder_says(4, "paused", 0x71);
  p.desk.says(send(5, "7001", "resume", {.call = 0x71}));
  p.recorder_says(5, "enabled", 0x71);
  p.desk.says(send(6, "7001", "query"));
  p.recorder_says(6, "enabled", 0x71);
  p.desk.says(send(7, "7001", "stop", {.call = 0x71, .confirm_timeout_ms = 500}));
  p.desk.hears();
  p.recorder.hears();
  time_goes_by(p.o, 500ms);
  p.desk.hears();
  p.recorder.hears();
  lines expected{
    "info: outcome of a command dn=7001 conn=71 command=start outcome=confirmed by=desk ms=0",
    "info: outcome of a command dn=7001 conn=71 command=pause outcome=confirmed by=desk "
    "agent=anna cause=card number ms=20",
    "info: outcome of a command dn=7001 conn=71 command=resume outcome=confirmed by=desk ms=0",
    "warning: outcome of a command dn=7001 conn=71 command=stop outcome=timed_out by=desk ms=500"};
  CHECK(log.told() == expected);
  p.recorder.vanishes(); // it owes the broker an answer, which is no line of the log
  CHECK(p.desk.hears().size() == 1);
  CHECK(log.told().empty());
}

TEST_CASE("the log has what was held and let go, the broker's orders, and alarms") {
  pair_on_7001 p;
  logbook log{p.o};
  p.desk.says(send(3, "7001", "pause"), send(4, "7001", "start", {.call = 0x72}));
  p.recorder_says(3, "paused");
  p.desk.says(send(5, "7001", "resume"));
  p.recorder_says(4, "enabled");
  p.recorder_says(5, "enabled");
  p.desk.hears();
  lines expected{
    "info: outcome of a command dn=7001 conn=72 command=start outcome=held by=desk ms=0",
    "info: outcome of a command dn=7001 conn=0 command=pause outcome=confirmed by=desk ms=0",
    "info: outcome of a command dn=7001 conn=0 command=resume outcome=confirmed by=desk ms=0",
    "info: held command let go dn=7001 conn=72 command=start outcome=confirmed by=desk "
    "cause=hold_released ms=0"};
  CHECK(log.told() == expected);
  p.recorder.vanishes();
  CHECK(p.desk.hears().size() == 1);
  CHECK(log.told() == lines{"error: alarm: a person must look dn=7001 reason=recorder_lost"});
  auto& again = p.o.recorder();
  again.says(register_on(2, {"7001"}), send(3, "7001", "enabled"));
  again.hears();
  p.desk.hears();
  CHECK(log.told() == lines{"info: outcome of the broker's order dn=7001 conn=72 command=start "
                            "outcome=confirmed cause=recorder_came ms=0"});
}

// ---- those who watch every DN --------------------------------------------------------------

TEST_CASE("who watches every DN hears the commands, indications and alarms of each") {
  pair_on_7001 p;
  auto& wall = p.o.supervisor("wall");
  watching watch{p.o, wall};
  auto& other = p.o.desktop("other");
  CHECK(ask(other, register_on(2, {"7002"})).starts_with("registered"));
  other.says(send(3, "7002", "start"), send(4, "7002", ""));
  CHECK(other.hears().size() == 2);
  CHECK(wall.hears() == lines{"event 7002 #1: start v1 by other, light unknown"});
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().size() == 3);
  p.recorder.vanishes();
  CHECK(p.desk.hears().size() == 1);
  CHECK(wall.hears() ==
        lines{"event 7001 #1: pause v1 by desk, light unknown",
              "event 7001 #2: paused by recorder, light paused",
              "event 7001 #3: unknown by the broker, light unknown, RECORDER_LOST, alarm"});
  p.o.context.confirm.pause_remind_after = 10s;
  p.desk.says(send(4, "7001", "resume"), send(5, "7001", "pause"));
  time_goes_by(p.o, 10s);
  CHECK(wall.hears().back() ==
        "event 7001 #6: user event by the broker, light unknown, PAUSE_LONG, alarm");
  p.desk.hears();
}

TEST_CASE("who watches every DN hears outcomes if it asked for them, and nothing twice") {
  pair_on_7001 p;
  auto& plain = p.o.supervisor("plain");
  auto& wall = p.o.supervisor("wall");
  watching without{p.o, plain};
  watching with{p.o, wall, true};
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().size() == 3);
  auto events = lines{"event 7001 #1: pause v1 by desk, light unknown",
                      "event 7001 #2: paused by recorder, light paused"};
  CHECK(plain.hears() == events);
  events.push_back("outcome 7001 #1: pause confirmed; recorder confirmed");
  CHECK(wall.hears() == events);
  // Registered on the DN too it hears each thing once.
  CHECK(ask(wall, register_for_outcomes(2, {"7001"})).starts_with("registered"));
  p.desk.says(send(4, "7001", "pause"));
  p.recorder_says(4, "paused");
  CHECK(p.desk.hears().size() == 3);
  CHECK(wall.hears() == lines{"event 7001 #3: pause v2 by desk, light paused",
                              "event 7001 #4: paused by recorder, light paused",
                              "outcome 7001 #3: pause confirmed; recorder confirmed"});
  CHECK(plain.hears().size() == 2);
}

TEST_CASE("who watches every DN and does not read is told what it missed, and holds nobody up") {
  limits bounds;
  bounds.outbox_bytes_max = 8000;
  bounds.outbox_bytes_reserve = 4000;
  bounds.outbox_high_water_bytes = 4000;
  bounds.outbox_low_water_bytes = 2000;
  pair_on_7001 p{bounds};
  auto& wall = p.o.supervisor("wall");
  watching watch{p.o, wall};
  std::uint32_t reference = 3;
  while (!wall.box().has_gap()) {
    p.recorder_says(reference++, "disabled");
    REQUIRE(p.desk.hears().size() == 1);
  }
  p.recorder_says(reference++, "disabled");
  CHECK(p.desk.hears().size() == 1);
  auto last = std::to_string(reference - 3);
  auto first = std::to_string(reference - 4);
  CHECK(wall.hears().back() == "missed 7001 " + first + "-" + last);
}

TEST_CASE("an input mask narrows what is heard of every DN") {
  pair_on_7001 p;
  auto& wall = p.o.supervisor("wall");
  watching watch{p.o, wall};
  CHECK(ask(wall, hear_only(2, {v1::EVENT_KIND_INDICATION})) == "ACK 2");
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  CHECK(p.desk.hears().size() == 3);
  CHECK(wall.hears() == lines{"event 7001 #2: paused by recorder, light paused"});
}

TEST_CASE("so many may watch every DN, and one that does may change its wish") {
  office o;
  std::list<watching> all;
  for (std::size_t i = 0; i < watchers_max; ++i)
    all.emplace_back(o, o.supervisor("wall" + std::to_string(i)));
  auto& more = o.supervisor("more");
  CHECK_FALSE(o.context.watchers.add({client_ptr{client_ptr{}, &more.client()}, true}));
  CHECK_FALSE(o.context.watchers.remove(more.client()));
}
