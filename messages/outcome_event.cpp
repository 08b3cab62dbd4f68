#include "messages/outcome_event.hpp"

#include "messages/send_event.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

namespace ringdown {

using wire::wire_type;

namespace {

/// The frame's length, the body's tag and length.
constexpr std::size_t prefix_bytes_max = 16;
/// All numbers of an outcome at their longest with their tags, and the tags and lengths of the
/// rest.
constexpr std::size_t numbers_bytes_max = 192;
/// The numbers of one recorder's result, and all its tags and lengths.
constexpr std::size_t result_numbers_bytes_max = 32;

template <class Value>
std::uint64_t number(Value value) noexcept {
  return static_cast<std::uint64_t>(value);
}

std::size_t bytes_max(const outcome_event& event) noexcept {
  auto bytes = prefix_bytes_max + numbers_bytes_max + event.this_dn.size();
  for (auto& r : event.recorders)
    bytes += result_numbers_bytes_max + r.application.size();
  return bytes;
}

char* put_result(char* out, const recorder_result& result) noexcept {
  using field = v1::RecorderResult;
  // No longer than a length of one byte can say: an application's name has at most 64.
  static_assert(application_name_bytes_max + result_numbers_bytes_max < 0x80);
  char* begin = wire::put_tag(out, v1::EventOutcome::kRecordersFieldNumber, wire_type::bytes) + 1;
  char* end = wire::put_fixed64(begin, field::kClientIdFieldNumber, result.recorder.value);
  end = wire::put_bytes(end, field::kApplicationNameFieldNumber, result.application);
  end = wire::put_number(end, field::kVerdictFieldNumber, number(result.verdict));
  end = wire::put_number(end, field::kSaidFieldNumber, number(result.said));
  begin[-1] = static_cast<char>(end - begin);
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
                          event.held_by.value_or(conn_id{}).value);
  end = wire::put_number(end, field::kAggregateFieldNumber, number(event.aggregate));
  end = wire::put_number(end, field::kEffectiveStateFieldNumber, number(event.effective_state));
  end = wire::put_fixed64(end, field::kOriginClientIdFieldNumber, event.origin.value);
  end = wire::put_number(end, field::kAcceptedTimeUsFieldNumber, number(event.accepted_time_us));
  return wire::put_number(end, field::kTimeUsFieldNumber, number(event.time_us));
}

} // namespace

encoded_outcome encode_outcome(const outcome_event& event) {
  encoded_outcome out;
  out.frame.resize(bytes_max(event));
  char* content = out.frame.data() + prefix_bytes_max;
  auto size = static_cast<std::size_t>(put_content(content, event) - content);
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
