// Small changes of a screen that `step` is made of: calls, pauses, alarms, and what is due when.
// Each keeps a bound. Pure, as `step` is.
#pragma once

#include "actors/screen/step.hpp"

namespace ringdown {

// ---- calls -------------------------------------------------------------------------------------

/// The call's record, as the newest; with none, one begins. Where there are too many, the oldest
/// that wants nothing is forgotten, else the oldest: what one of several wanted the others still
/// want, and pauses do not need their call.
screen_call& newest_call(screen& s, conn_id connection, command_version version,
                         std::size_t calls_max);
/// The call and its pauses are over. Returns what it was.
screen_call end_call(screen& s, conn_id connection);
/// Wants recording if either did; pauses of both stand.
void unite_calls(screen& s, conn_id from, conn_id into, std::size_t calls_max);

// ---- orders ------------------------------------------------------------------------------------

/// So that no other recorder echoes its version.
void remember_given(screen& s, given_order order);

// ---- pauses ------------------------------------------------------------------------------------

/// A pause stands; one of the same holder and scope stands on, with its age.
void add_pause(screen& s, const command_admitted& event, steady_ms now, const screen_rules& rules);
void lift_pauses(screen& s, const screen_command& command, steady_ms now,
                 const screen_rules& rules);
/// When something follows the absence of its holder.
std::optional<steady_ms> absence_due(const screen_pause& pause, const screen_rules& rules) noexcept;

// ---- alarms ------------------------------------------------------------------------------------

void stand_alarm(screen& s, broker_reason reason, client_id recorder, std::int64_t utc_us);
/// An alarm stands while what it is about is so.
void drop_alarms(screen& s);
/// It has left what is desired too often: its alarm stands until it is calm.
bool is_restless(const recorder_drift& drift) noexcept;

// ---- time --------------------------------------------------------------------------------------

/// When the earliest order must be decided; `steady_ms::max()` without one.
steady_ms earliest_deadline(const screen& s) noexcept;
/// When there is anything to do without an event; `steady_ms::max()` if never.
steady_ms earliest_due(const screen& s, const screen_rules& rules) noexcept;
/// Nothing of what is owed now falls due before; what comes later has its own time.
void put_off(screen& s, steady_ms until, const screen_rules& rules);

} // namespace ringdown
