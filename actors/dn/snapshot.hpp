// What clients are shown of a DN: its snapshot, and its line in a list. Free of CAF.
#pragma once

#include "actors/dn/command_book.hpp"
#include "actors/dn/roster.hpp"
#include "actors/dn/state.hpp"
#include "actors/screen/screen.hpp"

namespace ringdown::v1 {
class AddressSummary;
class EventAddressInfo;
class Snapshot;
} // namespace ringdown::v1

namespace ringdown {

/// Open orders that a snapshot shows, the oldest. Thousands may wait for one mute recorder, and a
/// snapshot is a frame; more than 64 tell nobody more than their count does.
inline constexpr std::size_t orders_shown_max = 64;

/// By how much UTC is ahead of the steady clock: deadlines are shown in UTC.
struct clock_offset {
  std::int64_t utc_us = 0;
  steady_ms now{0};

  std::int64_t utc_of(steady_ms at) const noexcept {
    return utc_us + std::chrono::microseconds{at - now}.count();
  }
};

/// The DN as a whole; `session` is null without one.
void fill_snapshot(v1::Snapshot& out, const dn_state& dn, const screen* session,
                   const clock_offset& clock);
/// The DN's recorders and the outcomes that were told last.
void fill_recorders(v1::EventAddressInfo& out, const roster& who);
void fill_outcomes(v1::EventAddressInfo& out, const command_book& book);

/// A pause, for an outcome.
pause_facts facts_of(const screen_pause& pause, std::size_t waiting) noexcept;

} // namespace ringdown
