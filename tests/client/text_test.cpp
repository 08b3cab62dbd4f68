// Text for people: what comes from the network cannot steer a terminal, and nothing is left out.
#include "client/connection.hpp"
#include "client/text/data_item.hpp"
#include "client/text/describe.hpp"
#include "messages/text.hpp"

#include "messages/wire.hpp"
#include "tests/client/wall_clock.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace ringdown;
using namespace ringdown::client;
using ringdown::test::keep_utc;
using namespace std::chrono_literals;

TEST_CASE("printable text is UTF-8 without control characters, whatever came in") {
  CHECK(rc::check([](const std::string& bytes) {
    auto text = printable(bytes);
    RC_ASSERT(wire::valid_utf8(text));
    RC_ASSERT(!wire::has_control_character(text));
    RC_ASSERT(printable(text) == text);
  }));
}

TEST_CASE("events are described in one line") {
  event_ack ack;
  ack.reference = {3};
  ack.recorders_queued = 1;
  ack.sequence = {5};
  CHECK(describe(event{ack}) == "EventACK ref=3 recorders_queued=1 seq=5");

  event_user_event e;
  e.this_dn = "7001";
  e.data.add("screen-capture", std::string{"paused"});
  e.sequence = {6};
  e.origin_role = role::recorder;
  CHECK(describe(event{e}) == "EventUserEvent dn=7001 screen-capture=paused seq=6 from recorder");
  e.failure = recorder_failure{7, "disk full"};
  e.desired = capture_state::paused;
  e.cause = broker_reason::recorder_came;
  e.reason = "card number";
  e.agent_id = "A-1017";
  e.for_recorder = {5};
  e.kept_from_recorders = true;
  CHECK(describe(event{e}) ==
        "EventUserEvent dn=7001 screen-capture=paused seq=6 cause=recorder_came desired=paused "
        "reason=\"card number\" agent=A-1017 for=0000000000000005 failure=7 \"disk full\" from "
        "recorder kept from recorders");

  event_outcome o;
  o.this_dn = "7001";
  o.verb = capture_verb::resume;
  o.result = outcome::held;
  o.held_by = standing_pause{{0x71}, "agent-desktop"};
  CHECK(describe(event{o}) == "EventOutcome dn=7001 resume held seq=0 "
                              "held_by[conn=0000000000000071 agent-desktop]");
  o.held_by.reset();
  o.result = outcome::failed;
  o.cause = broker_reason::hold_released;
  o.released = {4};
  o.recorders = {{{5}, "rec", recorder_verdict::failed, {}, recorder_failure{7, "disk full"}}};
  CHECK(describe(event{o}) == "EventOutcome dn=7001 resume failed seq=0 released_seq=4 "
                              "cause=hold_released [rec failed failure=7 \"disk full\"]");

  event_registered every;
  every.every_dn = true;
  CHECK(describe(event{every}) == "EventRegistered ref=0 every DN mode=share");
  event_address_list list;
  list.addresses.resize(2);
  list.next = "7002";
  CHECK(describe(event{list}) == "EventAddressList ref=0 dns=2 next=7002");

  event_error error;
  error.code = 59;
  error.attribute = "this_dn";
  error.accepted = "a configured DN";
  error.text = "no such DN";
  CHECK(describe_error(error) == "EventError 59 dn_not_configured: no such DN (attribute this_dn, "
                                 "accepted a configured DN)");
  error = {};
  error.code = 9999;
  CHECK(describe_error(error) == "EventError 9999 unknown_code: no text");
}

TEST_CASE("no event's description can steer a terminal") {
  std::string evil = "\x1b]0;evil\a\n\xff";
  event_user_event e;
  e.this_dn = evil;
  e.data.add(evil, evil);
  e.data.add("list", std::vector<user_data_pair>{{evil, binary_value{evil}}});
  event_error error;
  error.text = error.attribute = error.accepted = evil;
  error.this_dn = evil;
  event_unregistered gone;
  gone.this_dn = gone.text = evil;
  event_registered registered;
  registered.this_dn = evil;
  event_address_info info;
  info.this_dn = evil;
  for (auto& what : std::vector<event>{
         e, error, gone, registered, info, event_missed{evil, {}, {}, {}},
         event_link_disconnected{{}, {}, evil, {}}, link_lost{link_fault::io_error, evil}}) {
    auto text = describe(what);
    INFO(text);
    CHECK(wire::valid_utf8(text));
    CHECK_FALSE(wire::has_control_character(text));
  }
  info.recorders.push_back({{}, evil, false, false, true});
  auto& s = info.snapshot.session.emplace();
  s.desired_by = client_id{1};
  s.desired_by_application = evil;
  s.pauses.push_back({{}, evil, evil, {}, evil});
  s.recorders.push_back({{}, evil});
  info.recent_outcomes.emplace_back().this_dn = evil;
  auto text = report(info);
  std::erase(text, '\n');
  CHECK(wire::valid_utf8(text));
  CHECK_FALSE(wire::has_control_character(text));
}

namespace {

/// A DN where call 71 is paused, and a start of call 72 waits.
event_address_info busy_dn() {
  event_address_info info;
  info.this_dn = "7001";
  info.time_us = 3'661'000'000;
  auto& now = info.snapshot;
  now.effective_state = capture_state::enabled;
  now.sequence = {9};
  now.version = {4};
  now.clients_registered = 2;
  auto& s = now.session.emplace();
  s.desired = capture_state::paused;
  s.version = {4};
  s.desired_by = client_id{3};
  s.desired_by_application = "agent desktop";
  s.changed_time_us = 1'000'000;
  s.calls = {{{0x71}, true, false, {3}, {{0x70}}}, {{0x72}, true}, {{}, false, true, {1}}};
  standing_pause pause{{0x71}, "agent-desktop"};
  pause.since_time_us = 3'601'000'000;
  pause.reason = "card";
  pause.waiting = 1;
  s.pauses = {pause};
  s.recorders = {{{5}, "screen", capture_state::enabled, {}, 3'600'000'000, 1}, {{6}, "spare"}};
  s.orders = {{{8}, capture_verb::start, {0x72}, {5}, true},
              {{7}, capture_verb::pause, {0x71}, {3}, false, 3'662'500'000}};
  s.alarms = {{broker_reason::drift, 3'600'000'000}};
  info.recorders.push_back({client_id{5}, "screen", true, true, true});
  auto& o = info.recent_outcomes.emplace_back();
  o.this_dn = "7001";
  o.verb = capture_verb::pause;
  o.result = outcome::timed_out;
  o.code = 57;
  o.origin_application = "agent-desktop";
  o.agent_id = "A-1017";
  o.reason = "card number";
  return info;
}

} // namespace

TEST_CASE("a report of a DN tells all that stands there") {
  keep_utc();
  CHECK(report(busy_dn()) ==
        "DN 7001\n"
        "  state        enabled\n"
        "  desired      paused, version 4\n"
        "  differs      what is so is not what is desired\n"
        "  place        seq 9, version 4\n"
        "  clients      2\n"
        "  pause        call 71 is paused by agent-desktop since 01:00:01, 1 min (card); 1 command "
        "waits for its end\n"
        "  waits        start of call 72 is held until no pause stands, version 5\n"
        "  pending      pause of call 71 waits for its recorders, version 3, until "
        "1970-01-01T01:01:02.500000Z (in 1500 ms)\n"
        "  ALARM        a recorder does otherwise than it is to, since 01:00:00\n"
        "  call 71      wants recording, version 3, was 70\n"
        "  call 72      wants recording\n"
        "  no call      stopped, version 1\n"
        "  commanded by \"agent desktop\" (0000000000000003) at 1970-01-01T00:00:00.000000Z\n"
        "  changed      1970-01-01T00:00:01.000000Z\n"
        "  word         screen (0000000000000005) said enabled at 01:00:00, 1 min ago, owes 1\n"
        "  word         spare (0000000000000006) has said nothing yet\n"
        "recorder 0000000000000005 screen, standby, exact, per call\n"
        "1970-01-01T00:00:00.000000Z EventOutcome dn=7001 pause timed_out seq=0 error=57 "
        "by=agent-desktop agent=A-1017 reason=\"card number\"\n");
}

TEST_CASE("what differs from what is desired is told unless it is on its way, or as good") {
  auto differs = [](const event_address_info& info) {
    return report(info).find("differs") != std::string::npos;
  };
  auto info = busy_dn();
  CHECK(differs(info));
  info.snapshot.session->pending = 1;
  CHECK_FALSE(differs(info));
  info.snapshot.session->pending = 0;
  info.snapshot.effective_state = capture_state::disabled; // nothing is recorded
  CHECK_FALSE(differs(info));
  info.snapshot.session->desired = capture_state::enabled;
  CHECK(differs(info));
  info.snapshot.session->desired.reset(); // nobody has asked
  CHECK_FALSE(differs(info));
  info.snapshot.session.reset();
  CHECK_FALSE(differs(info));
}

TEST_CASE("a DN in one line tells what stands") {
  CHECK(describe(busy_dn().snapshot) ==
        "state=enabled seq=9 version=4 recorders=0 clients=2 desired=paused [paused "
        "conn=0000000000000071 by agent-desktop] [held start conn=0000000000000072] [ALARM drift]");
  CHECK(describe(dn_snapshot{}) == "state=unknown seq=0 recorders=0 clients=0");
}

TEST_CASE("a DN in a list tells its light and what a person may have to do") {
  keep_utc();
  address_summary dn{"7001", capture_state::paused, capture_state::paused};
  dn.recorders_active = 1;
  dn.clients_registered = 1;
  CHECK(describe(dn, 0) == "7001             PAUSED     1 client");
  dn.desired = capture_state::enabled;
  dn.pauses = 2;
  dn.paused_since_time_us = 3'601'000'000;
  dn.waiting = 1;
  dn.alarms = 3;
  dn.recorders_active = 0;
  dn.clients_registered = 2;
  CHECK(describe(dn, 3'661'000'000) ==
        "7001             PAUSED     desired enabled, 2 pauses since 01:00:01 (1 min), 1 held, "
        "ALARM, no recorder, 2 clients");
}

TEST_CASE("the status line shows light, what waits and alarm in one width") {
  light_view view;
  std::vector<std::string> lines{status_line(view, 0ms)};
  view.state = light::recording;
  view.pending = pending_command{capture_verb::pause, {}, {}, std::nullopt};
  lines.push_back(status_line(view, std::nullopt));
  lines.push_back(status_line(view, 1'440ms));
  view.pending->verb = capture_verb::resume;
  view.alarms.push_back({broker_reason::drift});
  lines.push_back(status_line(view, 3'600'000ms));
  lines.push_back(status_line(view, -5ms));
  view.pending.reset();
  view.waiting.push_back({{}, capture_verb::resume});
  lines.push_back(status_line(view, std::nullopt));
  CHECK(lines == std::vector<std::string>{
                   "UNKNOWN",
                   "RECORDING, pause waits",
                   "RECORDING, pause in 1.4 s",
                   "RECORDING, resume in 3600.0 s, ALARM",
                   "RECORDING, resume in 0.0 s, ALARM",
                   "RECORDING, resume is held, ALARM",
                 });
}

TEST_CASE("an endpoint is a host and a port, either of which may be left out") {
  auto both = parse_endpoint("example.com:7000");
  REQUIRE(both);
  CHECK(both->host == "example.com");
  CHECK(both->port == 7000);
  CHECK(parse_endpoint("example.com")->port == 7480);
  CHECK(parse_endpoint("[::1]:7000")->host == "::1");
  CHECK(parse_endpoint("[::1]")->port == 7480);
  for (auto wrong : {"", ":7000", "a:", "a:0", "a:65536", "a:x", "a:1x", "::1", "[::1", "[::1]x",
                     "[::1]:", "[]:1"})
    CHECK_FALSE(parse_endpoint(wrong));
}

TEST_CASE("a time of the broker's is written as UTC") {
  CHECK(utc_text(1'714'564'800'123'456) == "2024-05-01T12:00:00.123456Z");
  CHECK(utc_text(-1) == "-");
  CHECK(utc_text(std::numeric_limits<std::int64_t>::max()) == "-");
}
