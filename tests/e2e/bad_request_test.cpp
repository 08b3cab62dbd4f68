// Requests with one thing wrong, each over a real link: the answer names the field, and the link
// stays as good as it was.
#include "tests/e2e/bystander.hpp"

#include <functional>
#include <set>

using namespace ringdown;
using namespace ringdown::e2e;
using namespace ringdown::test;

namespace {

constexpr auto bad = error_code::invalid_attribute;

/// A signed-on client on 7001 beside a bystander, and what happens to bad bytes from it.
struct sender {
  running_broker broker;
  bystander other{broker};
  raw_client client = registered(broker, v1::ROLE_DESKTOP, "7001");

  explicit sender(const flags& more = {}) : broker(more) {}

  /// A request by its number in the schema, built by hand.
  void refused(std::uint32_t body, const std::string& request, error_code code,
               const std::string& attribute) {
    INFO("body " << body << ", " << attribute);
    auto reference = client.next_reference();
    client.send_bytes(delimited_bytes(number_field(1, reference) + bytes_field(body, request)));
    check_bad_input(client.answer(reference), reference, code, attribute);
  }
  void refused(const v1::Frame& frame, error_code code, const std::string& attribute) {
    INFO(frame.ShortDebugString());
    auto reference = client.request(frame);
    check_bad_input(client.answer(reference), reference, code, attribute);
  }

  /// Nothing has come of it all: the next command is the first.
  void ends_well() {
    auto ack = client.ask(capture("7001", "pause"));
    CHECK(ack.event_ack().dn_sequence() == 1);
    CHECK_FALSE(client.next_within(std::chrono::milliseconds{0}));
    other.still_works();
    CHECK(broker.stop() == 0);
  }
};

/// The requests that name a DN, by number; built by hand, for DNs that no string should hold.
const std::vector<std::uint32_t> requests_with_dn{12, 13, 15, 16, 17};
std::string request_about(std::uint32_t body, const std::string& dn) {
  auto request = bytes_field(1, dn);
  if (body == 15 || body == 16)
    request += bytes_field(15, bytes_field(1, dn) + number_field(2, 1) +
                                 bytes_field(4, capture_pair("pause")));
  return request;
}

/// A RequestSendEvent for 7001 in parts, so that a test can add to them.
std::string send_with(const std::string& in_header, const std::string& in_event,
                      const std::string& user_data) {
  return bytes_field(1, "7001") + in_header +
         bytes_field(15, bytes_field(1, "7001") + number_field(2, 1) + in_event +
                           (user_data.empty() ? "" : bytes_field(4, user_data)));
}

} // namespace

TEST_CASE("Every request refuses what is no DN") {
  sender s{run_as(GENERATE(from_range(every_way_to_run)))};
  const std::string no_dns[] = {"",
                                std::string(256, '7'),
                                "70\x01",
                                "70\n01",
                                "70\x7f"
                                "01",
                                "70\xc2\x80"
                                "01",
                                "70\xff"
                                "01",
                                "\xed\xa0\x80",
                                std::string("70\0"
                                            "01",
                                            5)};
  for (auto body : requests_with_dn)
    for (auto& dn : no_dns) {
      INFO(dn.size() << " bytes");
      s.refused(body, request_about(body, dn), bad, "this_dn");
    }
  // 255 bytes, not only digits, are a DN.
  s.client.register_on("switch::" + std::string(247, '7'));
  s.client.register_on("agent1@example.com \xe2\x98\x8e");
  s.ends_well();
}

TEST_CASE("Every request for a DN that is not configured is answered 59") {
  sender s{run_as(GENERATE(from_range(every_way_to_run))) + flags{"--dns.list=7001,bystander"}};
  for (auto body : requests_with_dn)
    s.refused(body, request_about(body, "7002"), error_code::dn_not_configured, "this_dn");
  s.ends_well();
}

TEST_CASE("Every request but a registration needs one, else it is answered 41") {
  sender s{run_as(GENERATE(from_range(every_way_to_run)))};
  for (int round = 0; round < 2; ++round) {
    for (auto body : requests_with_dn)
      if (body != 12)
        s.refused(body, request_about(body, "7002"), error_code::not_registered, "this_dn");
    s.client.register_on("7002");
    CHECK(s.client.ask(unregister_from("7002")).has_event_unregistered()); // and once more
  }
  s.ends_well();
}

TEST_CASE("Of several DNs in one request each gets its own answer") {
  sender s{flags{"--dns.list=7001,7002,7003,bystander"}};
  v1::Frame frame;
  auto& body = *frame.mutable_request_register_address();
  for (auto* dn : {"7002", "9999", "7003", "", "7002"})
    body.add_this_dn(dn);
  auto reference = s.client.request(frame);
  std::multiset<std::string> answers;
  for (int i = 0; i < body.this_dn_size(); ++i) {
    auto answer = s.client.answer(reference);
    auto dn = answer.has_event_error() ? answer.event_error().this_dn()
                                       : answer.event_registered().this_dn();
    answers.insert(kind_of(answer) + " " + dn);
  }
  CHECK(answers == std::multiset<std::string>{"EventRegistered 7002", "EventRegistered 7002",
                                              "EventRegistered 7003", "EventError 59 9999",
                                              "EventError 53 "});
  s.refused(12, "", bad, "this_dn"); // none at all
  s.refused(13, "", bad, "this_dn");
  frame.Clear();
  for (int i = 0; i < 513; ++i)
    frame.mutable_request_register_address()->add_this_dn("7001");
  s.refused(frame, bad, "this_dn");
  s.ends_well();
}

TEST_CASE("A registration, a mask or a query with a bad field is refused by its name") {
  sender s;
  const auto dn = bytes_field(1, "7002");
  s.refused(12, dn + number_field(2, 3), bad, "mode");
  s.refused(12, dn + number_field(2, 1) + number_field(2, 0), bad, "mode");
  s.refused(12, dn + number_field(3, 1) + number_field(3, 1), bad, "echo");
  s.refused(12, dn + number_field(4, 1) + number_field(4, 0), bad, "standby");
  s.refused(12, dn + number_field(5, 1) + number_field(5, 0), bad, "hear_outcomes");
  s.refused(12, dn + bytes_field(6, "\xff"), bad, "reasons");
  s.refused(12, dn + bytes_field(7, bytes_field(1, "\xff")), bad, "extensions.key");
  s.refused(12, dn + bytes_field(7, bytes_field(1, "a") + bytes_field(1, "b")), bad,
            "extensions.key");
  s.refused(12, dn + bytes_field(7, number_field(2, 1) + bytes_field(3, "b")), bad,
            "extensions.string_value");
  std::string many;
  for (int i = 0; i < 17; ++i)
    many += bytes_field(6, "why");
  s.refused(12, dn + many, bad, "reasons, extensions");
  s.refused(17, dn + dn, bad, "this_dn");
  s.refused(14, number_field(1, 0), bad, "event_kinds");
  s.refused(14, bytes_field(1, varint(1) + varint(9)), bad, "event_kinds");
  s.ends_well();
}

TEST_CASE("A routing field that is given twice is refused by its name") {
  sender s{run_as(GENERATE(from_range(every_way_to_run)))};
  const std::string headers = "command_id, retry, if_version, confirm_timeout_ms, "
                              "directed_client_id, version, reason, agent_id, "
                              "failure";
  const auto data = capture_pair("pause");
  s.refused(15, bytes_field(1, "7001") + send_with("", "", data), bad, "this_dn");
  s.refused(15, send_with("", "", data) + bytes_field(15, ""), bad, "event");
  for (auto& field :
       {bytes_field(2, std::string(16, 'c')), number_field(3, 1), number_field(4, 0),
        number_field(5, 100), fixed64_field(6, 1), number_field(7, 1), bytes_field(8, "r"),
        bytes_field(9, "a"), bytes_field(10, number_field(1, 1))})
    s.refused(15, send_with(field + field, "", data), bad, headers);
  s.refused(15, send_with("", bytes_field(1, "7001"), data), bad, "event.this_dn");
  s.refused(15, send_with("", number_field(2, 1), data), bad, "event.message_type");
  s.refused(15, send_with("", fixed64_field(3, 1) + fixed64_field(3, 1), data), bad,
            "event.connection_id");
  s.refused(15, send_with("", bytes_field(4, data), data), bad, "event.user_data");
  s.refused(15, send_with("", number_field(5, 1) + number_field(5, 1), data), bad,
            "event.user_event");
  s.refused(16, bytes_field(1, "7001") + send_with("", "", data), bad, "this_dn");
  s.refused(16, send_with("", "", data) + bytes_field(15, ""), bad, "event");
  s.refused(15, send_with("", "", pair(bytes_field(1, "a") + bytes_field(1, "b"))), bad,
            "event.user_data.pairs.key");
  s.refused(15, send_with("", "", pair(number_field(2, 1) + bytes_field(3, "b"))), bad,
            "event.user_data.pairs.value");
  // The frame itself: a second ReferenceID, a second body of the same or another kind.
  auto query = bytes_field(17, bytes_field(1, "7001"));
  for (auto& more : {number_field(1, 900), query, bytes_field(13, bytes_field(1, "7001"))}) {
    s.client.send_bytes(delimited_bytes(number_field(1, 900) + query + more));
    check_bad_input(s.client.answer(900), 900, bad, "reference_id, body");
  }
  s.ends_well();
}

TEST_CASE("An event whose fields are not what they should be is refused by their names") {
  sender s;
  auto with = [](const std::function<void(v1::RequestSendEvent&)>& spoil) {
    auto frame = capture("7001", "pause");
    spoil(*frame.mutable_request_send_event());
    return frame;
  };
  using request = v1::RequestSendEvent;
  auto type = [&](int number) {
    return with([&](request& r) {
      r.mutable_event()->set_message_type(static_cast<v1::MessageType>(number));
    });
  };
  s.refused(type(0), bad, "event.message_type");
  for (int unknown : {2, 96, -1})
    s.refused(type(unknown), error_code::unsupported_operation, "event.message_type");
  s.refused(with([](request& r) { r.clear_event(); }), bad, "event");
  for (auto* other : {"", "7002", "7001 "})
    s.refused(with([&](request& r) { r.mutable_event()->set_this_dn(other); }), bad,
              "event.this_dn");
  s.refused(with([](request& r) { r.set_command_id(std::string(15, 'c')); }), bad, "command_id");
  s.refused(with([](request& r) { r.set_command_id(std::string(17, 'c')); }), bad, "command_id");
  for (std::uint32_t time : {0u, 60'001u, 4'294'967'295u})
    s.refused(with([&](request& r) { r.set_confirm_timeout_ms(time); }), bad, "confirm_timeout_ms");
  auto distribute = as_distribute(capture("7001", "pause"));
  distribute.mutable_request_distribute_user_event()->mutable_event()->set_this_dn("7002");
  s.refused(distribute, bad, "event.this_dn");
  s.ends_well();
}

TEST_CASE("Screen-capture is one known word, given once, and unknown is the broker's") {
  sender s;
  const std::string key = "event.user_data.screen-capture";
  for (auto* value : {"", "strat", "Pause", "pause ", "none", "paused\n"})
    s.refused(capture("7001", value), bad, key);
  s.refused(capture("7001", "unknown"), error_code::access_restricted, key); // a forged indication
  s.refused(15, send_with("", "", pair(bytes_field(1, "screen-capture") + number_field(2, 3))), bad,
            key);
  s.refused(15, send_with("", "", pair(bytes_field(1, "screen-capture") + bytes_field(4, "pause"))),
            bad, key);
  s.refused(15, send_with("", "", pair(bytes_field(1, "screen-capture"))), bad, key);
  s.refused(15, send_with("", "", capture_pair("pause") + capture_pair("pause")), bad, key);
  s.refused(15,
            send_with("", "",
                      capture_pair("pause") + text_pair("k", "v") +
                        text_pair("screen-capture-indication", "paused")),
            bad, key);
  s.refused(user_event("7001", "screen-capture-indication", "start"), bad,
            "event.user_data.screen-capture-indication");
  auto recorder = registered(s.broker, v1::ROLE_RECORDER, "7001");
  for (auto* value : {"unknown", "Paused", ""}) {
    auto reference = recorder.request(capture("7001", value));
    check_bad_input(recorder.answer(reference), reference, bad, key);
  }
  // Inside of a list it is anybody's word.
  auto nested = pair(bytes_field(1, "list") + bytes_field(5, capture_pair("strat")));
  auto reference = s.client.next_reference();
  s.client.send_bytes(
    delimited_bytes(number_field(1, reference) + bytes_field(15, send_with("", "", nested))));
  auto ack = s.client.answer(reference);
  CHECK(ack.event_ack().version() == 0);
  CHECK(ack.event_ack().dn_sequence() == 1);
  s.other.still_works();
  CHECK(s.broker.stop() == 0);
}

TEST_CASE("User data that no other language could read is refused") {
  sender s;
  const std::string data = "event.user_data";
  auto list = [](const std::string& inner) {
    return pair(bytes_field(1, "list") + bytes_field(5, inner));
  };
  s.refused(15, send_with("", "", text_pair("\xff", "v")), bad, data);
  s.refused(15, send_with("", "", text_pair("k", "\xc3\x28")), bad, data);
  s.refused(15, send_with("", "", list(text_pair("k", "\xf5\x80\x80\x80"))), bad, data);
  s.refused(15, send_with("", "", text_pair("screen-capture", "pause\xff")), bad, data);
  std::string deep = text_pair("k", "v");
  for (int depth = 1; depth <= 8; ++depth)
    deep = list(deep);
  s.refused(15, send_with("", "", deep), bad, data);
  std::string pairs;
  for (int i = 0; i < 1025; ++i)
    pairs += pair("");
  s.refused(15, send_with("", "", pairs), bad, data);
  s.refused(15, send_with("", "", list(pairs)), bad, data);
  s.refused(15, send_with("", "", text_pair("k", std::string(16'000, 'v'))), bad, data);
  s.ends_well();
}

TEST_CASE("A ReferenceID is a number from 1 that is not outstanding") {
  sender s{run_as(GENERATE(from_range(every_way_to_run)))};
  for (auto& frame : {register_on("7001"), unregister_from("7001"), query_address("7001"),
                      capture("7001", "pause"), as_distribute(capture("7001", "pause"))}) {
    s.client.send(frame); // without one
    check_bad_input(s.client.unasked(), 0, bad, "reference_id");
  }
  v1::Frame mask;
  mask.mutable_request_set_input_mask();
  s.client.send(mask);
  check_bad_input(s.client.unasked(), 0, bad, "reference_id");

  // Two in one write: the second comes while the first is not answered.
  for (auto& frame : {register_on("7002"), query_address("7001")}) {
    auto twice = frame;
    twice.set_reference_id(800);
    auto bytes = delimited_bytes(twice.SerializeAsString());
    s.client.send_bytes(bytes + bytes);
    std::multiset<std::string> answers;
    for (int i = 0; i < 2; ++i) {
      auto answer = s.client.answer(800);
      answers.insert(kind_of(answer));
      if (answer.has_event_error())
        check_bad_input(answer, 800, bad, "reference_id");
    }
    CHECK(answers.count("EventError 53") == 1);
    CHECK(answers.size() == 2);
    // Answered, the number is free again.
    s.client.send_bytes(bytes);
    CHECK_FALSE(s.client.answer(800).has_event_error());
  }
  s.ends_well();
}
