// Bytes that are no frames, and clients that have not signed on: what they hear, and that nobody
// else is touched.
#include "tests/e2e/bystander.hpp"
#include "tests/messages/bytes.hpp"

#include "messages/limits.hpp"

using namespace ringdown;
using namespace ringdown::e2e;
using namespace ringdown::test;

namespace {

/// EventError 53 about the frame, then EventLinkDisconnected, then the end.
void check_protocol_error(raw_client& client, std::uint32_t reference = 0) {
  check_bad_input(client.expect(), reference, error_code::invalid_attribute, "frame");
  check_disconnected(client, v1::DISCONNECT_REASON_PROTOCOL_ERROR);
}

/// A frame of exactly `size` bytes: a request with a field of a later version to fill it up.
std::string padded_to(std::size_t size, std::uint32_t body, const std::string& request) {
  auto with_filler = [&](std::size_t bytes) {
    auto filler = bytes_field(500, std::string(bytes, 'x'));
    return number_field(1, 1) + bytes_field(body, request + filler);
  };
  auto nearly = size - 100; // its lengths take as many bytes as below
  auto overhead = with_filler(nearly).size() - nearly;
  auto frame = with_filler(size - overhead);
  REQUIRE(frame.size() == size);
  return frame;
}

/// A client of either kind: one that has just connected, or one that has signed on.
raw_client client_of(const running_broker& broker, bool has_signed_on) {
  if (has_signed_on)
    return registered(broker, v1::ROLE_DESKTOP, "7001");
  return raw_client{broker.port()};
}

} // namespace

TEST_CASE("A stream that cannot be trusted gets an error and then its end") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--limits.linger_timeout=30 s"}};
  bystander other{broker};
  struct stream {
    const char* what;
    std::string bytes;
    std::uint32_t reference;
  };
  const stream streams[] = {
    {"a length of 4 GiB", "\xff\xff\xff\xff\x0f", 0},
    {"a length one above the frame limit", varint(128 * 1024 + 1), 0},
    {"a length with no end", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0},
    {"a length above 32 bits", long_varint(std::uint64_t{1} << 33, 5) + "more", 0},
    {"text of another protocol", "GET / HTTP/1.1\r\n" + std::string(80, 'x'), 0},
    {"a frame cut short within", varint(2) + bytes_field(15, "x").substr(0, 2), 0},
    {"a field with the number 0", varint(2) + std::string{"\0\1", 2}, 0},
    {"a body that is a number", delimited_bytes(number_field(1, 7) + number_field(15, 1)), 7},
    {"a group with no end", delimited_bytes(number_field(1, 7) + tag(15, 3)), 7},
    {"noise", delimited_bytes(std::string(64, '\xff')), 0},
  };
  for (bool has_signed_on : {false, true}) {
    for (auto& [what, bytes, reference] : streams) {
      INFO(what << (has_signed_on ? ", after sign-on" : ", before sign-on"));
      auto client = client_of(broker, has_signed_on);
      client.send_bytes(bytes);
      check_protocol_error(client, reference);
      other.still_works();
    }
  }
  other.leave();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A body that is no message of its kind ends the link too") {
  running_broker broker{{"--limits.linger_timeout=30 s"}};
  bystander other{broker};
  auto truncated = [](std::uint32_t body, std::string_view inner) {
    return delimited_bytes(number_field(1, 7) + bytes_field(body, inner));
  };
  for (std::uint32_t body : {12, 13, 14, 15, 16, 17}) {
    INFO("request " << body);
    auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
    client.send_bytes(truncated(body, "\x0a\x7fx"));
    check_protocol_error(client, 7);
    other.still_works();
  }
  for (auto& event : {std::string{"\x22\x05x"}, bytes_field(4, "\x0a\x05x"),
                      bytes_field(4, bytes_field(1, "\x0a\x05x")),
                      bytes_field(4, bytes_field(1, bytes_field(5, "\x0a\x05x")))}) {
    auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
    client.send_bytes(truncated(15, bytes_field(1, "7001") + bytes_field(15, event)));
    check_protocol_error(client, 7);
    other.still_works();
  }
  raw_client stranger{broker.port()};
  stranger.send_bytes(truncated(10, "\x22\x7fx"));
  check_protocol_error(stranger, 7);
  stranger.close();
  other.still_works();
  other.leave();
  CHECK(broker.stop() == 0);
}

TEST_CASE("Before sign-on a frame may be 16 KiB, after it as much as was granted") {
  running_broker broker{{"--limits.linger_timeout=30 s"}};
  bystander other{broker};
  {
    raw_client stranger{broker.port()};
    stranger.send_bytes(varint(frame_bytes_before_sign_on_max + 1));
    check_protocol_error(stranger);
  }
  {
    raw_client stranger{broker.port()};
    auto request = sign_on(v1::ROLE_DESKTOP).request_sign_on().SerializeAsString();
    auto body = padded_to(frame_bytes_before_sign_on_max, 10, request);
    stranger.send_bytes(delimited_bytes(body));
    auto reply = stranger.expect();
    INFO(reply.ShortDebugString());
    CHECK(reply.has_event_link_connected());
  }
  auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto most = client.link().frame_bytes_max();
  client.send_bytes(delimited_bytes(padded_to(most, 17, bytes_field(1, "7001"))));
  CHECK(client.expect().has_event_address_info());
  // The refusal needs the length only; what follows of the frame is thrown away.
  client.send_bytes(varint(most + 1) + std::string(most + 1, 'x'));
  check_protocol_error(client);
  client.close();
  other.still_works();
  other.leave();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A client that goes away within a frame leaves nothing behind") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  bystander other{broker};
  for (int how = 0; how < 3; ++how) {
    for (bool has_signed_on : {false, true}) {
      auto client = client_of(broker, has_signed_on);
      client.send_bytes(varint(3000) + std::string(1500, '\x0a'));
      if (how == 0) {
        client.end_sending();
        auto rest = client.rest(); // a half frame is nobody's request
        REQUIRE(rest.size() == 1);
        CHECK(rest[0].event_link_disconnected().reason() == v1::DISCONNECT_REASON_SIGNED_OFF);
      } else if (how == 1) {
        client.close();
      } else {
        client.reset();
      }
      other.still_works();
    }
  }
  auto watcher = signed_on(broker, v1::ROLE_SUPERVISOR);
  await("their registrations end", [&] {
    auto snapshot = watcher.register_on("7001", v1::REGISTRATION_MODE_MONITOR);
    return snapshot.clients_registered() == 1;
  });
  CHECK(broker.stop() == 0);
}

TEST_CASE("Nothing but sign-on is answered before sign-on") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  bystander other{broker};
  raw_client stranger{broker.port()};
  auto refused = [&](v1::Frame frame) {
    auto reference = stranger.request(std::move(frame));
    check_bad_input(stranger.answer(reference), reference, error_code::not_signed_on, "body");
  };
  refused(register_on("7001"));
  refused(unregister_from("7001"));
  refused(query_address("7001"));
  refused(capture("7001", "pause"));
  refused(capture("", "no such thing"));
  refused(as_distribute(capture("7001", "pause")));
  refused(sign_off());
  v1::Frame mask;
  mask.mutable_request_set_input_mask();
  refused(mask);
  v1::Frame reply;
  reply.mutable_event_ack();
  refused(reply);
  refused({}); // no body at all
  stranger.send_bytes(delimited_bytes(number_field(1, 900) + bytes_field(59, "of later")));
  check_bad_input(stranger.answer(900), 900, error_code::not_signed_on, "body");
  stranger.send_bytes(delimited_bytes(bytes_field(15, ""))); // not even a ReferenceID
  check_bad_input(stranger.unasked(), 0, error_code::not_signed_on, "body");
  // The link is as good as before.
  stranger.send(heartbeat());
  stranger.sign_on(sign_on(v1::ROLE_DESKTOP));
  stranger.register_on("7001");
  other.still_works();
  CHECK(broker.stop() == 0);
}

TEST_CASE("An unknown request is answered 51 with its ReferenceID") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  bystander other{broker};
  auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
  // Requests of a later version, replies and events that only a broker sends, no body.
  for (std::uint32_t body : {22u, 59u, 60u, 61u, 62u, 63u, 100u, 110u, 112u, 199u, 201u, 5000u}) {
    INFO("body " << body);
    auto reference = client.next_reference();
    client.send_bytes(delimited_bytes(number_field(1, reference) + bytes_field(body, "\x08\x01")));
    check_bad_input(client.answer(reference), reference, error_code::unsupported_operation, "body");
  }
  auto reference = client.request({});
  check_bad_input(client.answer(reference), reference, error_code::unsupported_operation, "body");
  other.still_works();
  CHECK(client.ask(capture("7001", "pause")).has_event_ack());
  CHECK(broker.stop() == 0);
}
