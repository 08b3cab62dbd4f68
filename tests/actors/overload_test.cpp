// Conversations while memory is short, and before anybody has signed on: who pays, and who does not
// notice.
#include "messages/frame.hpp"
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// Every loop looks ten times a second who must pay.
constexpr auto glance = 110ms;

/// Memory for some 25 clients with an outbox that is full.
limits small_memory() {
  limits bounds;
  bounds.memory_budget_bytes = 1'000'000;
  bounds.memory_budget_reserve = 200'000;
  bounds.connections_max = 100; // so that ten thousand bytes are everybody's share
  bounds.outbox_bytes_max = 40'000;
  bounds.outbox_bytes_reserve = 10'000;
  bounds.outbox_high_water_bytes = 30'000;
  bounds.outbox_low_water_bytes = 20'000;
  return bounds;
}

/// Monitors of `dn` that do not read, and events for them until the broker's memory is spent.
std::vector<party*> spend_memory(office& o, const std::string& dn) {
  std::vector<party*> monitors;
  for (int i = 0; i < 40; ++i) {
    auto& one = o.desktop("monitor " + std::to_string(i));
    register_all(dn, {&one});
    one.stops_reading();
    monitors.push_back(&one);
  }
  auto& sender = o.desktop("sender");
  register_all(dn, {&sender});
  while (!o.context.budget.spent())
    CHECK(ask(sender, send(9, dn, "", {.padding = 3000})).starts_with("ACK 9"));
  return monitors;
}

std::size_t closed_among(const std::vector<party*>& clients) {
  std::size_t count = 0;
  for (auto* one : clients)
    count += one->closing() ? 1u : 0u;
  return count;
}

/// How many the operator was told of.
std::size_t ended_by_edge(office& o) {
  auto told = o.told();
  return static_cast<std::size_t>(
    std::count(told.begin(), told.end(), "connection: connection closed"));
}

/// They read what is left for them.
void forget(const std::vector<party*>& clients) {
  for (auto* one : clients)
    one->hears();
}

} // namespace

// ---- memory --------------------------------------------------------------------------------

TEST_CASE("while the memory is spent a pause is heard at once, confirmed and told") {
  office o{small_memory()};
  auto& desk = o.confirming_desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  auto monitors = spend_memory(o, "big");
  CHECK(ask(desk, send(3, "7001", "")) == "Error 3: 1186 on 7001");
  CHECK(ask(desk, send(4, "7001", "pause")) == "ACK 4: recorders 1, #1 v1");
  CHECK(recorder.hears() == lines{"event 7001 #1: pause v1 by desk, light unknown"});
  CHECK(ask(recorder, send(3, "7001", "paused")) == "ACK 3: recorders 0, #2 v1");
  CHECK(desk.hears() == lines{"event 7001 #2: paused by recorder, light paused",
                              "outcome 7001 #1: pause confirmed; recorder confirmed"});
  forget(monitors);
}

TEST_CASE("one large event for many slow clients leaves memory for pauses; some miss it") {
  auto where = GENERATE(values<stage>({{runs_on::virtual_time, 1}, {runs_on::virtual_time, 2}}));
  INFO(where);
  auto bounds = small_memory();
  bounds.memory_budget_bytes = 100'000;
  bounds.memory_budget_reserve = 60'000;
  office o{bounds, where};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  std::vector<party*> slow;
  for (int i = 0; i < 60; ++i) {
    slow.push_back(&o.desktop("slow " + std::to_string(i)));
    register_all("big", {slow.back()});
    slow.back()->stops_reading();
  }
  auto& sender = o.desktop("sender");
  register_all("big", {&sender});
  for (std::uint32_t i = 1; !o.context.budget.spent(); ++i) {
    auto sequence = "#" + std::to_string(i);
    CHECK(ask(sender, send(3, "big", "", {.padding = 4000})) == "ACK 3: recorders 0, " + sequence);
  }
  CHECK_FALSE(o.context.budget.reserve_spent());
  CHECK(ask(desk, send(5, "7001", "pause")) == "ACK 5: recorders 0, #1 v1");
  std::size_t heard = 0;
  for (auto* one : slow) {
    auto all = one->hears();
    REQUIRE(!all.empty());
    heard += all.front().starts_with("event big #1") ? 1u : 0u;
  }
  CHECK(heard > 5);
  CHECK(heard < 40);
}

TEST_CASE("whoever takes nothing pays first for memory that is spent, and at once") {
  auto where = GENERATE(values<stage>({{runs_on::virtual_time, 1}, {runs_on::virtual_time, 2}}));
  INFO(where);
  office o{small_memory(), where};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  auto monitors = spend_memory(o, "big");
  desk.stops_reading(); // what waits for it is little
  desk.says(send(3, "7001", "pause"));
  o.pass(glance);
  CHECK_FALSE(o.context.budget.spent());
  CHECK(closed_among(monitors) >= 1);
  CHECK(closed_among(monitors) <= 20);
  CHECK(desk.hears() == lines{"ACK 3: recorders 0, #1 v1"});
  CHECK(ask(desk, send(4, "7001", "")) == "ACK 4: recorders 0, #2 v1");
  CHECK(ended_by_edge(o) == closed_among(monitors));
  forget(monitors);
}

TEST_CASE("a frame that is begun pays, too, when it has been so for a second") {
  office o{small_memory()};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  std::vector<party*> hoarders;
  auto beginning = delimited(send(3, "7001", "", {.padding = 60'000})).substr(0, 50'000);
  for (int i = 0; i < 40; ++i) {
    hoarders.push_back(&o.desktop("hoarder " + std::to_string(i)));
    hoarders.back()->read_stream(beginning);
  }
  CHECK(o.context.budget.spent());
  CHECK_FALSE(o.context.budget.reserve_spent());
  CHECK(ask(desk, send(3, "7001", "pause")) == "ACK 3: recorders 0, #1 v1");
  o.pass(900ms);
  CHECK(closed_among(hoarders) == 0);
  o.pass(2s); // what others hold back finds room, and pays in its turn
  CHECK_FALSE(o.context.budget.spent());
  CHECK(closed_among(hoarders) >= 1);
  CHECK(ended_by_edge(o) == closed_among(hoarders));
  CHECK(ask(desk, send(4, "7001", "")) == "ACK 4: recorders 0, #2 v1");
}

TEST_CASE("who holds no more than an even share does not pay, whoever spent the memory") {
  office o{small_memory()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  slow.stops_reading();
  CHECK(ask(desk, send(3, "7001", "", {.padding = 5000})) == "ACK 3: recorders 0, #1");
  o.context.budget.add(1'000'000);
  o.pass(glance);
  CHECK_FALSE(slow.closing());
  o.context.budget.remove(1'000'000);
  CHECK_THAT(slow.hears(), in_brief({"event 7001 #1: user event"}));
}

// ---- before sign-on ------------------------------------------------------------------------

TEST_CASE("whoever does not sign on makes the broker hold next to nothing, whatever it says") {
  office o;
  for (auto* what : {"\0", "\1\0"}) { // empty frames, and frames of one byte
    auto& stranger = o.connect("stranger");
    stranger.stops_reading();
    std::string flood;
    while (flood.size() < 65536)
      flood.append(what, what[0] == '\0' ? 1 : 2);
    auto before = o.context.budget.used();
    stranger.read_stream(flood);
    o.settle();
    CHECK(stranger.box().bytes() <= frame_bytes_before_sign_on_max);
    CHECK(o.context.budget.used() <= before + 2 * frame_bytes_before_sign_on_max);
    auto heard = stranger.hears();
    CHECK(heard.back() == "disconnected: PROTOCOL_ERROR");
    CHECK(stranger.closing());
    CHECK(o.told() == lines{"connection: connection closed"});
  }
}

TEST_CASE("a sign-on that is refused may be corrected, and what stands behind it is answered") {
  office o;
  auto& desk = o.connect("desk");
  auto wrong = sign_on(1, v1::ROLE_UNSPECIFIED, "desk");
  for (int times = 0; times < 5; ++times) {
    desk.says(wrong, register_on(2, {"7001"}));
    CHECK(desk.hears() == lines{"Error 1: 53", "Error 2: 217"});
  }
  desk.says(sign_on(1, v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  CHECK_THAT(desk.hears(), in_brief({"connected 1", "registered 2: 7001"}));
  for (std::uint32_t reference = 3; reference < 40; ++reference) // from now on it may err
    CHECK(ask(desk, sign_on(reference, v1::ROLE_DESKTOP, "desk")).find(": 53") !=
          std::string::npos);
}

// ---- work ----------------------------------------------------------------------------------

namespace {

/// A broker in which each event on DN 7666 takes a millisecond.
struct slow_platform {
  lines asked; ///< DNs, in the order of their events
  office o{{}, {}, [this](const client_identity&, action, std::string_view dn, std::string_view) {
             asked.emplace_back(dn);
             if (dn == "7666" && is_slow)
               o.stand_still(1ms);
             return true;
           }};
  bool is_slow = false;
};

constexpr std::uint32_t much = 200;

std::vector<v1::Frame> much_work() {
  std::vector<v1::Frame> all;
  for (std::uint32_t i = 0; i < much; ++i)
    all.push_back(send(10 + i, "7666", ""));
  return all;
}

} // namespace

TEST_CASE("a read that is much work has its turn in parts, in order, and others come between") {
  slow_platform p;
  auto& flood = p.o.desktop("flood");
  auto& desk = p.o.desktop();
  register_all("7666", {&flood});
  register_all("7001", {&desk});
  p.asked.clear();
  p.is_slow = true;
  flood.read(much_work());
  desk.says(send(3, "7001", ""));
  CHECK(desk.hears() == lines{"ACK 3: recorders 0, #1"});
  auto between = std::find(p.asked.begin(), p.asked.end(), "7001");
  REQUIRE(p.asked.size() == much + 1);
  CHECK(between - p.asked.begin() < 100);
  auto answers = flood.hears();
  REQUIRE(answers.size() == much);
  for (std::uint32_t i = 0; i < much; ++i)
    CHECK(answers[i].starts_with("ACK " + std::to_string(10 + i) + ":"));
}

TEST_CASE("what had no turn when its link ends was no more read than what is in the socket") {
  slow_platform p;
  auto& flood = p.o.desktop("flood");
  auto& other = p.o.desktop("other");
  register_all("7666", {&flood, &other});
  p.is_slow = true;
  flood.read(much_work());
  for (int turn = 0; turn < 3; ++turn)
    CHECK(p.o.step_of());
  flood.is_closed(v1::DISCONNECT_REASON_DRAINING);
  auto answers = flood.hears();
  auto acknowledged = static_cast<std::size_t>(std::count_if(
    answers.begin(), answers.end(), [](const auto& line) { return line.starts_with("ACK"); }));
  CHECK(acknowledged > 0);
  CHECK(acknowledged < much);
  CHECK(other.hears().size() == acknowledged);
  CHECK(flood.reads_in_flight() == 0);
}
