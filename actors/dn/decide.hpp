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

/// What the decision about an event without `screen-capture` may see of the DN.
struct dn_now {
  dn_epoch epoch;
  dn_sequence sequence; ///< of the last event
  capture_state light = capture_state::unknown;
  std::int64_t time_us = 0; ///< when the request was read
};
/// To be carried out, or refused.
using user_event_decision = std::variant<outgoing, fault>;

/// Such an event, which nearly all are, asks nothing of the screen: so its decision is small. Pure.
user_event_decision decide_user_event(const dn_now& dn, const sender_facts& from,
                                      const t_client& client, const send_event_view& asked,
                                      reference_id reference, const limits& bounds);

/// What the decision about a command or an indication may see of the DN.
struct dn_view {
  dn_epoch epoch;
  dn_sequence sequence; ///< of the last event
  command_version version;
  capture_state light = capture_state::unknown;
  const screen* now_shown = nullptr; ///< as it is now
  bool calls_are_told = false;       ///< a call source is registered
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
/// What becomes of a command.
struct judged_command {
  screen_command command;
  judgement judged;
};
/// To be carried out: the event as it goes out, and what becomes of it.
struct accepted_event {
  outgoing event;
  std::string rewritten;      ///< what `event.event` points into, where the key was renamed
  command_version version;    ///< the DN's, after it
  bool for_recorders = false; ///< at least one must take it, if there is any: else 238
  std::optional<judged_command> command;
};

using decision = std::variant<refusal, seen_before, accepted_event>;

/// The whole decision about a command or an indication, but for 238, which only the attempt to
/// queue can tell. Pure.
decision decide(const dn_view& view, const sender_facts& from, const t_client& client,
                const send_event_view& asked, reference_id reference);

/// Whether a recorder echoes an order that it did not get; nothing is wrong if not.
std::optional<fault> check_echo(const screen& s, client_id recorder, command_version echoed);

} // namespace ringdown
