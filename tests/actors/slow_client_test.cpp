// Conversations with clients that do not read: what a slow desktop misses, what a full recorder
// refuses, and what windows and budgets let through.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/small_outboxes.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

party& join_that_takes_the_newest(office& o, const std::string& name) {
  auto& who = o.connect(name);
  auto request = sign_on(1, v1::ROLE_DESKTOP, name);
  request.mutable_request_sign_on()->add_capabilities(v1::CAPABILITY_COALESCE_OK);
  who.says(request);
  CHECK(who.hears() == lines{"connected 1"});
  return who;
}

/// User events by `from` until nothing ordinary goes into `to`'s outbox; how many there were.
int fill(party& from, party& to, const std::string& dn) {
  int sent = 0;
  to.stops_reading();
  for (; !to.box().has_gap(); ++sent) {
    from.says(send(10, dn, "", {.padding = 200}));
    CHECK_THAT(from.hears(), in_brief({"ACK 10"}));
  }
  return sent;
}

/// The beginnings of a DN's first events.
lines first_events(const std::string& dn, int count) {
  lines events;
  for (int sequence = 1; sequence <= count; ++sequence)
    events.push_back("event " + dn + " #" + std::to_string(sequence));
  return events;
}

} // namespace

TEST_CASE("a slow desktop is told what it missed, and the newest indication of each session") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& slow = join_that_takes_the_newest(o, "slow");
  auto& plain = o.desktop("plain");
  auto& recorder = o.recorder();
  register_all("7001", {&recorder, &desk, &slow, &plain});
  plain.stops_reading();
  auto missed_from = fill(desk, slow, "7001");
  CHECK(plain.box().has_gap());
  recorder.says(send(3, "7001", "enabled", {.call = 0xa}),
                send(4, "7001", "enabled", {.call = 0xb}),
                send(5, "7001", "paused", {.call = 0xa}));
  auto heard_by_recorder = first_events("7001", missed_from);
  for (auto answer : {"ACK 3", "ACK 4", "ACK 5"})
    heard_by_recorder.emplace_back(answer);
  CHECK_THAT(recorder.hears(), in_brief(heard_by_recorder));
  CHECK_THAT(desk.hears(),
             in_brief({"event 7001 #30 call a: enabled", "event 7001 #31 call b: enabled",
                       "event 7001 #32 call a: paused"})); // others are not held up
  auto number = [&](int i) { return std::to_string(missed_from + i); };
  auto heard = slow.hears();
  REQUIRE(heard.size() == static_cast<std::size_t>(missed_from) + 2);
  lines end{heard.end() - 3, heard.end()};
  CHECK(end == lines{"missed 7001 " + number(0) + "-" + number(3),
                     "event 7001 #" + number(2) +
                       " call b: enabled by recorder, light enabled, "
                       "newest",
                     "event 7001 #" + number(3) +
                       " call a: paused by recorder, light paused, "
                       "newest"});
  CHECK(plain.hears().back() == "missed 7001 " + number(0) + "-" + number(3));
  desk.says(send(3, "7001", "start"));
  CHECK(slow.hears() == lines{"event 7001 #" + number(4) + ": start v1 by desk, light paused"});
  CHECK_THAT(desk.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(plain.hears(), in_brief({"event 7001 #33: start"}));
  CHECK_THAT(recorder.hears(), in_brief({"event 7001 #33: start"}));
}

TEST_CASE("a slow desktop hears a pause through the reserve, behind what it missed") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  auto missed = fill(desk, slow, "7001");
  desk.says(send(3, "7001", "start"), send(4, "7001", "pause"), send(5, "7001", "resume"));
  CHECK_THAT(desk.hears(), in_brief({"ACK 3", "ACK 4", "ACK 5"}));
  auto heard = slow.hears();
  auto number = [&](int i) { return std::to_string(missed + i); };
  REQUIRE(heard.size() >= 3);
  CHECK(lines{heard.end() - 3, heard.end()} ==
        lines{"missed 7001 " + number(0) + "-" + number(1),
              "event 7001 #" + number(2) + ": pause v2 by desk, light unknown",
              "missed 7001 " + number(3) + "-" + number(3)});
}

TEST_CASE("a slow desktop hears through the reserve that the light is unknown") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &slow, &recorder});
  recorder.says(send(3, "7001", "enabled"));
  CHECK_THAT(recorder.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #1: enabled"}));
  slow.stops_reading();
  for (int sequence = 2; !slow.box().has_gap(); ++sequence) {
    desk.says(send(10, "7001", "", {.padding = 200}));
    CHECK_THAT(desk.hears(), in_brief({"ACK 10"}));
    CHECK_THAT(recorder.hears(), in_brief({"event 7001 #" + std::to_string(sequence)}));
  }
  recorder.vanishes();
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #30: unknown"}));
  auto heard = slow.hears();
  REQUIRE(heard.size() >= 2);
  CHECK(heard[heard.size() - 2].starts_with("missed 7001 "));
  CHECK(heard.back().ends_with(": unknown by the broker, light unknown, RECORDER_LOST"));
}

TEST_CASE("a desktop that reads nothing at all is closed when even its reserve is gone") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& stuck = o.desktop("stuck");
  register_all("7001", {&desk, &stuck});
  stuck.stops_reading();
  std::vector<v1::Frame> questions; // of one read: another is not read while the answers wait
  for (std::uint32_t reference = 3; reference < 803; ++reference)
    questions.push_back(query_address(reference, "7001"));
  stuck.read(questions);
  o.settle();
  CHECK(stuck.box().overrun());
  CHECK(ask(desk, query_address(3, "7001")) ==
        "address 3: 7001; light unknown, v0 #0, recorders 0+0, clients 1");
  CHECK_FALSE(stuck.closing()); // it may read what there was
  o.pass(o.context.bounds.linger_timeout + 100ms);
  CHECK(stuck.closing());
  CHECK(stuck.hears().empty());
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a full recorder refuses a command with 238: nothing is delivered, nothing changes") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &other, &recorder});
  auto sent = fill(desk, recorder, "7001");
  auto sequence = std::to_string(sent);
  CHECK(sent >= 20);
  CHECK_THAT(other.hears(), in_brief(first_events("7001", sent)));
  desk.says(send(3, "7001", "start"));
  auto frame = desk.frame();
  CHECK(frame.event_error().error_code() == 238);
  CHECK(frame.event_error().retry_after_ms() > 0);
  CHECK(other.hears().empty());
  desk.says(query_address(4, "7001"));
  CHECK(desk.hears() ==
        lines{"address 4: 7001; light unknown, v0 #" + sequence + ", recorders 1+0, clients 3"});
  // A pause goes through the reserve, and what is no command is only missed.
  desk.says(send(5, "7001", "pause"), send(6, "7001", ""));
  CHECK(desk.hears().front().find("ACK 5: recorders 1, ") == 0);
  CHECK_THAT(other.hears(), in_brief({"event 7001 #30: pause", "event 7001 #31: user event"}));
  auto heard = recorder.hears();
  REQUIRE(heard.size() >= 3);
  CHECK(heard[heard.size() - 3] == "missed 7001 " + sequence + "-" + sequence);
  CHECK(heard[heard.size() - 2].find(": pause v1 by desk") != std::string::npos);
  CHECK(heard.back().starts_with("missed 7001"));
}

TEST_CASE("if one of two recorders can take a command it is accepted, and the other misses it") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& full = o.recorder("full");
  auto& free = o.recorder("free");
  register_all("7001", {&desk, &full, &free});
  auto sequence = fill(desk, full, "7001");
  CHECK_THAT(free.hears(), in_brief(first_events("7001", sequence)));
  desk.says(send(3, "7001", "start"));
  auto number = std::to_string(sequence + 1);
  CHECK(desk.hears() == lines{"ACK 3: recorders 1, #" + number + " v1"});
  CHECK(free.hears() == lines{"event 7001 #" + number + ": start v1 by desk, light unknown"});
  CHECK(full.hears().back() == "missed 7001 " + std::to_string(sequence) + "-" + number);
}

TEST_CASE("a standby recorder and a desktop that are full never cause 238") {
  office o{outboxes_that_coalesce_little()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  auto& standby = o.recorder("standby");
  register_all("7001", {&desk, &slow});
  standby.says(register_as_standby(2, {"7001"}));
  CHECK_THAT(standby.hears(), in_brief({"registered 2: 7001"}));
  standby.stops_reading();
  fill(desk, slow, "7001");
  CHECK(standby.box().has_gap());
  desk.says(send(3, "7001", "start"));
  CHECK(desk.hears().front().starts_with("ACK 3: recorders 0,"));
  CHECK(slow.hears().back().starts_with("missed 7001"));
  CHECK(standby.hears().back().starts_with("missed 7001"));
}

// ---- windows and budgets -------------------------------------------------------------------

TEST_CASE("a full window is answered 111 at once, and pause and stop have a reserve") {
  limits bounds;
  bounds.requests_outstanding_max = 4;
  bounds.requests_outstanding_reserve = 2;
  office o{bounds};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  desk.says(send(11, "7001", "start"), send(12, "7001", "start"), send(13, "7001", "start"),
            send(14, "7001", "start"), send(15, "7001", "start"), send(16, "7001", "pause"),
            query_address(17, "7001"), send(18, "7001", "stop"), send(19, "7001", "pause"),
            hear_only(20, {}));
  CHECK(desk.hears() == lines{"Error 15: 111 on 7001", "Error 17: 111 on 7001",
                              "Error 19: 111 on 7001", "Error 20: 111",
                              "ACK 11: recorders 0, #1 v1", "ACK 12: recorders 0, #2 v2",
                              "ACK 13: recorders 0, #3 v3", "ACK 14: recorders 0, #4 v4",
                              "ACK 16: recorders 0, #5 v5", "ACK 18: recorders 0, #6 v6"});
  desk.says(send(15, "7001", "start"));
  CHECK(desk.hears() == lines{"ACK 15: recorders 0, #7 v7"});
}

TEST_CASE("beyond the window the first fault in the order of checks is answered all the same") {
  limits bounds;
  bounds.requests_outstanding_max = 1;
  bounds.requests_outstanding_reserve = 0;
  office o{bounds};
  o.configure({"7001", "7002"});
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  desk.says(send(3, "7001", "start"), send(4, "7002", "start"), send(5, "7009", "start"),
            send(6, "7001", "paused"), send(7, "7001", "strat"), send(8, "7001", "start"),
            query_address(9, "7002"), query_address(10, "7009"), unregister(11, {"7002"}),
            register_on(12, {"7009"}), register_on(13, {""}), send(3, "7001", "start"));
  CHECK(desk.hears() == lines{"Error 4: 41 on 7002", "Error 5: 59 on 7009", "Error 6: 165 on 7001",
                              "Error 7: 53 on 7001", "Error 8: 111 on 7001", "Error 9: 41 on 7002",
                              "Error 10: 59 on 7009", "Error 11: 41 on 7002",
                              "Error 12: 59 on 7009", "Error 13: 53 on an empty DN",
                              "Error 3: 53 on 7001", "ACK 3: recorders 0, #1 v1"});
}

TEST_CASE("a refused change of mode does not change how a full window answers") {
  limits bounds;
  bounds.requests_outstanding_max = 1;
  bounds.requests_outstanding_reserve = 0;
  office o{bounds};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  register_all("7001", {&desk, &other});
  desk.says(register_on(3, {"7001"}, v1::REGISTRATION_MODE_PRIVATE));
  CHECK(desk.hears() == lines{"Error 3: 42 on 7001"});
  other.says(register_on(3, {"7001"}, v1::REGISTRATION_MODE_MONITOR));
  CHECK_THAT(other.hears(), in_brief({"registered 3: 7001"}));
  other.says(register_on(4, {"7001"}, v1::REGISTRATION_MODE_PRIVATE));
  CHECK(other.hears() == lines{"Error 4: 42 on 7001"});
  // Still a monitor, which may not send; whether the window is full or not.
  other.says(send(5, "7001", "start"), send(6, "7001", "start"));
  CHECK(other.hears() == lines{"Error 6: 41 on 7001", "Error 5: 41 on 7001"});
}

TEST_CASE("a request of many bytes fills the window, too") {
  limits bounds;
  bounds.request_bytes_outstanding_max = 1000;
  bounds.request_bytes_outstanding_reserve = 1000;
  office o{bounds};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  desk.says(send(3, "7001", "", {.padding = 700}), send(4, "7001", "", {.padding = 700}),
            send(5, "7001", "pause", {.padding = 700}), send(6, "7001", ""));
  CHECK(desk.hears() == lines{"Error 4: 111 on 7001", "Error 6: 111 on 7001",
                              "ACK 3: recorders 0, #1", "ACK 5: recorders 0, #2 v1"});
}

TEST_CASE("a spent memory budget is answered 1186, and pause and stop have a reserve") {
  limits bounds;
  bounds.memory_budget_bytes = 1'000'000;
  bounds.memory_budget_reserve = 100'000;
  office o{bounds, message_by_message};
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  // While it is spent nothing is read; this was.
  auto say_all_before = [&](std::size_t spent) {
    desk.says(send(3, "7001", "start"), send(4, "7001", "pause"), send(5, "7001", "strat"),
              send(6, "7002", "start"), register_on(7, {"7003"}));
    o.context.budget.add(spent);
    auto heard = desk.hears();
    o.context.budget.remove(spent);
    o.pass(1s); // its link looks again whether it may read
    return heard;
  };
  CHECK(say_all_before(1'000'001) == lines{"Error 3: 1186 on 7001", "Error 5: 53 on 7001",
                                           "Error 6: 41 on 7002", "Error 7: 1186 on 7003",
                                           "ACK 4: recorders 0, #1 v1"});
  CHECK(desk.client().window.outstanding() == 0);
  CHECK(say_all_before(1'100'001) == lines{"Error 3: 1186 on 7001", "Error 4: 1186 on 7001",
                                           "Error 5: 53 on 7001", "Error 6: 41 on 7002",
                                           "Error 7: 1186 on 7003"});
  CHECK(say_all_before(0).size() == 5);
  CHECK(desk.client().window.outstanding() == 0);
}

TEST_CASE("what a recorder wants to hear is asked once for each event") {
  office o{{}, message_by_message};
  auto& desk = o.desktop();
  auto& rec = o.recorder();
  rec.says(register_on(2, {"7001"}));
  desk.says(register_on(2, {"7001"}));
  rec.hears();
  desk.hears();
  // Its connection, on another loop, takes a new mask between the ACK and the delivery.
  auto& mask = rec.client().mask;
  o.meanwhile([&mask](auto) { mask = 0; });
  desk.says(send(3, "7001", "", {.user_event = 7}));
  CHECK(desk.hears().front().starts_with("ACK 3"));
  CHECK_THAT(
    rec.hears(),
    in_brief(
      {"event 7001 #1: user event"})); // its room was reserved, and the ACK said that it hears it
  CHECK(rec.box().bytes() == 0);
  o.meanwhile([&mask](auto) { mask = every_event_kind; });
  desk.says(send(4, "7001", "", {.user_event = 7}));
  CHECK(desk.hears().front().starts_with("ACK 4"));
  CHECK(rec.hears().empty());
  CHECK_FALSE(rec.box().has_gap()); // it did not want it
}
