#include "actors/dn/dn.hpp"

#include "actors/dn/snapshot.hpp"
#include "messages/frame.hpp"
#include "messages/refusals.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <utility>

namespace ringdown {

namespace {

std::string encode_unregistered(reference_id reference, std::string_view dn,
                                std::optional<error_code> code, std::int64_t time_us) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& gone = *frame.mutable_event_unregistered();
  gone.set_this_dn(dn.data(), dn.size());
  if (code) {
    gone.set_error_code(static_cast<std::uint32_t>(*code));
    gone.set_text(std::string{info(*code).text});
  }
  gone.set_time_us(time_us);
  return delimited(frame);
}

/// Nobody asked for it: the client hears why, and its connection that it is so.
void end_registration(const dn_state& dn, const registration& one, error_code why) {
  static_cast<void>(one.client->box.answer(encode_unregistered({}, dn.name(), why, dn.now_us())));
  one.client->report({dn.name(), false, one.mode, true});
}

/// For who looks closely.
void log_registration(const dn_state& dn, std::string_view what, const registration& one) {
  constexpr auto level = observer::severity::debug;
  if (!dn.context.observed_by->wants("dn", level))
    return;
  auto& who = one.client->who;
  dn.context.observed_by->log("dn", level, what,
                              {{"dn", dn.name()},
                               {"client", to_string(who.id)},
                               {"application", who.application},
                               {"role", to_string(who.role)},
                               {"principal", who.principal},
                               {"mode", to_string(one.mode)},
                               {"standby", one.standby ? "true" : ""}});
}

} // namespace

// ---- life ----------------------------------------------------------------------------------

dn_impl::dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
                 directory_actor directory, dn_board_ptr board)
  : pinned_to_home(config, where),
    state_(*context, std::move(board), counted_at(*context, pinned_base::where())),
    screen_(state_, *this), directory_(std::move(directory)) {}

dn_impl::behavior_type dn_impl::make_behavior() {
  last_use_ = clock().now();
  state_.counts.dns.count();
  state_.counts.dns_without_recorder.count();
  set_down_handler([this](const caf::down_msg& down) { session_failed(down); });
  auto self = []() -> dn_impl& { return static_cast<dn_impl&>(handling()); };
  static const behavior_type of_all{
    [self](const dn_batch_ptr& batch) { self().handle(*batch); },
    [self](client_gone_atom, const client_ptr& client) { self().client_gone(client); },
    [self](access_changed_atom, const client_ptr& client) { self().access_changed(client); },
    [self](session_rang_atom) { self().rang(); },
    [self](remove_atom) { self().remove(); },
    [self](tick_atom) { self().tick(); },
    [self](ask_atom) { self().ask_tick(); },
    [self](drain_atom) { self().drain(); },
    [self](retire_atom) { self().retire(); },
    [self](const look_at_dn& asked) { self().show(asked); },
  };
  return of_all;
}

void dn_impl::client_gone(const client_ptr& client) {
  drop(client);
  arm_idle_tick();
}

void dn_impl::remove() {
  {
    dn_screen::scope within{screen_};
    if (screen_.has_session())
      screen_.tell(ringdown::draining{true});
  }
  end_registrations(error_code::dn_not_configured);
  screen_.end();
  is_removed_ = true;
}

/// Nobody asked for it: each client hears why, and what became of its commands.
void dn_impl::end_registrations(error_code why) {
  screen_.conclude_all_unknown();
  for (auto& r : state_.clients) {
    end_registration(state_, r, why);
    log_registration(state_, "registration ended", r);
  }
  state_.clients.clear();
  state_.show_roster();
}

/// A registration may have come since it said that it is idle: only the DN knows.
void dn_impl::retire() {
  if (is_empty())
    quit();
  else
    send(directory_, stays_atom::value, state_.name(), state_.epoch);
}

void dn_impl::on_exit() {
  // At the broker's end connections close first; their letters may still be on the way. Only a DN
  // that failed has registrations of connections that stand: these must not wait for its events.
  state_.clients.erase_closed();
  if (!state_.clients.empty()) {
    state_.context.observed_by->log("dn", observer::severity::error,
                                    "DN actor ended with registrations", {{"dn", state_.name()}});
    screen_.say({}, capture_verb::unknown, broker_reason::internal_error,
                screen_.has_session() && !is_removed_);
  }
  end_registrations(error_code::internal_error);
  screen_.end();
  state_.counts.dns.subtract(1);
  state_.counts.dns_without_recorder.subtract(1);
  directory_ = nullptr;
}

/// A DN that is used has no tick; one that nobody is registered on has one.
void dn_impl::arm_idle_tick() {
  if (tick_armed_ || !state_.clients.empty())
    return;
  tick_armed_ = true;
  delayed_send(this, state_.context.bounds.dn_idle_timeout, tick_atom::value);
}

void dn_impl::tick() {
  tick_armed_ = false;
  if (state_.clients.empty() && screen_.has_session()) {
    bool ends = false;
    {
      dn_screen::scope within{screen_};
      ends = may_end(screen_.shown(), steady_now(), state_.rules());
    }
    if (ends)
      screen_.end();
  }
  bool remembers = screen_.book() != nullptr &&
                   (screen_.book()->ids.expire(steady_now()), !screen_.book()->ids.empty());
  if (is_empty() && !remembers &&
      clock().now() - last_use_ >= state_.context.bounds.dn_idle_timeout)
    send(directory_, idle_atom::value, state_.name(), state_.epoch);
  arm_idle_tick(); // the directory may refuse
}

/// Commands get a quarter of the time that the broker has to be confirmed; what is left then is
/// not known. So the clients hear of it before their links end. Where nobody is left to confirm or
/// to hear, nothing is waited for.
void dn_impl::drain() {
  bool is_first = !std::exchange(draining_, true);
  bool at_the_end = !is_first || state_.clients.empty();
  dn_screen::scope within{screen_};
  auto wanted = desired(screen_.shown());
  if (is_first && (wanted == capture_state::enabled || wanted == capture_state::paused))
    ++state_.context.captures_live;
  if (screen_.has_session())
    screen_.tell(ringdown::draining{at_the_end});
  screen_.settle();
  if (!at_the_end && screen_.book() != nullptr && screen_.book()->pending() != 0)
    arm_last_drain();
}

/// Also for a command that was on its way when the broker began to drain.
void dn_impl::arm_last_drain() {
  if (!std::exchange(last_drain_armed_, true))
    delayed_send(this, state_.context.bounds.drain_timeout / 4, drain_atom::value);
}

// ---- requests ------------------------------------------------------------------------------

namespace {

/// A loop's own time stands beside what the turn has touched; the system's clock leads to it by way
/// of memory that nothing else here needs.
caf::actor_clock::time_point turn_time(runtime::home where, caf::local_actor& of) {
  auto* loop = where.loop();
  return loop != nullptr ? loop->now() : of.clock().now();
}

} // namespace

steady_ms dn_impl::steady_now() {
  return std::chrono::duration_cast<steady_ms>(clock().now().time_since_epoch());
}

void dn_impl::handle(dn_batch& batch) {
  last_use_ = turn_time(where(), *this);
  if (is_removed_)
    batch.refuse_all(dn_not_configured(), state_.name());
  while (auto* request = batch.front()) {
    switch (request->what) {
    case dn_request::kind::send: send_event(batch, *request); break;
    case dn_request::kind::register_: register_client(batch, *request); break;
    case dn_request::kind::unregister: unregister_client(batch, *request); break;
    case dn_request::kind::query: query(batch, *request); break;
    case dn_request::kind::merge_calls:
    case dn_request::kind::end_call: tell_of_call(batch, *request); break;
    }
  }
  if (batch.report_awaited()) {
    auto* own = state_.clients.find(*batch.client());
    batch.report(own != nullptr, own != nullptr ? own->mode : registration_mode::share);
  }
  if (state_.saw_closed)
    drop_closed();
  arm_idle_tick();
}

error_context dn_impl::about(const dn_batch& batch) const {
  return {state_.name(), {}, {}, batch.time_us()};
}

sender_facts dn_impl::facts_of_sender(const t_client& client, capture_verb verb) {
  sender_facts from{client.who.role, {}, true};
  auto what = action_of(verb);
  if (auto* own = state_.clients.find(client)) {
    from.mode = own->mode;
    from.authorized = (own->may & bit_of(what)) != 0;
  }
  if (state_.context.authorize)
    from.authorized = from.authorized && state_.context.may(client.who, what, state_.name());
  return from;
}

/// What the decision about a command or an indication asks of this DN.
decision dn_impl::decide_about(dn_batch& batch, const dn_request& request) {
  auto& client = *batch.client();
  auto& asked = request.event;
  auto from = facts_of_sender(client, asked.verb);
  const auto by = state_.rules();
  dn_view view{.epoch = state_.epoch,
               .sequence = state_.sequence,
               .version = state_.version,
               .light = state_.light,
               .now_shown = &screen_.shown(),
               .facts = {},
               .bounds = state_.context.bounds,
               .rules = &by,
               .now = steady_now(),
               .time_us = batch.time_us()};
  view.facts.version = state_.version;
  if (!is_command(asked.verb))
    return decide(view, from, client, asked, request.reference);
  view.calls_are_told = calls_are_told();
  auto& facts = view.facts;
  facts.recorders_active = state_.clients.recorders_active();
  facts.commands_pending = screen_.book() ? screen_.book()->pending() : 0;
  facts.strict = state_.context.confirm.strict;
  facts.observed = state_.light;
  facts.paused = facts.strict && !screen_.shown().pauses.empty();
  if (asked.command && screen_.book() != nullptr) {
    screen_.book()->ids.expire(view.now);
    if (auto* known = screen_.book()->ids.find(client.who.owner(), asked.command))
      facts.seen = known->content == content_of(asked, state_.context.hash)
                     ? dn_facts::command_seen::same
                     : dn_facts::command_seen::other_content;
  }
  return decide(view, from, client, asked, request.reference);
}

void dn_impl::send_event(dn_batch& batch, const dn_request& request) {
  if (request.event.verb == capture_verb::none) [[likely]]
    return send_user_event(batch, request);
  dn_screen::scope within{screen_};
  auto decided = decide_about(batch, request);
  if (auto* accepted = std::get_if<accepted_event>(&decided))
    return carry_out(batch, request, *accepted);
  if (std::holds_alternative<seen_before>(decided))
    return replay(batch, request);
  auto& refused = std::get<refusal>(decided);
  auto context = about(batch);
  context.last_known_state = refused.last_known_state;
  context.version = refused.version;
  batch.refuse(refused.why, context);
}

/// An event without `screen-capture`: decided and carried out at once.
void dn_impl::send_user_event(dn_batch& batch, const dn_request& request) {
  auto& client = *batch.client();
  auto decided = decide_user_event({state_.epoch, state_.sequence, state_.light, batch.time_us()},
                                   facts_of_sender(client, capture_verb::none), client,
                                   request.event, request.reference, state_.context.bounds);
  auto* event = std::get_if<outgoing>(&decided);
  if (event == nullptr) [[unlikely]]
    return batch.refuse(std::get<fault>(decided), about(batch));
  event_head head{event->header, event->event.size()};
  auto got = state_.out.reserve(state_.clients, *event, head);
  state_.sequence = event->header.sequence;
  state_.counts.events.count(event_kind::user_event);
  acknowledge(batch, request, got);
  state_.out.write(state_.clients, *event, head, got);
  state_.saw_closed |= got.saw_closed;
}

/// EventACK: the event has its place in the DN's order, and its room at recorders.
ack dn_impl::acknowledge(dn_batch& batch, const dn_request& request, const reservation& got) {
  ack answer{static_cast<std::uint32_t>(got.accepted),
             state_.sequence,
             state_.epoch,
             state_.version,
             request.event.user_event,
             batch.time_us(),
             request.names_dn ? std::string_view{state_.name()} : std::string_view{}};
  char frame[ack_frame_bytes_max];
  auto* end = encode_ack(frame, request.reference, answer);
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  return answer;
}

/// Reserves, answers, delivers; then the command waits for its outcome.
void dn_impl::carry_out(dn_batch& batch, const dn_request& request, accepted_event& accepted) {
  auto& event = accepted.event;
  if (!accepted.rewritten.empty())
    event.event = accepted.rewritten;
  if (event.kind == event_kind::indication) {
    screen_.tell_of_word(batch, request, accepted);
    event.header.effective_state = state_.light; // the event shows the light that it makes
  }
  event_head head{event.header, event.event.size()};
  auto got = state_.out.reserve(state_.clients, event, head);
  if (accepted.for_recorders && got.accepted == 0 && got.full != 0)
    return batch.refuse(refused(error_code::no_queue_space), about(batch));
  state_.sequence = event.header.sequence;
  state_.version = accepted.version;
  state_.counts.events.count(event.kind);
  outcome_claim owed;
  if (event.kind == event_kind::command) { // before anybody can know of it: a link that ends waits
    ++state_.context.outcomes_owed;
    owed = batch.client();
  }
  auto answer = acknowledge(batch, request, got);
  state_.out.write(state_.clients, event, head, got);
  state_.saw_closed |= got.saw_closed;
  if (event.kind == event_kind::command)
    screen_.accept_command(batch, request, accepted, got, answer);
  if (draining_ && event.kind == event_kind::command)
    arm_last_drain();
}

/// Seen before: the same answer, the outcome so far, no second effect. The outcome to come goes to
/// where the command was sent from last.
void dn_impl::replay(dn_batch& batch, const dn_request& request) {
  auto& client = batch.client();
  auto& known = *screen_.book()->ids.find(client->who.owner(), request.event.command);
  char frame[ack_frame_bytes_max];
  auto answer = known.answer;
  if (request.names_dn)
    answer.this_dn = state_.name();
  auto* end = encode_ack(frame, request.reference, answer);
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  if (!known.outcome.empty() && client->who.outcomes)
    static_cast<void>(client->box.answer(known.outcome));
  screen_.book()->sent_again(request.event.command, client);
}

// ---- registrations -------------------------------------------------------------------------

void dn_impl::register_client(dn_batch& batch, const dn_request& request) {
  auto& client = batch.client();
  auto& who = client->who;
  sender_facts applicant{who.role, {}, true};
  auto rights = client->rights_on(state_.name());
  auto what = action_of(request.mode);
  applicant.authorized =
    (rights & bit_of(what)) != 0 && state_.context.may(who, what, state_.name());
  auto refusal = admit_registration(applicant, request.mode, state_.clients.facts_about(*client),
                                    state_.context.bounds);
  if (refusal)
    return batch.refuse(*refusal, about(batch));
  dn_screen::scope within{screen_};
  auto* before = state_.clients.find(*client);
  bool was_active = before != nullptr && before->is_active_recorder();
  bool could_command = before != nullptr && before->may_command();
  auto& own = state_.clients.put(
    {client, request.mode, who.role, request.echo, request.standby, request.hear_outcomes, rights});
  bool is_active = own.is_active_recorder();

  if (screen_.has_session() && own.may_command())
    screen_.tell(desktop_came{who.application, who.principal}); // its snapshot shows it already
  else if (screen_.has_session() && could_command)
    screen_.tell(desktop_gone{who.application, state_.clients.has_commander(who), who.principal});

  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& registered = *frame.mutable_event_registered();
  registered.set_this_dn(state_.name());
  registered.set_mode(static_cast<v1::RegistrationMode>(request.mode));
  registered.set_time_us(batch.time_us());
  fill_snapshot(*registered.mutable_snapshot(), state_, screen_.known(),
                {state_.now_us(), steady_now()});
  batch.answer(delimited(frame));
  state_.show_roster();
  log_registration(state_, "registered", own);
  if (is_active && !screen_.has_session())
    arm_ask_tick();
  if (!screen_.has_session())
    return;
  if (is_active)
    screen_.tell(recorder_came{who.id, who.exact_versions, who.per_call});
  else if (was_active)
    screen_.tell(recorder_gone{who.id, own.standby});
}

void dn_impl::unregister_client(dn_batch& batch, const dn_request& request) {
  if (state_.clients.find(*batch.client()) == nullptr)
    return batch.refuse(not_registered(), about(batch));
  batch.answer(encode_unregistered(request.reference, state_.name(), {}, batch.time_us()));
  drop(batch.client());
}

void dn_impl::drop(const client_ptr& client) {
  auto* own = state_.clients.find(*client);
  if (own == nullptr)
    return;
  bool was_recorder = own->is_recorder();
  bool told_calls = own->of == role::call_source;
  bool could_command = own->may_command();
  log_registration(state_, "registration ended", *own);
  state_.clients.erase(*client);
  state_.show_roster();
  if (told_calls)
    calls_told_until_ = steady_now() + std::chrono::duration_cast<steady_ms>(
                                         state_.context.confirm.dead_desktop_after);
  if (screen_.book() != nullptr)
    screen_.book()->sender_left(*client);
  if (screen_.has_session()) {
    dn_screen::scope within{screen_};
    auto& who = client->who;
    if (state_.context.is_draining && !draining_) // the letter that says so is on its way
      screen_.tell(ringdown::draining{});
    if (was_recorder)
      screen_.tell(recorder_gone{who.id});
    else if (could_command)
      screen_.tell(desktop_gone{who.application, state_.clients.has_commander(who), who.principal});
  }
  if (draining_ && state_.clients.empty())
    drain();
}

/// Its registration stands on with what it may do now, or ends and is told why.
void dn_impl::access_changed(const client_ptr& client) {
  auto* own = state_.clients.find(*client);
  if (own == nullptr)
    return;
  own->may = client->rights_on(state_.name());
  if ((own->may & bit_of(action_of(own->mode))) != 0)
    return;
  end_registration(state_, *own, error_code::access_restricted);
  drop(client);
  arm_idle_tick();
}

/// Ends the registrations of connections that have closed. Their actors say so too, but a ghost
/// must not count until its letter arrives.
void dn_impl::drop_closed() {
  state_.saw_closed = false;
  while (auto ghost = state_.clients.first_closed())
    drop(ghost);
}

dn_ref spawn_dn(caf::actor_system& system, runtime::home where, broker_context& context,
                directory_actor directory, dn_board_ptr board) {
  if (!where)
    where = runtime::home::at(system, context.hash(board->identity.name));
  return dn_ref::of<dn_impl>(
    system.spawn<dn_impl, caf::lazy_init>(where, &context, std::move(directory), std::move(board)));
}

} // namespace ringdown
