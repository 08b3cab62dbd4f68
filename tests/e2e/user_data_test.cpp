// What a client sends reaches the others byte for byte, up to the limit and not a byte beyond.
#include "tests/e2e/expect.hpp"
#include "tests/messages/bytes.hpp"

using namespace ringdown;
using namespace ringdown::e2e;
using namespace ringdown::test;

namespace {

constexpr std::size_t user_data_limit = 16'000;

/// A frame's bytes with their length in front.
std::string on_the_wire(std::string_view frame) {
  return varint(frame.size()) + std::string{frame};
}

std::string send_event_frame(std::uint32_t reference, std::string_view dn, std::string_view event) {
  return on_the_wire(number_field(1, reference) +
                     bytes_field(15, bytes_field(1, dn) + bytes_field(15, event)));
}

/// Every kind of pair, what later versions may add, and text filled up to exactly `size` bytes.
std::string user_data_of(std::size_t size) {
  auto nested = text_pair("inner", "\xf0\x9f\x8e\xa5") + pair(bytes_field(1, "empty"));
  std::string data =
    capture_pair("pause") + text_pair("key", "once") + text_pair("key", "twice") +
    pair(bytes_field(1, "") + number_field(2, 0)) +
    pair(bytes_field(1, "negative") + number_field(2, 1'999'999'999'999)) +
    pair(bytes_field(1, "binary") + bytes_field(4, std::string{"\0\xff\xfe\x80\r\n", 6})) +
    pair(bytes_field(1, "list") + bytes_field(5, nested)) +
    pair(number_field(2, 5) + bytes_field(1, "value first")) +
    pair(bytes_field(1, "later") + number_field(99, 7) + fixed64_field(98, 1)) +
    bytes_field(77, "of a later version") + group(78, number_field(1, 1)) + tag(79, 0) +
    long_varint(3, 5);
  // The filler's own lengths take the same number of bytes for all sizes used here.
  auto with_filler = [&](std::size_t bytes) {
    return data + pair(bytes_field(1, "filler") + bytes_field(4, std::string(bytes, 'x')));
  };
  auto overhead = with_filler(15'000).size() - 15'000;
  return with_filler(size - overhead);
}

/// An Event in an order of fields that no generated code writes, with unknown ones between.
std::string odd_event(std::string_view dn, std::string_view user_data) {
  return bytes_field(50, "ahead") + bytes_field(4, user_data) + fixed64_field(3, 0xabcd) +
         fixed32_field(51, 9) + number_field(5, 12) + number_field(2, 1) + bytes_field(1, dn) +
         group(52, bytes_field(1, "grouped"));
}

/// The bytes of the field `event` of the EventUserEvent in this frame: the last field of all.
std::string_view event_bytes(const std::string& frame) {
  v1::Frame parsed;
  REQUIRE(parsed.ParseFromString(frame));
  REQUIRE(parsed.has_event_user_event());
  auto size = parsed.event_user_event().event().ByteSizeLong();
  return std::string_view{frame}.substr(frame.size() - size);
}

} // namespace

TEST_CASE("User data at its limit arrives byte for byte, whatever stands in it") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto data = user_data_of(user_data_limit);
  REQUIRE(data.size() == user_data_limit);
  auto event = odd_event("7001", data);
  auto reference = desktop.next_reference();
  desktop.send_bytes(send_event_frame(reference, "7001", event));
  auto ack = desktop.answer(reference);
  INFO(ack.ShortDebugString());
  REQUIRE(ack.has_event_ack());
  CHECK(ack.event_ack().recorders_queued() == 1);
  CHECK(ack.event_ack().version() == 1); // it was read as the command that it is
  CHECK(ack.event_ack().user_event() == 12);
  auto received = recorder.next_bytes();
  REQUIRE(received);
  CHECK(received->ends_with(event));
  CHECK(event_bytes(*received).size() <= event.size()); // long varints shrink when parsed

  auto too_much = odd_event("7001", user_data_of(user_data_limit + 1));
  reference = desktop.next_reference();
  desktop.send_bytes(send_event_frame(reference, "7001", too_much));
  check_bad_input(desktop.answer(reference), reference, error_code::invalid_attribute,
                  "event.user_data");
  CHECK(desktop.ask(capture("7001", "stop")).has_event_ack());
  check_event(recorder.expect(), "stop"); // nothing of the refused one came
  CHECK(broker.stop() == 0);
}

TEST_CASE("The configured limit of user data holds to the byte, at its ceiling too") {
  auto limit = GENERATE(std::size_t{64}, std::size_t{65'535});
  running_broker broker{{"--limits.user_data_bytes_max=" + std::to_string(limit)}};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  CHECK(desktop.link().user_data_bytes_max() == limit);
  auto event_with = [&](std::size_t bytes) {
    auto overhead = pair(bytes_field(1, "k") + bytes_field(4, std::string(limit, 'x'))).size();
    auto data = pair(bytes_field(1, "k") + bytes_field(4, std::string(2 * limit - overhead, 'x')));
    data = pair(bytes_field(1, "k") +
                bytes_field(4, std::string(2 * limit - overhead + bytes - data.size(), 'x')));
    REQUIRE(data.size() == bytes);
    return bytes_field(1, "7001") + number_field(2, 1) + bytes_field(4, data);
  };
  for (auto bytes : {limit, limit + 1}) {
    auto event = event_with(bytes);
    auto reference = desktop.next_reference();
    desktop.send_bytes(send_event_frame(reference, "7001", event));
    auto answer = desktop.answer(reference);
    INFO(answer.ShortDebugString());
    CHECK(kind_of(answer) == (bytes == limit ? "EventACK" : "EventError 53"));
    if (bytes == limit)
      CHECK(recorder.next_bytes()->ends_with(event));
  }
  CHECK(broker.stop() == 0);
}

TEST_CASE("A frame may come in any number of pieces") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto desktop = signed_on(broker, v1::ROLE_DESKTOP);
  auto event = odd_event("7001", capture_pair("pause"));
  std::string bytes = on_the_wire(number_field(1, 50) + bytes_field(12, bytes_field(1, "7001"))) +
                      send_event_frame(51, "7001", event);
  for (char one : bytes) // TCP_NODELAY: each goes its own way
    REQUIRE(desktop.send_bytes({&one, 1}));
  CHECK(kind_of(desktop.expect()) == "EventRegistered");
  CHECK(kind_of(desktop.expect()) == "EventACK");
  CHECK(recorder.next_bytes()->ends_with(event));
  CHECK(broker.stop() == 0);
}

TEST_CASE("An indication under the key of the vendor's page arrives as screen-capture") {
  running_broker broker;
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto frame = user_event("7001", "screen-capture-indication", "paused");
  frame.mutable_request_send_event()->mutable_event()->set_user_event(3);
  CHECK(recorder.ask(frame).has_event_ack());
  auto shown = desktop.expect();
  check_event(shown, "paused");
  CHECK(shown.event_user_event().effective_state() == v1::CAPTURE_STATE_PAUSED);
  CHECK(shown.event_user_event().event().user_event() == 3);
  CHECK(broker.stop() == 0);
}
