// Text for people: what comes from the network cannot steer a terminal, and nothing is left out.
#include "client/connection.hpp"
#include "client/data_item.hpp"
#include "client/describe.hpp"
#include "client/escape.hpp"

#include "messages/wire.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

TEST_CASE("escaping leaves ordinary text alone and disarms the rest") {
  CHECK(escaped("plain, \"quoted\", ünïcödé ©") == "plain, \"quoted\", ünïcödé ©");
  CHECK(escaped("\x1b[2J") == "\\x1b[2J");
  CHECK(escaped("a\nb\r\t\x7f") == "a\\x0ab\\x0d\\x09\\x7f");
  CHECK(escaped("\xc2\x9b") == "\\xc2\\x9b");          // C1: the one-byte CSI
  CHECK(escaped("\xe2\x80\xae") == "\\xe2\\x80\\xae"); // right-to-left override
  CHECK(escaped("\xe2\x81\xa6") == "\\xe2\\x81\\xa6"); // isolate
  CHECK(escaped("\xe2\x82\xac") == "\xe2\x82\xac");    // the euro sign passes
  CHECK(escaped("a\xff\xc2") == "a\\xff\\xc2");
  CHECK(escaped(std::string_view{"\0", 1}) == "\\x00");
  CHECK(escaped_word("pause") == "pause");
  CHECK(escaped_word("") == "\"\"");
  CHECK(escaped_word("a \"b\"") == "\"a \\\"b\\\"\"");
}

TEST_CASE("escaped text is UTF-8 without control characters, whatever came in") {
  CHECK(rc::check([](const std::string& bytes) {
    auto text = escaped(bytes);
    RC_ASSERT(wire::valid_utf8(text));
    RC_ASSERT(!wire::has_control_character(text));
    RC_ASSERT(escaped(text) == text);
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
  info.recorders.push_back({{}, evil, false, false});
  info.snapshot.sessions.emplace_back().desired_by = client_id{1};
  info.snapshot.sessions.back().desired_by_application = evil;
  info.recent_outcomes.emplace_back().this_dn = evil;
  auto text = report(info);
  std::erase(text, '\n');
  CHECK(wire::valid_utf8(text));
  CHECK_FALSE(wire::has_control_character(text));
}

TEST_CASE("a report of a DN tells all that is known of its sessions") {
  event_address_info info;
  info.this_dn = "7001";
  info.time_us = 1'000'000;
  auto& now = info.snapshot;
  now.effective_state = capture_state::paused;
  now.sequence = {9};
  now.version = {4};
  now.clients_registered = 2;
  auto& s = now.sessions.emplace_back();
  s.connection = {0x72};
  s.desired = capture_state::enabled;
  s.version = {4};
  s.held = true;
  s.desired_by = client_id{3};
  s.desired_by_application = "agent desktop";
  s.pending = 1;
  s.deadline_time_us = 2'500'000;
  s.former = {conn_id{0x71}};
  info.recorders.push_back({client_id{5}, "screen", true, true});
  auto& o = info.recent_outcomes.emplace_back();
  o.this_dn = "7001";
  o.verb = capture_verb::pause;
  o.result = outcome::timed_out;
  o.code = 57;
  CHECK(report(info) ==
        "DN 7001\n"
        "  state        paused\n"
        "  place        seq 9, version 4\n"
        "  clients      2\n"
        "session 0000000000000072\n"
        "  desired      enabled, version 4, held until no other call is paused\n"
        "  commanded by \"agent desktop\" (0000000000000003) at 1970-01-01T00:00:00.000000Z\n"
        "  observed     unknown\n"
        "  changed      1970-01-01T00:00:00.000000Z\n"
        "  pending      1, the newest until 1970-01-01T00:00:02.500000Z (in 1500 ms)\n"
        "  merged from  0000000000000071\n"
        "recorder 0000000000000005 screen, standby, exact\n"
        "1970-01-01T00:00:00.000000Z EventOutcome dn=7001 pause timed_out seq=0 error=57\n");
}

TEST_CASE("the status line shows light, pending command and alarm in one width") {
  light_view view;
  std::vector<std::string> lines{status_line(view, 0ms)};
  view.state = light::recording;
  view.pending = pending_command{capture_verb::pause, {}, {}, std::nullopt};
  lines.push_back(status_line(view, std::nullopt));
  lines.push_back(status_line(view, 1'440ms));
  view.pending->verb = capture_verb::resume;
  view.alarm = true;
  lines.push_back(status_line(view, 3'600'000ms));
  lines.push_back(status_line(view, -5ms));
  CHECK(lines == std::vector<std::string>{
                   "UNKNOWN                            ",
                   "RECORDING  pause waits             ",
                   "RECORDING  pause in 1.4 s          ",
                   "RECORDING  resume in 3600.0 s ALARM",
                   "RECORDING  resume in 0.0 s    ALARM",
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
