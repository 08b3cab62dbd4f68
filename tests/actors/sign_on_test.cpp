// Conversations of sign-on: what it needs, what is refused before it, and who takes over whom.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("a client signs on and is told the terms of its link") {
  office o;
  auto& desk = o.connect("desk");
  desk.says(sign_on(7, v1::ROLE_DESKTOP, "desk"));
  auto frame = desk.frame();
  CHECK(frame.reference_id() == 7);
  auto& link = frame.event_link_connected();
  CHECK(link.version() == 1);
  CHECK(link.server_name() == "ringdown");
  CHECK(link.server_version() == "1.2.3");
  CHECK(link.server_instance() == 0xabcdef);
  CHECK(link.server_start_time_us() == 1'600'000'000'000'000);
  CHECK(link.client_id() >> 48 == 7); // the node
  CHECK(link.client_id() == desk.id());
  CHECK(link.window_requests() == 1024);
  CHECK(link.window_bytes() == 1024 * 1024);
  CHECK(link.frame_bytes_max() == 128 * 1024);
  CHECK(link.user_data_bytes_max() == 16'000);
  CHECK(link.dns_per_request_max() == 512);
  CHECK(link.heartbeat_interval_ms() == 2000);
  CHECK(link.heartbeat_timeout_ms() == 5000);
  CHECK(link.time_us() == o.context.utc_now());
}

TEST_CASE("a client gets the heartbeat interval it asks for") {
  office o;
  auto& desk = o.connect("desk");
  auto request = sign_on(1, v1::ROLE_DESKTOP, "desk");
  request.mutable_request_sign_on()->set_heartbeat_interval_ms(400);
  desk.says(request);
  CHECK(desk.frame().event_link_connected().heartbeat_interval_ms() == 400);
  o.pass(500ms); // the links are looked at ten times a second
  CHECK(desk.heartbeats() == 1);
  desk.falls_silent();
  o.pass(1000ms);
  CHECK(desk.hears() == lines{"disconnected: HEARTBEAT_TIMEOUT"});
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("two clients have two ids") {
  office o;
  auto& one = o.desktop("one");
  auto& other = o.desktop("other");
  CHECK(one.id() != other.id());
}

TEST_CASE("sign-on finds the common protocol version, or says that there is none") {
  struct range {
    std::uint32_t min, max;
    bool common;
  };
  for (auto [min, max, common] : {range{1, 1, true}, range{0, 9, true}, range{0, 1, true},
                                  range{0, 0, false}, range{2, 9, false}, range{2, 1, false}}) {
    office o;
    auto& desk = o.connect("desk");
    auto request = sign_on(1, v1::ROLE_DESKTOP, "desk");
    request.mutable_request_sign_on()->set_version_min(min);
    request.mutable_request_sign_on()->set_version_max(max);
    desk.says(request);
    INFO(min << " to " << max);
    CHECK(desk.hears() == (common ? lines{"connected 1"} : lines{"Error 1: 55"}));
  }
}

TEST_CASE("a sign-on that is wrong is answered 53 with its field, and can be said again") {
  using change = std::function<void(v1::RequestSignOn&)>;
  struct wrong {
    std::string attribute;
    change make;
  };
  const std::vector<wrong> all = {
    {"application_name", [](auto& r) { r.clear_application_name(); }},
    {"application_name", [](auto& r) { r.set_application_name(std::string(65, 'a')); }},
    {"application_name", [](auto& r) { r.set_application_name("desk\n"); }},
    {"instance_id", [](auto& r) { r.clear_instance_id(); }},
    {"instance_id", [](auto& r) { r.set_instance_id("fifteen bytes.."); }},
    {"role", [](auto& r) { r.clear_role(); }},
    {"role", [](auto& r) { r.set_role(v1::ROLE_NODE); }},
    {"role", [](auto& r) { r.set_role(v1::ROLE_BROKER); }},
    {"role", [](auto& r) { r.set_role(static_cast<v1::Role>(99)); }},
    {"credentials", [](auto& r) { r.set_credentials(std::string(8193, 'x')); }},
    {"heartbeat_interval_ms", [](auto& r) { r.set_heartbeat_interval_ms(199); }},
    {"heartbeat_interval_ms", [](auto& r) { r.set_heartbeat_interval_ms(60'001); }},
  };
  office o;
  auto& desk = o.connect("desk");
  for (auto& [attribute, make] : all) {
    auto request = sign_on(5, v1::ROLE_DESKTOP, "desk");
    make(*request.mutable_request_sign_on());
    desk.says(request);
    auto frame = desk.frame();
    CHECK(frame.reference_id() == 5);
    CHECK(frame.event_error().error_code() == 53);
    CHECK(frame.event_error().attribute() == attribute);
    CHECK_FALSE(frame.event_error().accepted().empty());
  }
  desk.says(sign_on(0, v1::ROLE_DESKTOP, "desk"));
  CHECK(desk.frame().event_error().attribute() == "reference_id");
  desk.says(sign_on(6, v1::ROLE_DESKTOP, "desk"));
  CHECK(desk.hears() == lines{"connected 6"});
}

TEST_CASE("nothing is valid before sign-on") {
  office o;
  auto& desk = o.connect("desk");
  v1::Frame unknown;
  unknown.set_reference_id(9);
  unknown.mutable_event_ack();
  v1::Frame empty;
  empty.set_reference_id(10);
  desk.says(register_on(2, {"7001"}), unregister(3, {"7001"}), query_address(4, "7001"),
            hear_only(5, {}), send(6, "7001", "pause"), distribute(7, "7001", "pause"), sign_off(8),
            unknown, empty);
  CHECK(desk.hears() == lines{"Error 2: 217", "Error 3: 217", "Error 4: 217", "Error 5: 217",
                              "Error 6: 217", "Error 7: 217", "Error 8: 217", "Error 9: 217",
                              "Error 10: 217"});
  CHECK_FALSE(desk.closing());
}

TEST_CASE("a heartbeat needs no sign-on and gets no reply") {
  office o;
  auto& desk = o.connect("desk");
  desk.says(heartbeat());
  CHECK(desk.hears().empty());
  desk.says(sign_on(1, v1::ROLE_DESKTOP, "desk"), heartbeat());
  CHECK(desk.hears() == lines{"connected 1"});
}

TEST_CASE("what follows sign-on without waiting for its reply is answered behind it") {
  const lines answers{"connected 1",
                      "registered 2: 7001 share; light unknown, v0 #0, recorders 0+0, clients 1",
                      "ACK 3: recorders 0, #1"};
  auto first = sign_on(1, v1::ROLE_DESKTOP, "desk");
  auto second = register_on(2, {"7001"});
  auto third = send(3, "7001", "");
  auto fourth = sign_on(4, v1::ROLE_DESKTOP, "desk");
  office o;
  auto& desk = o.connect("desk");
  SECTION("in one read") {
    desk.says(first, second, third, fourth);
  }
  SECTION("in two reads") {
    desk.says(first, second);
    desk.says(third, fourth);
  }
  SECTION("in a read of its own") {
    desk.says(first);
    desk.says(second, third, fourth);
  }
  auto heard = desk.hears();
  CHECK(heard.front() == "connected 1");
  CHECK(std::erase(heard, "Error 4: 53") == 1); // which needs no DN's word, and waits for none
  CHECK(heard == answers);
  CHECK(desk.reads_in_flight() == 0);
}

TEST_CASE("what follows a sign-on that is refused is before sign-on") {
  office o;
  auto& desk = o.connect("desk");
  auto wrong = sign_on(1, v1::ROLE_DESKTOP, "desk");
  wrong.mutable_request_sign_on()->set_version_min(2);
  wrong.mutable_request_sign_on()->set_version_max(3);
  desk.says(wrong, register_on(2, {"7001"}), sign_on(3, v1::ROLE_DESKTOP, "desk"),
            register_on(4, {"7001"}));
  CHECK(desk.hears() ==
        lines{"Error 1: 55", "Error 2: 217", "connected 3",
              "registered 4: 7001 share; light unknown, v0 #0, recorders 0+0, clients 1"});
}

TEST_CASE("a stream that cannot be read behind a sign-on ends when that is answered") {
  office o;
  auto& desk = o.connect("desk");
  desk.read_bytes({sign_on(1, v1::ROLE_DESKTOP, "desk").SerializeAsString(),
                   query_address(2, "7001").SerializeAsString()},
                  static_cast<int>(stream_end::malformed));
  CHECK(desk.hears() ==
        lines{"connected 1", "Error 2: 41 on 7001", "Error: 53", "disconnected: PROTOCOL_ERROR"});
  CHECK(desk.closing());
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a frame behind a sign-on is refused by the limit that it was cut by") {
  office o;
  auto& desk = o.connect("desk");
  desk.read_bytes({sign_on(1, v1::ROLE_DESKTOP, "desk").SerializeAsString()},
                  static_cast<int>(stream_end::frame_too_large));
  auto heard = desk.frames();
  REQUIRE(heard.size() == 3);
  CHECK(heard[0].has_event_link_connected());
  CHECK(heard[1].event_error().accepted() == "at most 16384 bytes");
  CHECK(o.told() == lines{"connection: connection closed"});
}

TEST_CASE("a sign-off behind a sign-on is the last that is heard") {
  office o;
  auto& desk = o.connect("desk");
  desk.says(sign_on(1, v1::ROLE_DESKTOP, "desk"), sign_off(2), register_on(3, {"7001"}));
  CHECK(desk.hears() == lines{"connected 1", "disconnected 2: SIGNED_OFF"});
}

TEST_CASE("a second sign-on is refused, and the first stays") {
  office o;
  auto& desk = o.desktop();
  auto id = desk.id();
  desk.says(sign_on(2, v1::ROLE_RECORDER, "another"));
  CHECK(desk.hears() == lines{"Error 2: 53"});
  CHECK(desk.id() == id);
  desk.says(register_on(3, {"7001"}));
  CHECK(desk.hears() ==
        lines{"registered 3: 7001 share; light unknown, v0 #0, recorders 0+0, clients 1"});
}

TEST_CASE("the platform may refuse a sign-on by its credentials") {
  std::string seen;
  office o{{},
           {},
           [&](const client_identity& client, action what, std::string_view dn,
               std::string_view credentials) {
             CHECK(what == action::sign_on);
             CHECK(dn.empty());
             CHECK(client.application == "desk");
             CHECK(client.role == role::desktop);
             seen = credentials;
             return credentials == "secret";
           }};
  auto& wrong = o.connect("desk");
  wrong.says(sign_on(1, v1::ROLE_DESKTOP, "desk"));
  CHECK(wrong.hears() == lines{"Error 1: 119", "disconnected: SIGN_ON_REFUSED"});
  CHECK(wrong.closing());
  CHECK(seen.empty());
  auto& right = o.connect("desk");
  auto request = sign_on(1, v1::ROLE_DESKTOP, "desk");
  request.mutable_request_sign_on()->set_credentials("secret");
  right.says(request);
  CHECK(right.hears() == lines{"connected 1"});
  CHECK(o.told() == lines{"connection: sign-on refused"});
}

// ---- taking over ---------------------------------------------------------------------------

TEST_CASE("the same program that signs on again takes over from its older connection") {
  office o;
  auto& ghost = o.recorder();
  auto& desk = o.desktop();
  ghost.says(register_on(2, {"7001"}));
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(ghost.hears(), in_brief({"registered 2: 7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  auto& recorder = o.recorder();
  CHECK(ghost.hears() == lines{"disconnected: TAKEN_OVER"});
  CHECK(ghost.closing());
  // The ghost does not count as a recorder any more.
  desk.says(query_address(3, "7001"), send(4, "7001", "start"));
  CHECK(desk.hears() == lines{"address 3: 7001; light unknown, v0 #0, recorders 0+0, clients 1",
                              "ACK 4: recorders 0, #1 v1"});
  recorder.says(register_on(2, {"7001"}));
  auto order = "event 7001 #2: start v2 by the broker, light unknown, RECORDER_CAME, for recorder";
  CHECK(recorder.hears() ==
        lines{"registered 2: 7001 share; light unknown, v1 #1, recorders 1+0, clients 2; "
              "wants enabled v1; call 0 wants recording; start v1 open",
              order});
  CHECK(desk.hears() == lines{order});
  CHECK(ask(recorder, send(3, "7001", "enabled")) == "ACK 3: recorders 0, #3 v2");
  CHECK(desk.hears() == lines{"event 7001 #3: enabled by recorder, light enabled"});
}

TEST_CASE("a ghost does not count from the moment that its successor is signed on") {
  office o{{}, message_by_message};
  auto& ghost = o.recorder();
  auto& desk = o.desktop();
  ghost.says(register_on(2, {"7001"}));
  desk.says(register_on(2, {"7001"}));
  CHECK_THAT(ghost.hears(), in_brief({"registered 2: 7001"}));
  CHECK_THAT(desk.hears(), in_brief({"registered 2: 7001"}));
  // Before the ghost's own connection hears of it, as long as its letter may be under way.
  auto& successor = o.connect("recorder");
  successor.says(sign_on(1, v1::ROLE_RECORDER, "recorder"));
  while (!ghost.box().closed())
    REQUIRE(o.step());
  desk.says(send(3, "7001", "pause"));
  CHECK(desk.hears() == lines{"ACK 3: recorders 0, #1 v1"});
  CHECK(ghost.hears() == lines{"disconnected: TAKEN_OVER"});
  CHECK(successor.hears() == lines{"connected 1"});
}

TEST_CASE("the late end of a ghost does not hide its successor from the next one") {
  office o;
  auto& first = o.desktop("desk");
  auto& second = o.desktop("desk");
  CHECK(first.hears() == lines{"disconnected: TAKEN_OVER"});
  first.vanishes();
  o.settle();
  o.desktop("desk");
  CHECK(second.hears() == lines{"disconnected: TAKEN_OVER"});
}

TEST_CASE("another instance of the same program is another client") {
  office o;
  auto& one = o.desktop("desk");
  auto& other = o.connect("desk");
  auto request = sign_on(1, v1::ROLE_DESKTOP, "desk");
  request.mutable_request_sign_on()->set_instance_id("another instance");
  other.says(request);
  CHECK(other.hears() == lines{"connected 1"});
  CHECK(one.hears().empty());
  CHECK_FALSE(one.closing());
}

TEST_CASE("who signs on with what others are told of an instance id takes nothing over") {
  office o;
  auto& desk = o.desktop("desk");
  auto& listener = o.desktop("listener");
  register_all("7001", {&desk, &listener});
  CHECK(ask(desk, send(3, "7001", "")) == "ACK 3: recorders 0, #1");
  auto published = listener.frame().event_user_event().origin_instance_id();
  REQUIRE(published.size() == 16);
  auto& thief = o.connect("desk");
  auto request = sign_on(1, v1::ROLE_DESKTOP, "desk");
  request.mutable_request_sign_on()->set_instance_id(published);
  thief.says(request);
  CHECK(thief.hears() == lines{"connected 1"});
  CHECK(desk.hears().empty());
  CHECK_FALSE(desk.closing());
}

TEST_CASE("a program whose old connection is gone signs on without taking over") {
  office o;
  auto& old = o.desktop("desk");
  old.vanishes();
  auto& again = o.desktop("desk");
  CHECK(old.hears().empty());
  CHECK_FALSE(again.closing());
}

TEST_CASE("programs of one instance id that take over from each other wait longer each time") {
  office o;
  auto* holder = &o.desktop();
  auto take_over = [&](std::chrono::milliseconds wait) {
    auto& next = o.connect("desk");
    next.says(sign_on(1, v1::ROLE_DESKTOP, "desk"));
    if (wait.count() != 0) {
      o.pass(wait - 1ms);
      CHECK(next.hears().empty());
      o.pass(1ms);
    }
    CHECK(next.hears() == lines{"connected 1"});
    CHECK(holder->hears() == lines{"disconnected: TAKEN_OVER"});
    holder = &next;
  };
  for (auto wait : {0ms, 0ms, 0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3000ms, 3000ms})
    take_over(wait);
  CHECK(o.told() == lines{"directory: programs of one instance id take over from each other"});
  o.pass(10s); // calm: the next one is the first again
  for (auto wait : {0ms, 0ms, 0ms, 100ms})
    take_over(wait);
  o.told();
}

TEST_CASE("one that goes while it waits for its turn takes nothing over") {
  office o;
  auto* holder = &o.desktop();
  for (int turn = 0; turn < 3; ++turn) {
    auto& next = o.desktop();
    CHECK(holder->hears() == lines{"disconnected: TAKEN_OVER"});
    holder = &next;
  }
  auto& hasty = o.connect("desk");
  hasty.says(sign_on(1, v1::ROLE_DESKTOP, "desk"));
  hasty.is_closed(v1::DISCONNECT_REASON_HEARTBEAT_TIMEOUT);
  CHECK(hasty.hears() == lines{"disconnected: HEARTBEAT_TIMEOUT"});
  o.pass(1s);
  CHECK(holder->hears().empty());
  o.told();
}

TEST_CASE("what waits behind a sign-on is let go with the connection, whatever ends it") {
  office o{{}, message_by_message};
  auto& desk = o.connect("desk");
  desk.says(sign_on(1, v1::ROLE_DESKTOP, "desk"), register_on(2, {"7001"}));
  desk.says(send(3, "7001", ""));
  for (int read = 0; read < 2; ++read) {
    o.next_is(desk);
    REQUIRE(o.step()); // and not the directory
  }
  CHECK(desk.reads_in_flight() == 2);
  lines last_word;
  SECTION("the broker drains") {
    desk.drains();
    last_word = {"disconnected: DRAINING"};
  }
  SECTION("a rule") {
    desk.is_closed(v1::DISCONNECT_REASON_HEARTBEAT_TIMEOUT);
    last_word = {"disconnected: HEARTBEAT_TIMEOUT"};
  }
  SECTION("a directory that does not answer in time") {
    o.stand_still(o.context.bounds.control_timeout);
    last_word = {"Error 1: 52", "disconnected: INTERNAL_ERROR"};
  }
  o.next_is(desk);
  REQUIRE(o.step());
  CHECK(desk.hears() == last_word);
  CHECK(desk.reads_in_flight() == 0);
  o.told();
}

TEST_CASE("a client that is gone before its sign-on is answered leaves nothing behind") {
  office o; // which checks at its end that nobody holds on to a client
  auto& hasty = o.connect("hasty");
  hasty.says(sign_on(1, v1::ROLE_DESKTOP, "hasty"), register_on(2, {"7001"}));
  hasty.says(send(3, "7001", ""));
  hasty.vanishes();
  CHECK(hasty.hears().empty());
  o.settle();
  CHECK(o.remembered("hasty") == 0);
}
