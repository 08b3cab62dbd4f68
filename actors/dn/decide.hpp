// The DN's decision about an event, as a value: refused, answered before, or what exactly is to be
// carried out. It changes nothing; carrying it out is another function's (dn.cpp), at once today.
#pragma once

#include "actors/admit.hpp"
#include "actors/dn/delivery.hpp"
#include "actors/screen/screen.hpp"
#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <variant>

namespace ringdown {

/// What the decision may see of the DN.
struct dn_view {
  const dn_identity& dn;
  dn_sequence sequence; ///< of the last event
  command_version version;
  capture_state light = capture_state::unknown;
  /// The screen as it is now; of an event without `screen-capture` it is not asked.
  const screen* now_shown = nullptr;
  bool calls_are_told = false; ///< a call source is registered
  dn_facts facts;
  const limits& bounds;
  const screen_rules* rules = nullptr;
  steady_ms now{0};
  std::int64_t time_us = 0; ///< when the request was read
};

/// Not done. What an EventError says beside the fault.
struct refusal {
  fault why;
  std::optional<capture_state> last_known_state;
  std::optional<command_version> version;
};
/// Seen before under its command id: the same answer, and no effect.
struct seen_before {};
/// To be carried out: the event as it goes out, and what becomes of it.
struct accepted_event {
  outgoing event;
  std::string rewritten;      ///< what `event.event` points into, where the key was renamed
  command_version version;    ///< the DN's, after it
  bool for_recorders = false; ///< at least one must take it, if there is any: else 238
  screen_command command;     ///< of a command
  judgement judged;
};

using decision = std::variant<refusal, seen_before, accepted_event>;

/// The whole decision but for 238, which only the attempt to queue can tell. Pure.
decision decide(const dn_view& view, const sender_facts& from, const t_client& client,
                const send_event_view& asked, reference_id reference);

/// Whether a recorder echoes an order that it did not get; nothing is wrong if not.
std::optional<fault> check_echo(const screen& s, client_id recorder, command_version echoed);

} // namespace ringdown
