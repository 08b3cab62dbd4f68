// Requests about many DNs at once: a command for many, a list, and a watch over every one.
#include "actors/connection/connection_impl.hpp"
#include "messages/refusals.hpp"

namespace ringdown {

namespace {

bool supervises(const client_identity& who) noexcept {
  return who.role == role::supervisor || who.role == role::admin;
}

fault only_supervisors(std::string text) {
  return refused(error_code::access_restricted, std::move(text));
}

/// What the platform, and the client's own grants, let it see of every DN.
bool may_monitor_all(const broker_context& context, const t_client& client) {
  auto may = client.granted();
  return (!may || may->allows(client.who.role, action::monitor, "*")) &&
         context.may(client.who, action::monitor, "*");
}

/// One who may monitor some DNs has a list of those.
bool may_list(const broker_context& context, const t_client& client) {
  auto may = client.granted();
  return (!may || may->allows_somewhere(client.who.role, action::monitor)) &&
         context.may(client.who, action::monitor, "*");
}

std::string encode_page(reference_id reference, const list_page& page, std::int64_t time_us) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& out = *frame.mutable_event_address_list();
  out.set_next(page.next);
  out.set_time_us(time_us);
  for (auto& board : page.boards) {
    auto& one = *out.add_addresses();
    one.set_this_dn(board->identity.name);
    one.set_effective_state(static_cast<v1::CaptureState>(board->light.load()));
    if (auto desired = board->desired.load(); desired != capture_state::unknown)
      one.set_desired(static_cast<v1::CaptureState>(desired));
    one.set_pauses(board->pauses);
    one.set_paused_since_time_us(board->paused_since_us);
    one.set_waiting(board->waiting);
    one.set_alarms(board->alarms);
    one.set_recorders_active(board->recorders_active);
    one.set_clients_registered(board->clients);
    one.set_changed_time_us(board->changed_us);
  }
  return delimited(frame);
}

} // namespace

/// Each DN answers for itself, as if its command had come alone.
void connection_impl::command_many(const frame_view& frame) {
  auto read = read_many_commands(frame.body, context_.bounds);
  if (auto* wrong = std::get_if<fault>(&read))
    return turn_away_or_close(frame.reference, *wrong);
  auto& asked = std::get<many_commands>(read);
  auto answer = pass_gate(context_, *client_,
                          {.reference = frame.reference,
                           .bytes = frame.body.size(),
                           .answers = static_cast<std::uint32_t>(asked.each.size()),
                           .safety = asked.safety,
                           .in_service = life_ != life::draining});
  if (auto* closed = std::get_if<gate_fault>(&answer))
    return turn_away(frame.reference, describe(*closed));
  auto& admitted = std::get<admitted_request>(answer);
  for (auto& one : asked.each) {
    auto* entry = dns_.find(one.dn);
    if (entry == nullptr) {
      admitted.refuse(*check_name(one.dn, true), one.dn);
      continue;
    }
    auto& batch = dns_.batch_for(*entry, dn_request::kind::query, at_hand_->dns);
    batch.add_own_send(admitted.hand_on(), std::move(one.request), context_.bounds);
  }
}

void connection_impl::list_addresses(const frame_view& frame) {
  auto read = read_list(frame.body);
  if (auto* wrong = std::get_if<fault>(&read))
    return turn_away_or_close(frame.reference, *wrong);
  if (!supervises(client_->who))
    return turn_away(frame.reference, only_supervisors("a supervisor or an admin lists DNs"));
  if (!may_list(context_, *client_))
    return turn_away(frame.reference, forbidden(to_string(action::monitor)));
  auto answer = admit(frame, 1);
  if (auto* closed = std::get_if<gate_fault>(&answer))
    return turn_away(frame.reference, describe(*closed));
  auto reference = std::get<admitted_request>(answer).hand_on();
  auto& wanted = std::get<list_request>(read);
  wanted.may = client_->granted();
  wanted.as = client_->who.role;
  runtime::ask(
    *this, directory_, context_.bounds.control_timeout, std::move(wanted), runtime::how::by_mail,
    [this, reference](const list_request&, const list_page& page) {
      client_->answer(reference, encode_page(reference, page, context_.utc_now()));
    },
    [this, reference](const list_request&) {
      client_->refuse(reference, refused(error_code::internal_error),
                      {{}, {}, {}, context_.utc_now()});
    });
}

/// Begins or ends a watch over every DN.
void connection_impl::watch(const frame_view& frame, const control_request& asked) {
  bool begins = asked.each.what == dn_request::kind::register_;
  if (!supervises(client_->who))
    return turn_away(frame.reference,
                     only_supervisors("a supervisor or an admin watches every DN"));
  if (!may_monitor_all(context_, *client_))
    return turn_away(frame.reference, forbidden("monitor of every DN"));
  auto answer = admit(frame, 1);
  if (auto* closed = std::get_if<gate_fault>(&answer))
    return turn_away(frame.reference, describe(*closed));
  auto& admitted = std::get<admitted_request>(answer);
  if (begins && !context_.watchers.add({client_, asked.each.hear_outcomes}))
    return admitted.refuse(refused(error_code::overloaded, "every_dn",
                                   "at most " + std::to_string(watchers_max) + " clients",
                                   "too many clients watch every DN"),
                           std::nullopt);
  if (!begins && !context_.watchers.remove(*client_))
    return admitted.refuse(
      refused(error_code::not_registered, "every_dn", "of a client that watches every DN"),
      std::nullopt);
  watches_ = begins;
  admitted.answer(encode_watch(frame.reference, asked.each.what, context_.utc_now()));
}

} // namespace ringdown
