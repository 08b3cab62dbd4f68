#include "actors/dn/decide.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

screen_command command_of(const dn_view& view, const t_client& client,
                          const send_event_view& asked) {
  screen_command command;
  command.verb = asked.verb;
  command.connection = asked.connection;
  command.from = {client.who.application, std::string{details_of(asked).agent_id}, client.who.id};
  command.by_supervisor = client.who.role == role::supervisor || client.who.role == role::admin;
  command.calls_are_told = view.calls_are_told;
  return command;
}

/// What the screen has against a command.
std::optional<fault> check_judgement(const judgement& judged) {
  switch (judged.goes) {
  case way::refused:
    return fault{error_code::wrong_state,
                 "event.connection_id",
                 "a call that was not stopped and is not over; start it to record it",
                 "what this would resume was stopped or is over",
                 {}};
  case way::no_room:
    return fault{error_code::overloaded,
                 "this_dn",
                 "a DN with fewer than " + std::to_string(pauses_max) + " pauses that stand",
                 "too many pauses stand on this DN",
                 {}};
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

/// The parts that every accepted event has; all at once, for it is on every event's path.
outgoing compose(const dn_view& view, const t_client& client, const send_event_view& asked,
                 reference_id reference) {
  auto& who = client.who;
  return {.header = {.sequence = {view.sequence.value + 1},
                     .epoch = view.dn.epoch,
                     .time_us = view.time_us,
                     .origin = who.id,
                     .origin_role = who.role,
                     .version = {},
                     .command = asked.command,
                     .confirm_timeout_ms = asked.confirm_timeout_ms,
                     .effective_state = view.light,
                     .origin_instance = who.instance},
          .event = asked.event,
          .kind = kind_of(asked.verb),
          .priority = traffic::ordinary,
          .session = asked.connection,
          .sender = &client,
          .directed_to = asked.directed_to,
          .reference = reference};
}

void complete_command(const dn_view& view, accepted_event& result) {
  auto& header = result.event.header;
  if (desired_by(result.command.verb))
    header.version = result.version;
  header.desired = desired_after(view, result.command, result.judged);
  header.kept_from_recorders = result.judged.goes != way::recorders;
  if (result.judged.goes == way::held)
    header.mark = event_mark::held;
}

} // namespace

decision decide(const dn_view& view, const sender_facts& from, const t_client& client,
                const send_event_view& asked, reference_id reference) {
  auto admitted = admit_send(from, view.facts, asked, view.bounds);
  if (admitted.refusal)
    return refused(view, std::move(*admitted.refusal));
  if (admitted.replay)
    return seen_before{};
  accepted_event result{.event = compose(view, client, asked, reference),
                        .rewritten = {},
                        .version = view.version,
                        .for_recorders = admitted.for_recorders,
                        .command = {},
                        .judged = {}};
  if (admitted.safety)
    result.event.priority = traffic::reserved;
  if (result.event.kind == event_kind::user_event) [[likely]]
    return result;
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
  result.command = command_of(view, client, asked);
  result.judged = judge(*view.now_shown, result.command, view.now, *view.rules);
  if (auto wrong = check_judgement(result.judged))
    return refused(view, std::move(*wrong));
  if (admitted.takes_version)
    ++result.version.value;
  complete_command(view, result);
  return result;
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
