// The hand reader of RequestSendEvent against the generated parser: whatever the first takes, the
// second must take and understand alike, or some receiver would see another event than the broker.
#include "tests/messages/send_event_samples.hpp"

#include <rapidcheck/catch.h>

using namespace ringdown;
using namespace ringdown::test;

namespace {

const limits bounds;

std::string in_words(const send_event_view& view) {
  return "dn fault " + std::to_string(static_cast<int>(view.dn_fault)) + ", type fault " +
         std::to_string(static_cast<int>(view.type_fault)) + ", content fault " +
         std::to_string(static_cast<int>(view.content_fault));
}

/// The differential check. True if the hand reader found nothing wrong.
bool check_both(std::string_view body) {
  auto view = parse_send_event(body, bounds);
  v1::RequestSendEvent request;
  bool parses = request.ParseFromArray(body.data(), static_cast<int>(body.size()));
  if (!has_no_fault(view))
    return false;
  RC_LOG() << "bytes " << to_hex(body) << "\n";
  RC_ASSERT(parses);
  RC_ASSERT(difference(view, request) == "");
  return true;
}

} // namespace

TEST_CASE("a valid request is read as the generated parser reads it") {
  rc::prop("any valid request", [] {
    auto bytes = pick_send_event().SerializeAsString();
    auto view = parse_send_event(bytes, bounds);
    RC_LOG() << in_words(view) << "\n";
    RC_ASSERT(check_both(bytes));
    // The event is where it stood: nothing is copied.
    RC_ASSERT(view.event.data() + view.event.size() == bytes.data() + bytes.size());
  });
}

TEST_CASE("fields may come in any order, with unknown ones between") {
  rc::prop("any order", [](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::vector<std::string> fields{bytes_field(1, "7001"),
                                    bytes_field(2, std::string(16, 'c')),
                                    number_field(3, 1),
                                    number_field(4, 0),
                                    number_field(5, 60'000),
                                    fixed64_field(6, 77),
                                    number_field(7, 1ull << 63),
                                    bytes_field(15, request_parts{}.event()),
                                    number_field(100, 1),
                                    bytes_field(8, "card number"),
                                    bytes_field(9, "A-1017"),
                                    bytes_field(11, "reserved"),
                                    group(999, "")};
    std::shuffle(fields.begin(), fields.end(), random);
    std::string bytes;
    for (auto& field : fields)
      bytes += field;
    RC_ASSERT(check_both(bytes));
    auto view = parse_send_event(bytes, bounds);
    RC_ASSERT(view.if_version == 0u);
    RC_ASSERT((view.verb == capture_verb::pause));
    RC_ASSERT(details_of(view).reason == "card number");
    RC_ASSERT(details_of(view).agent_id == "A-1017");
  });
}

TEST_CASE("damaged requests: no fault found means that every client can read them") {
  int untouched = 0;
  rc::prop("any damage", [&](std::uint64_t seed) {
    auto bytes = pick_send_event().SerializeAsString();
    std::mt19937_64 random{seed};
    for (int i = 0; i < 100; ++i)
      untouched += check_both(mutate(bytes, random));
  });
  CHECK(untouched > 0); // else the damage is so great that nothing is compared
}

TEST_CASE("random fields: no fault found means that every client can read them") {
  rc::prop("known numbers with any type and content", [](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    for (int i = 0; i < 50; ++i) {
      request_parts parts;
      for (auto* part : {&parts.header, &parts.event_rest})
        for (auto count = random() % 3; count > 0; --count) {
          auto number = static_cast<std::uint32_t>(random() % 17 + 1);
          switch (random() % 5) {
          case 0: *part += number_field(number, random() >> (random() % 64)); break;
          case 1: *part += fixed64_field(number, random()); break;
          case 2: *part += bytes_field(number, std::string(random() % 18, 'b')); break;
          case 3: *part += fixed32_field(number, 1); break;
          default: *part += nested_groups(number, static_cast<int>(random() % 10)); break;
          }
        }
      check_both(parts.bytes());
    }
  });
}

TEST_CASE("arbitrary bytes are answered, never trusted") {
  rc::prop("any bytes", [] { check_both(*any_bytes()); });
  CHECK_FALSE(has_no_fault(parse_send_event("", bounds)));
}

TEST_CASE("what a request says for people is found again, and costs nothing where there is none") {
  request_parts parts;
  CHECK(parse_send_event(parts.bytes(), bounds).details.empty());
  parts.header = bytes_field(8, "card") + bytes_field(9, "A-1017");
  auto bytes = parts.bytes();
  auto view = parse_send_event(bytes, bounds);
  CHECK(has_no_fault(view));
  CHECK(view.details == bytes);
  auto found = details_of(view);
  CHECK(found.reason == "card");
  CHECK(found.agent_id == "A-1017");
  CHECK(found.failure_code == 0);
  CHECK(found.failure_text.empty());
  parts.user_data = bytes_field(4, capture_pair("failed"));
  parts.header = bytes_field(10, number_field(1, 7) + bytes_field(2, "disk full"));
  bytes = parts.bytes();
  view = parse_send_event(bytes, bounds);
  CHECK(has_no_fault(view));
  CHECK(view.verb == capture_verb::failed);
  found = details_of(view);
  CHECK(found.reason.empty());
  CHECK(found.failure_code == 7);
  CHECK(found.failure_text == "disk full");
}

TEST_CASE("16 zero bytes are no command id") {
  request_parts parts;
  parts.header = bytes_field(2, std::string(16, '\0'));
  auto view = parse_send_event(parts.bytes(), bounds);
  CHECK(has_no_fault(view));
  CHECK_FALSE(view.command);
}

TEST_CASE("the older form of the request has a DN and an event, and nothing else") {
  v1::RequestDistributeUserEvent request;
  request.set_this_dn("7001");
  request.mutable_event()->ParseFromString(request_parts{}.event());
  auto older = request_form::distribute_user_event;
  auto bytes = request.SerializeAsString();
  auto view = parse_send_event(bytes, bounds, older);
  CHECK(has_no_fault(view));
  CHECK(view.verb == capture_verb::pause);
  // What is a condition in the newer form is a field of a later version here, and means nothing.
  request_parts parts;
  parts.header = bytes_field(2, "short") + number_field(4, 1) + number_field(4, 1) +
                 number_field(5, 0) + fixed64_field(6, 7) + bytes_field(8, "\n") +
                 bytes_field(10, "\x0a");
  bytes = parts.bytes();
  view = parse_send_event(bytes, bounds, older);
  CHECK(has_no_fault(view));
  CHECK_FALSE(view.if_version);
  CHECK_FALSE(view.confirm_timeout_ms);
  CHECK_FALSE(view.directed_to);
  CHECK(view.details.empty());
  parts.header = bytes_field(1, "7001");
  CHECK(parse_send_event(parts.bytes(), bounds, older).dn_fault == send_fault::dn_twice);
}

TEST_CASE("the numbers of bodies are those of the schema") {
  const std::pair<body_number, const char*> bodies[] = {
    {body_number::request_sign_on, "request_sign_on"},
    {body_number::request_sign_off, "request_sign_off"},
    {body_number::request_register_address, "request_register_address"},
    {body_number::request_unregister_address, "request_unregister_address"},
    {body_number::request_set_input_mask, "request_set_input_mask"},
    {body_number::request_send_event, "request_send_event"},
    {body_number::request_distribute_user_event, "request_distribute_user_event"},
    {body_number::request_query_address, "request_query_address"},
    {body_number::request_merge_calls, "request_merge_calls"},
    {body_number::request_end_call, "request_end_call"},
    {body_number::request_list_addresses, "request_list_addresses"},
    {body_number::request_command_addresses, "request_command_addresses"},
    {body_number::event_ack, "event_ack"},
    {body_number::event_error, "event_error"},
    {body_number::event_user_event, "event_user_event"},
    {body_number::event_outcome, "event_outcome"},
    {body_number::heartbeat, "heartbeat"}};
  for (auto& [number, name] : bodies) {
    INFO(name);
    auto* field = v1::Frame::descriptor()->FindFieldByName(name);
    REQUIRE(field != nullptr);
    CHECK(static_cast<int>(number) == field->number());
  }
}

TEST_CASE("the event is the same type under the same number on the way in and out") {
  auto* sent = v1::RequestSendEvent::descriptor()->FindFieldByName("event");
  auto* older = v1::RequestDistributeUserEvent::descriptor()->FindFieldByName("event");
  auto* received = v1::EventUserEvent::descriptor()->FindFieldByName("event");
  CHECK(sent->number() == received->number());
  CHECK(sent->message_type() == received->message_type());
  CHECK(older->number() == received->number());
  // Written last: generated code of a client writes fields by their number. What the broker adds
  // stands in front of the event, whatever its number.
  auto* request = v1::RequestSendEvent::descriptor();
  for (int i = 0; i < request->field_count(); ++i)
    CHECK(request->field(i)->number() <= sent->number());
}
