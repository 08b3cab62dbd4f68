// What becomes of a command: the words for it. Values are those of the wire.
#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace ringdown {

/// What became of an accepted command, decided once and by its deadline.
enum class outcome : std::uint8_t {
  confirmed = 1,     ///< the recorders that must confirm it have done so
  timed_out = 2,     ///< no recorder confirmed it by the deadline (57)
  partial = 3,       ///< some recorders did and some did not
  superseded = 4,    ///< a later command asked for something else
  held = 5,          ///< a pause stands: kept until that is over, then ordered
  recorder_lost = 6, ///< the recorders that should have confirmed are gone
  unknown = 7,       ///< the broker cannot know: it drains, it failed, the call ended
  failed = 8,        ///< the recorders that should have confirmed said that they did not
};

/// What one recorder did about a command.
enum class recorder_verdict : std::uint8_t {
  confirmed = 1,
  silent = 2,     ///< nothing was heard from it
  otherwise = 3,  ///< it said something else
  not_queued = 4, ///< its outbox was full: it did not get the command
  lost = 5,       ///< its registration ended first
  failed = 6,     ///< it said `failed`
};

/// What the recorders of a DN say together, in the outcome of a query.
enum class capture_aggregate : std::uint8_t {
  none = 0, ///< not the outcome of a query
  unknown = 1,
  enabled = 2,
  disabled = 3,
  paused = 4,
  mixed = 5, ///< they do not say the same
};

/// Why the broker made an event, an order or an alarm of its own.
enum class broker_reason : std::uint8_t {
  unspecified = 0,
  recorder_lost = 1,        ///< an active recorder is gone
  call_goes_on = 2,         ///< behind a `stop`: another call wants recording
  internal_error = 3,       ///< the broker lost what it knew of the screen
  call_ended = 4,           ///< what is desired after a call's end
  recorder_unconfirmed = 5, ///< an order of the broker's was not confirmed
  pause_holder_gone = 6,    ///< who paused has been gone for `dead_desktop_after`
  hold_released = 7,        ///< a held command goes out: no pause stands any more
  drift = 8,                ///< a recorder left what is desired, unasked
  recorder_came = 9,        ///< a recorder that came is to do what is desired
  asked = 10,               ///< a recorder that is silent is asked
  pause_long = 11,          ///< a pause has stood for `pause_remind_after`
};

std::string_view to_string(outcome o) noexcept;
std::string_view to_string(recorder_verdict v) noexcept;
std::string_view to_string(capture_aggregate a) noexcept;
std::string_view to_string(broker_reason r) noexcept;

/// What these words amount to: unknown if there are none or one of them is.
capture_aggregate aggregate_of(std::span<const capture_state> words) noexcept;

} // namespace ringdown
