// What the broker writes by hand, read back with the generated parser.
#include "messages/frame.hpp"
#include "messages/refusals.hpp"
#include "messages/wire.hpp"

#include "tests/messages/send_event_samples.hpp"
#include "tests/messages/written.hpp"

#include <rapidcheck/catch.h>

using namespace ringdown;
using namespace ringdown::test;

namespace {

std::string encoded(reference_id reference, const ack& answer) {
  // Guard bytes behind the promised size: nothing may touch them.
  std::string out(ack_frame_bytes_max + 8, '#');
  auto* end = encode_ack(out.data(), reference, answer);
  auto size = static_cast<std::size_t>(end - out.data());
  RC_ASSERT(size <= ack_frame_bytes_max);
  RC_ASSERT(out.substr(ack_frame_bytes_max) == "########");
  return out.substr(0, size);
}

} // namespace

TEST_CASE("an ACK says what it was given") {
  rc::prop("any ACK", [] {
    auto dn = *any_dn();
    ack answer{pick_optional<std::uint32_t>(), {pick<std::uint64_t>()}, {pick<std::uint64_t>()},
               {pick<std::uint64_t>()},        pick<std::int32_t>(),    pick<std::int64_t>()};
    if (*rc::gen::arbitrary<bool>())
      answer.this_dn = dn; // of a request for many DNs
    reference_id reference{pick<std::uint32_t>()};
    auto bytes = encoded(reference, answer);
    auto frame = parse_frame(bytes);
    auto& ack = frame.event_ack();
    RC_ASSERT(frame.has_event_ack());
    RC_ASSERT(frame.reference_id() == reference.value);
    RC_ASSERT(ack.has_recorders_queued() == answer.recorders_queued.has_value());
    RC_ASSERT(ack.recorders_queued() == answer.recorders_queued.value_or(0));
    RC_ASSERT(ack.dn_sequence() == answer.sequence.value);
    RC_ASSERT(ack.dn_epoch() == answer.epoch.value);
    RC_ASSERT(ack.version() == answer.version.value);
    RC_ASSERT(ack.user_event() == answer.user_event);
    RC_ASSERT(ack.time_us() == answer.time_us);
    RC_ASSERT(ack.this_dn() == answer.this_dn);
    RC_ASSERT(bytes == delimited(frame)); // byte for byte what generated code writes
  });
}

TEST_CASE("the longest ACK fits its bound") {
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  CHECK(encoded({0xffffffff}, {0xffffffff, {all}, {all}, {all}, -1, -1}).size() <=
        ack_frame_bytes_max);
  std::string dn(dn_bytes_max, 'x');
  CHECK(encoded({0xffffffff}, {0xffffffff, {all}, {all}, {all}, -1, -1, dn}).size() <=
        ack_frame_bytes_max);
}

// ---- errors --------------------------------------------------------------------------------

TEST_CASE("an error says what it was given") {
  rc::prop("any error", [] {
    auto catalog = error_catalog();
    auto& row = catalog[*rc::gen::inRange<std::size_t>(0, catalog.size())];
    fault why{row.code, *any_text(), *any_text(), *any_text(), std::nullopt};
    if (*rc::gen::arbitrary<bool>())
      why.retry_after = std::chrono::milliseconds{pick<std::uint32_t>()};
    auto dn = *any_dn();
    error_context context{dn, std::nullopt, std::nullopt, pick<std::int64_t>()};
    if (*rc::gen::arbitrary<bool>())
      context.last_known_state = static_cast<capture_state>(*rc::gen::inRange(0, 4));
    if (auto version = pick_optional<std::uint64_t>())
      context.version = command_version{*version};
    reference_id reference{pick<std::uint32_t>()};

    auto frame = parse_frame(encode_error(reference, why, context));
    auto& error = frame.event_error();
    RC_ASSERT(frame.has_event_error());
    RC_ASSERT(frame.reference_id() == reference.value);
    RC_ASSERT(error.error_code() == static_cast<std::uint32_t>(row.code));
    RC_ASSERT(error.text() == (why.text.empty() ? std::string{row.text} : why.text));
    RC_ASSERT(error.attribute() == why.attribute);
    RC_ASSERT(error.accepted() == why.accepted);
    RC_ASSERT(static_cast<int>(error.retry_class()) == static_cast<int>(row.retry));
    if (why.retry_after)
      RC_ASSERT(error.retry_after_ms() == why.retry_after->count());
    RC_ASSERT(error.this_dn() == dn);
    RC_ASSERT(error.has_last_known_state() == context.last_known_state.has_value());
    if (context.last_known_state)
      RC_ASSERT(static_cast<int>(error.last_known_state()) ==
                static_cast<int>(*context.last_known_state));
    RC_ASSERT(error.has_version() == context.version.has_value());
    RC_ASSERT(error.version() == context.version.value_or(command_version{}).value);
    RC_ASSERT(error.time_us() == context.time_us);
  });
}

TEST_CASE("an overloaded broker always says when to try again") {
  for (auto& row : error_catalog()) {
    INFO(row.name);
    auto frame = parse_frame(encode_error({1}, {row.code, {}, {}, {}, {}}, {}));
    auto& error = frame.event_error();
    CHECK(error.text() == row.text);
    CHECK(error.has_retry_after_ms() == (row.retry == retry_class::overloaded));
    if (error.has_retry_after_ms())
      CHECK(error.retry_after_ms() > 0);
  }
}

TEST_CASE("a DN that is repeated in an error is cut, and stays UTF-8") {
  auto repeated = [](std::string_view dn) {
    return parse_frame(encode_error({1}, invalid("this_dn", "x"), {dn, {}, {}, 0}))
      .event_error()
      .this_dn();
  };
  CHECK(repeated(std::string(255, 'x')) == std::string(255, 'x'));
  CHECK(repeated(std::string(100'000, 'x')) == std::string(255, 'x'));
  std::string wide;
  while (wide.size() < 400)
    append_utf8(wide, 0xe9);
  CHECK(repeated(wide) == wide.substr(0, 254)); // not half a character
  wide.insert(0, "x");
  CHECK(repeated(wide) == wide.substr(0, 255));
  CHECK(repeated("7001\xff").empty());
}

// ---- events --------------------------------------------------------------------------------

namespace {

user_event_header pick_header() {
  user_event_header header;
  header.sequence.value = pick<std::uint64_t>();
  header.epoch.value = pick<std::uint64_t>();
  header.time_us = pick<std::int64_t>();
  header.origin.value = pick<std::uint64_t>();
  header.origin_role =
    *rc::gen::element(role::desktop, role::recorder, role::broker, role::unspecified);
  header.version.value = pick<std::uint64_t>();
  header.command.bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 16>>();
  header.confirm_timeout_ms = pick_optional<std::uint32_t>();
  header.effective_state = static_cast<capture_state>(*rc::gen::inRange(0, 4));
  header.broker_reason = static_cast<std::uint32_t>(*rc::gen::inRange(0, 4));
  header.origin_instance.bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 16>>();
  header.coalesced = *rc::gen::arbitrary<bool>();
  header.mark = *rc::gen::element(event_mark::none, event_mark::alarm, event_mark::held);
  return header;
}

/// What an order has beyond it. The texts stand as long as this does.
struct order_parts {
  std::string reason = pick_line(reason_bytes_max);
  std::string agent_id = pick_line(agent_id_bytes_max);
  std::string failure = pick_line(failure_text_bytes_max);

  void add_to(user_event_header& header) const {
    if (auto desired = *rc::gen::inRange(-1, 4); desired >= 0)
      header.desired = static_cast<capture_state>(desired);
    header.kept_from_recorders = *rc::gen::arbitrary<bool>();
    header.for_recorder.value = pick<std::uint64_t>();
    header.details = {reason, agent_id, pick<std::uint32_t>(), failure};
  }
};

void check_order(const v1::EventUserEvent& event, const user_event_header& header) {
  RC_ASSERT(event.has_desired() == header.desired.has_value());
  RC_ASSERT(static_cast<int>(event.desired()) ==
            static_cast<int>(header.desired.value_or(capture_state::unknown)));
  RC_ASSERT(event.kept_from_recorders() == header.kept_from_recorders);
  RC_ASSERT(event.for_recorder_client_id() == header.for_recorder.value);
  RC_ASSERT(event.reason() == header.details.reason);
  RC_ASSERT(event.agent_id() == header.details.agent_id);
  bool has_failed = header.details.failure_code != 0 || !header.details.failure_text.empty();
  RC_ASSERT(event.has_failure() == has_failed);
  RC_ASSERT(event.failure().code() == header.details.failure_code);
  RC_ASSERT(event.failure().text() == header.details.failure_text);
}

void check_header(const v1::EventUserEvent& event, const user_event_header& header) {
  auto bytes_or_none = [](auto& id) { return id ? std::string{id.view()} : std::string{}; };
  RC_ASSERT(event.dn_sequence() == header.sequence.value);
  RC_ASSERT(event.dn_epoch() == header.epoch.value);
  RC_ASSERT(event.time_us() == header.time_us);
  RC_ASSERT(event.origin_client_id() == header.origin.value);
  RC_ASSERT(static_cast<int>(event.origin_role()) == static_cast<int>(header.origin_role));
  RC_ASSERT(event.version() == header.version.value);
  RC_ASSERT(event.command_id() == bytes_or_none(header.command));
  RC_ASSERT(event.has_confirm_timeout_ms() == header.confirm_timeout_ms.has_value());
  RC_ASSERT(event.confirm_timeout_ms() == header.confirm_timeout_ms.value_or(0));
  RC_ASSERT(static_cast<int>(event.effective_state()) == static_cast<int>(header.effective_state));
  RC_ASSERT(static_cast<std::uint32_t>(event.broker_reason()) == header.broker_reason);
  RC_ASSERT(event.origin_instance_id() == bytes_or_none(header.origin_instance));
  RC_ASSERT(event.coalesced() == header.coalesced);
  RC_ASSERT(static_cast<int>(event.mark()) == static_cast<int>(header.mark));
}

/// One receiver's frame. A copy of another receiver was made before.
std::string whole_event(const user_event_header& header, std::string_view event,
                        reference_id directed) {
  event_head head{header, event.size()};
  auto plain = std::string{head.bytes()};
  RC_ASSERT(head.directed({4711}).size() > plain.size());
  RC_ASSERT(head.directed({}) == plain);
  return std::string{directed ? head.directed(directed) : head.bytes()} + std::string{event};
}

} // namespace

TEST_CASE("an event reaches its receivers byte for byte behind a true header") {
  rc::prop("any event", [] {
    auto request = pick_send_event();
    auto event = request.event().SerializeAsString() + bytes_field(4000, *any_bytes()) +
                 group(77, number_field(1, 1));
    auto body = bytes_field(1, request.this_dn()) + bytes_field(15, event);
    auto view = parse_send_event(body, limits{});
    RC_ASSERT(has_no_fault(view));
    RC_ASSERT(view.event == event);

    auto header = pick_header();
    reference_id directed{pick<std::uint32_t>()};
    auto bytes = whole_event(header, view.event, directed);
    auto frame = parse_frame(bytes);
    RC_ASSERT(frame.reference_id() == 0u);
    RC_ASSERT(frame.has_event_user_event());
    check_header(frame.event_user_event(), header);
    RC_ASSERT(frame.event_user_event().directed_reference_id() == directed.value);
    RC_ASSERT(bytes.ends_with(event)); // unknown fields included
    RC_ASSERT(bytes == delimited(frame));
  });
}

TEST_CASE("an order says what the screen is to be, for whom, and what its request said") {
  rc::prop("any order", [] {
    auto event = pick_send_event().event().SerializeAsString();
    auto header = pick_header();
    order_parts parts;
    parts.add_to(header);
    auto bytes = whole_event(header, event, {pick<std::uint32_t>()});
    auto frame = parse_frame(bytes);
    check_header(frame.event_user_event(), header);
    check_order(frame.event_user_event(), header);
    RC_ASSERT(bytes.ends_with(event)); // written last, whatever its number
    RC_ASSERT(bytes.size() == delimited(frame).size());
  });
}

TEST_CASE("the longest header fits, and the largest event's prefix too") {
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  user_event_header header{
    {all},      {all}, -1,  {all}, role::broker, {all}, {}, 0xffffffff, capture_state::paused,
    0xffffffff, {},    true};
  header.command.bytes.fill(0xff);
  header.origin_instance.bytes.fill(0xff);
  header.mark = event_mark::held;
  header.desired = capture_state::paused;
  header.kept_from_recorders = true;
  header.for_recorder = {all};
  std::string reason(reason_bytes_max, 'r'), agent(agent_id_bytes_max, 'a');
  std::string failure(failure_text_bytes_max, 'f');
  header.details = {reason, agent, 0xffffffff, failure};
  std::string event(128 * 1024, '\0');
  auto bytes = whole_event(header, event, {0xffffffff});
  auto texts = reason.size() + agent.size() + failure.size();
  CHECK(bytes.size() < event.size() + texts + 256);
  event_head head{header, 0xffffffff}; // its length, that is
  CHECK(head.directed({0xffffffff}).size() < texts + 256);
}

TEST_CASE("an event without content is still an event") {
  auto frame = parse_frame(whole_event({}, "", {}));
  CHECK(frame.event_user_event().has_event());
}

TEST_CASE("the broker's own event is one that any client understands") {
  rc::prop("any DN, ConnID and state", [] {
    auto dn = *any_dn();
    conn_id connection{pick<std::uint64_t>()};
    auto verb = *rc::gen::element(capture_verb::enabled, capture_verb::disabled,
                                  capture_verb::paused, capture_verb::unknown, capture_verb::query);
    auto bytes = make_capture_event(dn, connection, verb);
    v1::Event event;
    RC_ASSERT(event.ParseFromString(bytes));
    RC_ASSERT(event.this_dn() == dn);
    RC_ASSERT(event.message_type() == v1::MESSAGE_TYPE_EVENT_USER_EVENT);
    RC_ASSERT(event.connection_id() == connection.value);
    RC_ASSERT(event.user_data().pairs_size() == 1);
    RC_ASSERT(event.user_data().pairs(0).key() == screen_capture_key);
    RC_ASSERT(event.user_data().pairs(0).string_value() == to_string(verb));
  });
}

TEST_CASE("EventMissed names the DN and the range") {
  rc::prop("any range", [] {
    auto dn = *any_dn();
    auto epoch = pick<std::uint64_t>();
    auto from = pick<std::uint64_t>();
    auto to = pick<std::uint64_t>();
    auto frame = parse_frame(encode_missed(dn, {epoch}, {from}, {to}));
    RC_ASSERT(frame.reference_id() == 0u);
    RC_ASSERT(frame.event_missed().this_dn() == dn);
    RC_ASSERT(frame.event_missed().dn_epoch() == epoch);
    RC_ASSERT(frame.event_missed().from_sequence() == from);
    RC_ASSERT(frame.event_missed().to_sequence() == to);
  });
}

TEST_CASE("the other key of indications is renamed, and nothing else changes") {
  auto list =
    pair(bytes_field(1, "list") + bytes_field(5, text_pair("screen-capture-indication", "inner")));
  auto unknown = bytes_field(100, "\xff later");
  auto event_with = [&](std::string_view key) {
    auto data = text_pair("first", "1") +
                pair(bytes_field(1, key) + bytes_field(3, "paused") + unknown) + list + unknown;
    return bytes_field(1, "7001") + number_field(2, 1) + fixed64_field(3, 7) +
           bytes_field(4, data) + number_field(5, 9) + unknown;
  };
  CHECK(rename_indication_key(event_with("screen-capture-indication")) ==
        event_with("screen-capture"));
  CHECK(rename_indication_key(event_with("screen-capture")) == event_with("screen-capture"));
}
