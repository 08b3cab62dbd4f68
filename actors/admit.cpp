#include "actors/admit.hpp"
#include "actors/rights.hpp"
#include "messages/refusals.hpp"

namespace ringdown {

namespace {

/// docs/errors.md, the order of checks: 41 where the mode does not allow sending.
bool mode_allows(const sender_facts& sender, const send_event_view& request) {
  if (!sender.mode)
    return false;
  if (*sender.mode != registration_mode::monitor || sender.role == role::call_source)
    return true;
  // A monitor sends nothing, but: an indication by a recorder is accepted, and what a role may
  // never send is answered 165. A recorder's unreadable `screen-capture` is judged as content.
  if (sender.role == role::recorder)
    return request.verb != capture_verb::none ||
           request.data_fault >= user_data_fault::capture_value;
  return is_indication(request.verb);
}

/// The column of roles: commands do not come from recorders, indications come from nobody else.
/// A call source speaks of calls and sends no events.
bool role_allows(role sender, capture_verb verb) {
  if (sender == role::call_source)
    return false;
  if (is_command(verb))
    return sender != role::recorder;
  if (is_indication(verb))
    return sender == role::recorder;
  return true;
}

fault forbidden_event(const sender_facts& sender, capture_verb verb) {
  if (role_allows(sender.role, verb))
    return forbidden(to_string(action_of(verb)));
  auto why = refused(error_code::access_restricted);
  if (sender.role == role::call_source) {
    why.text = "a call source sends RequestMergeCalls and RequestEndCall, no events";
    return why;
  }
  why.attribute = "event.user_data.screen-capture";
  why.accepted = sender.role == role::recorder ? "enabled, disabled, paused, failed"
                                               : "start, stop, pause, resume, query";
  why.text = sender.role == role::recorder ? "a recorder sends indications, not commands"
                                           : "indications come from recorders only";
  return why;
}

} // namespace

std::optional<fault> check_send(const sender_facts& sender, bool dn_configured,
                                const send_event_view& request, const limits& bounds) {
  if (request.dn_fault != send_fault::none)
    return describe_send_fault(request.dn_fault, request.data_fault, bounds);
  if (!dn_configured)
    return dn_not_configured();
  if (!mode_allows(sender, request))
    return refused(error_code::not_registered, "this_dn",
                   "a DN on which the client is registered in mode share or private");
  if (!role_allows(sender.role, request.verb) || !sender.authorized)
    return forbidden_event(sender, request.verb);
  if (request.type_fault != send_fault::none)
    return describe_send_fault(request.type_fault, request.data_fault, bounds);
  if (request.content_fault != send_fault::none)
    return describe_send_fault(request.content_fault, request.data_fault, bounds);
  return std::nullopt;
}

namespace {

/// What is known of the command's id, before its state is looked at: a resend gets the answer that
/// it had, whatever has happened since.
std::optional<fault> check_command_id(const dn_facts& dn, const send_event_view& request) {
  if (dn.seen == dn_facts::command_seen::other_content)
    return invalid("command_id", "a new id for each command",
                   "command id " + to_hex(request.command.view()) +
                     " was used with another content on this DN");
  bool lost = request.retry && dn.seen == dn_facts::command_seen::never;
  if (lost && desired_by(request.verb) && !is_safety_command(request.verb))
    return refused(error_code::timeout, "command_id", "send it without retry to have it done",
                   "this command id is not known here: whether the command was done is not known");
  return std::nullopt;
}

std::optional<fault> check_room(const dn_facts& dn, capture_verb verb, const limits& bounds) {
  auto most = bounds.commands_pending_max +
              (is_safety_command(verb) ? bounds.commands_pending_reserve : std::size_t{0});
  if (dn.commands_pending < most)
    return std::nullopt;
  return refused(error_code::overloaded, "this_dn",
                 "a DN with fewer than " + std::to_string(most) + " commands without an outcome",
                 "too many commands of this DN wait for their outcome");
}

/// 185 and 43. `pause` and `stop` are never refused for what the broker believes.
std::optional<fault> check_state(const dn_facts& dn, const send_event_view& request) {
  if (request.if_version && *request.if_version != dn.version.value)
    return refused(error_code::wrong_state, "if_version", std::to_string(dn.version.value));
  if (!dn.strict || (request.verb == capture_verb::resume && dn.paused))
    return std::nullopt;
  bool starts = request.verb == capture_verb::start || request.verb == capture_verb::resume;
  if (starts && dn.observed == capture_state::enabled)
    return refused(error_code::already_in_state);
  if (request.verb == capture_verb::resume && dn.observed != capture_state::paused)
    return refused(error_code::wrong_state, "the capture is not paused");
  return std::nullopt;
}

} // namespace

bool is_clean(const sender_facts& sender, const send_event_view& request) noexcept {
  return request.dn_fault == send_fault::none && request.type_fault == send_fault::none &&
         request.content_fault == send_fault::none && sender.authorized &&
         mode_allows(sender, request) && role_allows(sender.role, request.verb);
}

admission admit_send(const sender_facts& sender, const dn_facts& dn, const send_event_view& request,
                     const limits& bounds) {
  admission result;
  if (!dn.configured || !is_clean(sender, request)) {
    result.refusal = check_send(sender, dn.configured, request, bounds);
    return result;
  }
  if (!is_command(request.verb))
    return result;
  if (dn.seen == dn_facts::command_seen::same) {
    result.replay = true;
    return result;
  }
  result.refusal = check_command_id(dn, request);
  if (!result.refusal)
    result.refusal = check_room(dn, request.verb, bounds);
  if (!result.refusal)
    result.refusal = check_state(dn, request);
  if (!result.refusal && request.verb == capture_verb::query && dn.recorders_active == 0)
    result.refusal = refused(error_code::service_unavailable);
  if (result.refusal)
    return result;
  result.for_recorders = true;
  result.takes_version = desired_by(request.verb).has_value();
  result.safety = is_safety_command(request.verb);
  return result;
}

std::optional<fault> admit_registration(const sender_facts& sender, registration_mode mode,
                                        const registration_facts& dn, const limits& bounds) {
  if (!dn.configured)
    return dn_not_configured();
  bool takes_part = sender.role != role::recorder && sender.role != role::call_source;
  if (!takes_part && mode == registration_mode::private_)
    return refused(error_code::access_restricted, "mode", "share, monitor",
                   "a " + std::string{to_string(sender.role)} + " cannot hold a DN privately");
  if (!sender.authorized)
    return forbidden(to_string(action_of(mode)));
  if (!dn.already_registered && dn.registered >= bounds.registrations_per_dn_max)
    return refused(error_code::overloaded, "this_dn",
                   "a DN with fewer than " + std::to_string(bounds.registrations_per_dn_max) +
                     " registrations",
                   "too many clients are registered on this DN");
  if (!dn.already_registered && sender.role == role::recorder &&
      dn.recorders >= bounds.recorders_per_dn_max)
    return refused(error_code::overloaded, "this_dn",
                   "a DN with fewer than " + std::to_string(bounds.recorders_per_dn_max) +
                     " recorders",
                   "too many recorders are registered on this DN");
  if (!takes_part)
    return std::nullopt; // a private registration never keeps out a recorder or a call source
  bool supervises = sender.role == role::supervisor || sender.role == role::admin;
  bool only_watches = mode == registration_mode::monitor;
  if (dn.private_taken && !(supervises && only_watches))
    return refused(error_code::resource_seized, "mode", "monitor, for a supervisor or an admin",
                   "another client holds this DN privately");
  if (mode == registration_mode::private_ && dn.others_present)
    return refused(error_code::resource_seized, "mode", "share, monitor",
                   "other clients are registered on this DN");
  return std::nullopt;
}

} // namespace ringdown
