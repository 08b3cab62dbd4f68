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
