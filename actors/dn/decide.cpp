#include "actors/dn/decide.hpp"
#include "messages/refusals.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

screen_command command_of(const dn_view& view, const t_client& client,
                          const send_event_view& asked) {
  screen_command command;
  command.verb = asked.verb;
  command.connection = asked.connection;
  command.from = {client.who.application, std::string{details_of(asked).agent_id}, client.who.id,
                  client.who.principal};
  command.by_supervisor = client.who.role == role::supervisor || client.who.role == role::admin;
  command.calls_are_told = view.calls_are_told;
  return command;
}

/// What the screen has against a command.
std::optional<fault> check_judgement(const judgement& judged) {
  switch (judged.goes) {
  case way::refused:
    return refused(error_code::wrong_state, "event.connection_id",
                   "a call that was not stopped and is not over; start it to record it",
                   "what this would resume was stopped or is over");
  case way::no_room:
    return refused(error_code::overloaded, "this_dn",
                   "a DN with fewer than " + std::to_string(pauses_max) + " pauses that stand",
                   "too many pauses stand on this DN");
  case way::recorders:
  case way::held:
  case way::nowhere: break;
  }
  return std::nullopt;
}

refusal refused(const dn_view& view, fault why) {
  refusal result{std::move(why), {}, {}};
  if (result.why.code == error_code::service_unavailable)
    result.last_known_state = view.light;
  if (result.why.code == error_code::wrong_state)
    result.version = view.version;
  return result;
}

/// What a recorder is to do about this command.
std::optional<capture_state> desired_after(const dn_view& view, const screen_command& command,
                                           const judgement& judged) {
  switch (command.verb) {
  case capture_verb::pause: return capture_state::paused;
  case capture_verb::start:
  case capture_verb::resume:
    if (judged.goes == way::recorders)
      return capture_state::enabled;
    return judged.goes == way::held ? capture_state::paused : capture_state::disabled;
  case capture_verb::stop: return capture_state::disabled; // and what goes on has its own order
  default: return desired(*view.now_shown);
  }
}

/// The parts that every event has, where it stays: nearly every request passes here, and to move
/// the whole of it costs more than to decide.
void compose(outgoing& event, const dn_now& dn, const t_client& client,
             const send_event_view& asked, reference_id reference) {
  auto& who = client.who;
  auto& header = event.header;
  header.sequence = {dn.sequence.value + 1};
  header.epoch = dn.epoch;
  header.time_us = dn.time_us;
  header.origin = who.id;
  header.origin_role = who.role;
  header.command = asked.command;
  header.confirm_timeout_ms = asked.confirm_timeout_ms;
  header.effective_state = dn.light;
  header.origin_instance = who.instance;
  event.event = asked.event;
  event.kind = kind_of(asked.verb);
  event.session = asked.connection;
  event.sender = &client;
  event.directed_to = asked.directed_to;
  event.reference = reference;
}

void complete_command(const dn_view& view, accepted_event& result) {
  auto& header = result.event.header;
  auto& [command, judged] = *result.command;
  if (desired_by(command.verb))
    header.version = result.version;
  header.desired = desired_after(view, command, judged);
  header.kept_from_recorders = judged.goes != way::recorders;
  if (judged.goes == way::held)
    header.mark = event_mark::held;
}

/// One that no refusal of `admit_send` concerns.
decision accept(const dn_view& view, const t_client& client, const send_event_view& asked,
                reference_id reference, const admission& admitted) {
  accepted_event result;
  compose(result.event, {view.epoch, view.sequence, view.light, view.time_us}, client, asked,
          reference);
  if (admitted.safety)
    result.event.priority = traffic::reserved;
  result.version = view.version;
  result.for_recorders = admitted.for_recorders;
  if (!asked.details.empty())
    result.event.header.details = details_of(asked);
  if (result.event.kind == event_kind::indication) {
    if (auto wrong = check_echo(*view.now_shown, client.who.id, asked.echoed_version))
      return refused(view, std::move(*wrong));
    result.event.header.version = asked.echoed_version;
    if (asked.indication_key)
      result.rewritten = rename_indication_key(asked.event);
    return result;
  }
  auto& [command, judged] = result.command.emplace();
  command = command_of(view, client, asked);
  judged = judge(*view.now_shown, command, view.now, *view.rules);
  if (auto wrong = check_judgement(judged))
    return refused(view, std::move(*wrong));
  if (admitted.takes_version)
    ++result.version.value;
  complete_command(view, result);
  return result;
}

} // namespace

decision decide(const dn_view& view, const sender_facts& from, const t_client& client,
                const send_event_view& asked, reference_id reference) {
  auto admitted = admit_send(from, view.facts, asked, view.bounds);
  if (admitted.refusal)
    return refused(view, std::move(*admitted.refusal));
  if (admitted.replay)
    return seen_before{};
  return accept(view, client, asked, reference, admitted);
}

user_event_decision decide_user_event(const dn_now& dn, const sender_facts& from,
                                      const t_client& client, const send_event_view& asked,
                                      reference_id reference, const limits& bounds) {
  user_event_decision decided;
  if (is_clean(from, asked)) [[likely]]
    compose(*std::get_if<outgoing>(&decided), dn, client, asked, reference);
  else
    decided = *check_send(from, true, asked, bounds);
  return decided;
}

std::optional<fault> check_echo(const screen& s, client_id recorder, command_version echoed) {
  if (!echoed)
    return std::nullopt;
  // What went to all stands in the snapshot, too, by which a recorder that came later may answer.
  auto is_it = [&](const given_order& o) { return o.version == echoed; };
  auto order = std::find_if(s.given.begin(), s.given.end(), is_it);
  if (order == s.given.end() || order->recorder == recorder)
    return std::nullopt;
  return invalid("version", "the version of an order that this recorder got, or absent",
                 "another recorder was given this order");
}

} // namespace ringdown
