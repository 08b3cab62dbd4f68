#include "messages/outcome_event.hpp"

#include "messages/send_event.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>

namespace ringdown {

using wire::wire_type;

namespace {

/// The frame's length, the body's tag and length.
constexpr std::size_t prefix_bytes_max = 16;
/// All numbers of an outcome at their longest with their tags, and the tags and lengths of the
/// rest.
constexpr std::size_t numbers_bytes_max = 256;
/// The numbers of one recorder's result, and all its tags and lengths.
constexpr std::size_t result_numbers_bytes_max = 32;

template <class Value>
std::uint64_t number(Value value) noexcept {
  return static_cast<std::uint64_t>(value);
}

std::size_t bytes_max(const outcome_event& event) noexcept {
  auto bytes = prefix_bytes_max + numbers_bytes_max + event.this_dn.size();
  bytes += event.origin_application.size() + event.reason.size() + event.agent_id.size();
  for (auto& r : event.recorders)
    bytes += result_numbers_bytes_max + r.application.size() + r.failure_text.size();
  return bytes;
}

char* put_result(char* out, const recorder_result& result) noexcept {
  using field = v1::RecorderResult;
  // The length is written behind the rest. Without a failure one byte says it: an application's
  // name has at most 64.
  static_assert(application_name_bytes_max + result_numbers_bytes_max < 0x80);
  bool is_long = !result.failure_text.empty();
  char* begin = wire::put_tag(out, v1::EventOutcome::kRecordersFieldNumber, wire_type::bytes) +
                (is_long ? 2 : 1);
  char* end = wire::put_fixed64(begin, field::kClientIdFieldNumber, result.recorder.value);
  end = wire::put_bytes(end, field::kApplicationNameFieldNumber, result.application);
  end = wire::put_number(end, field::kVerdictFieldNumber, number(result.verdict));
  end = wire::put_number(end, field::kSaidFieldNumber, number(result.said));
  end = wire::put_number(end, field::kFailureCodeFieldNumber, result.failure_code);
  end = wire::put_bytes(end, field::kFailureTextFieldNumber, result.failure_text);
  auto size = static_cast<std::size_t>(end - begin);
  if (is_long)
    begin[-2] = static_cast<char>((size & 0x7f) | 0x80); // a varint of two bytes, whatever it says
  begin[-1] = static_cast<char>(is_long ? size >> 7 : size);
  return end;
}

char* put_content(char* end, const outcome_event& event) noexcept {
  using field = v1::EventOutcome;
  end = wire::put_bytes(end, field::kThisDnFieldNumber, event.this_dn);
  end = wire::put_number(end, field::kDnEpochFieldNumber, event.epoch.value);
  end = wire::put_number(end, field::kDnSequenceFieldNumber, event.sequence.value);
  if (event.command)
    end = wire::put_bytes(end, field::kCommandIdFieldNumber, event.command.view());
  end = wire::put_fixed64(end, field::kConnectionIdFieldNumber, event.connection.value);
  end = wire::put_number(end, field::kCommandFieldNumber, number(event.verb));
  end = wire::put_number(end, field::kVersionFieldNumber, event.version.value);
  end = wire::put_number(end, field::kOutcomeFieldNumber, number(event.result));
  if (event.result == outcome::timed_out)
    end = wire::put_number(end, field::kErrorCodeFieldNumber, number(error_code::timeout));
  for (auto& r : event.recorders)
    end = put_result(end, r);
  end = wire::put_number(end, field::kSupersededByVersionFieldNumber, event.superseded_by.value);
  end = wire::put_fixed64(end, field::kHeldByConnectionIdFieldNumber,
                          event.held_by ? event.held_by->covers.value : 0);
  end = wire::put_number(end, field::kAggregateFieldNumber, number(event.aggregate));
  end = wire::put_number(end, field::kEffectiveStateFieldNumber, number(event.effective_state));
  end = wire::put_fixed64(end, field::kOriginClientIdFieldNumber, event.origin.value);
  end = wire::put_number(end, field::kAcceptedTimeUsFieldNumber, number(event.accepted_time_us));
  end = wire::put_number(end, field::kTimeUsFieldNumber, number(event.time_us));
  end = wire::put_bytes(end, field::kOriginApplicationFieldNumber, event.origin_application);
  end = wire::put_bytes(end, field::kReasonFieldNumber, event.reason);
  end = wire::put_bytes(end, field::kAgentIdFieldNumber, event.agent_id);
  end = wire::put_number(end, field::kBrokerReasonFieldNumber, number(event.cause));
  end = wire::put_number(end, field::kReleasedSequenceFieldNumber, event.released.value);
  if (event.released_command)
    end = wire::put_bytes(end, field::kReleasedCommandIdFieldNumber, event.released_command.view());
  return end;
}

/// Rare, and so left to Protobuf.
std::string encode_pause(const pause_facts& pause) {
  v1::EventOutcome outer;
  auto& out = *outer.mutable_held_by();
  out.set_connection_id(pause.covers.value);
  out.set_application_name(std::string{pause.application});
  out.set_agent_id(std::string{pause.agent_id});
  out.set_client_id(pause.client.value);
  out.set_reason(std::string{pause.reason});
  out.set_since_time_us(pause.since_us);
  out.set_version(pause.version.value);
  out.set_holder_gone(pause.holder_gone);
  out.set_waiting(pause.waiting);
  return outer.SerializeAsString();
}

} // namespace

encoded_outcome encode_outcome(const outcome_event& event) {
  auto held_by = event.held_by ? encode_pause(*event.held_by) : std::string{};
  encoded_outcome out;
  out.frame.resize(bytes_max(event) + held_by.size());
  char* content = out.frame.data() + prefix_bytes_max;
  char* end = std::copy(held_by.begin(), held_by.end(), put_content(content, event));
  auto size = static_cast<std::size_t>(end - content);
  constexpr auto tag =
    std::uint64_t{static_cast<std::uint32_t>(body_number::event_outcome)} << 3 | 2;
  auto head = wire::varint_size(tag) + wire::varint_size(size);
  auto own_size = wire::varint_size(head + size);
  char* begin = content - head - own_size;
  wire::put_varint(wire::put_varint(wire::put_varint(begin, head + size), tag), size);
  out.content_at = own_size + head;
  out.frame.resize(prefix_bytes_max + size);
  out.frame.erase(0, static_cast<std::size_t>(begin - out.frame.data()));
  return out;
}

} // namespace ringdown
