#include "messages/outcome.hpp"

#include <algorithm>

namespace ringdown {

std::string_view to_string(outcome o) noexcept {
  switch (o) {
  case outcome::confirmed: return "confirmed";
  case outcome::timed_out: return "timed_out";
  case outcome::partial: return "partial";
  case outcome::superseded: return "superseded";
  case outcome::held: return "held";
  case outcome::recorder_lost: return "recorder_lost";
  case outcome::failed: return "failed";
  case outcome::unknown: break;
  }
  return "unknown";
}

std::string_view to_string(recorder_verdict v) noexcept {
  switch (v) {
  case recorder_verdict::confirmed: return "confirmed";
  case recorder_verdict::silent: return "silent";
  case recorder_verdict::otherwise: return "otherwise";
  case recorder_verdict::not_queued: return "not_queued";
  case recorder_verdict::lost: return "lost";
  case recorder_verdict::failed: return "failed";
  }
  return "silent";
}

std::string_view to_string(capture_aggregate a) noexcept {
  switch (a) {
  case capture_aggregate::none: return "none";
  case capture_aggregate::unknown: return "unknown";
  case capture_aggregate::enabled: return "enabled";
  case capture_aggregate::disabled: return "disabled";
  case capture_aggregate::paused: return "paused";
  case capture_aggregate::mixed: return "mixed";
  }
  return "unknown";
}

std::string_view to_string(broker_reason r) noexcept {
  switch (r) {
  case broker_reason::unspecified: break;
  case broker_reason::recorder_lost: return "recorder_lost";
  case broker_reason::internal_error: return "internal_error";
  case broker_reason::call_ended: return "call_ended";
  case broker_reason::recorder_unconfirmed: return "recorder_unconfirmed";
  case broker_reason::pause_holder_gone: return "pause_holder_gone";
  case broker_reason::hold_released: return "hold_released";
  case broker_reason::drift: return "drift";
  case broker_reason::recorder_came: return "recorder_came";
  case broker_reason::asked: return "asked";
  case broker_reason::pause_long: return "pause_long";
  case broker_reason::call_goes_on: return "call_goes_on";
  }
  return "unspecified";
}

capture_aggregate aggregate_of(std::span<const capture_state> words) noexcept {
  if (words.empty() || std::find(words.begin(), words.end(), capture_state::unknown) != words.end())
    return capture_aggregate::unknown;
  if (std::adjacent_find(words.begin(), words.end(), std::not_equal_to{}) != words.end())
    return capture_aggregate::mixed;
  switch (words.front()) {
  case capture_state::enabled: return capture_aggregate::enabled;
  case capture_state::disabled: return capture_aggregate::disabled;
  case capture_state::paused: return capture_aggregate::paused;
  case capture_state::unknown: break;
  }
  return capture_aggregate::unknown;
}

} // namespace ringdown
