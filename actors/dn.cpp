#include "actors/dn.hpp"

#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <functional>

namespace ringdown {

namespace {

void fill_snapshot(v1::Snapshot& out, const std::vector<session_record>& sessions) {
  for (auto& record : sessions) {
    auto& session = *out.add_sessions();
    session.set_connection_id(record.state.connection.value);
    if (record.state.desired)
      session.set_desired(static_cast<v1::CaptureState>(*record.state.desired));
    session.set_observed(static_cast<v1::CaptureState>(record.state.observed));
    session.set_version(record.state.version.value);
    session.set_changed_time_us(record.changed_time_us);
    session.set_desired_time_us(record.desired_time_us);
    session.set_desired_by_client_id(record.desired_by.id.value);
    session.set_desired_by_application(record.desired_by.application);
    session.set_held(record.held);
    for (auto former : record.former)
      session.add_former_connection_ids(former.value);
  }
}

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

} // namespace

capture_state effective_state(const std::vector<session_record>& sessions,
                              capture_state without_sessions) {
  // A session that only a query began says nothing.
  auto speaks = [](const session_record& s) { return s.state.desired || s.state.spoken; };
  if (std::none_of(sessions.begin(), sessions.end(), speaks))
    return without_sessions;
  auto any = [&](capture_state wanted) {
    auto is = [&](const session_record& s) { return speaks(s) && s.state.observed == wanted; };
    return std::any_of(sessions.begin(), sessions.end(), is);
  };
  for (auto state : {capture_state::paused, capture_state::unknown, capture_state::enabled})
    if (any(state))
      return state;
  return capture_state::disabled;
}

// ---- life ----------------------------------------------------------------------------------

dn_impl::dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
                 directory_actor directory, std::string dn, dn_epoch epoch)
  : pinned_to_home(config, where), context_(*context), epoch_(epoch),
    identity_(std::make_shared<const dn_identity>(dn_identity{std::move(dn), epoch})),
    directory_(std::move(directory)) {}

dn_impl::behavior_type dn_impl::make_behavior() {
  last_use_ = clock().now();
  set_down_handler([this](const caf::down_msg& down) {
    session_died(down);
    settle();
  });
  auto self = []() -> dn_impl& { return static_cast<dn_impl&>(handling()); };
  static const behavior_type of_all{
    [self](const dn_batch_ptr& batch) { self().take(*batch); },
    [self](client_gone_atom, const client_ptr& client) { self().client_gone(client); },
    [self](const session_report& report) { self().reported(report); },
    [self](remove_atom) { self().remove(); },
    [self](tick_atom) { self().tick(); },
    [self](drain_atom) { self().drain(); },
    [self](retire_atom) { self().retire(); },
  };
  return of_all;
}

void dn_impl::client_gone(const client_ptr& client) {
  drop(client);
  settle();
  arm_idle_tick();
}

void dn_impl::reported(const session_report& report) {
  if (auto* session = session_by(report.serial))
    ++session->mail_read;
  handle_report(report);
  settle();
  arm_idle_tick();
}

void dn_impl::remove() {
  end_registrations(error_code::dn_not_configured);
  end_sessions();
  is_removed_ = true;
}

void dn_impl::end_sessions() {
  for (auto& s : sessions_)
    caf::anon_send_exit(s.actor.handle(), caf::exit_reason::user_shutdown);
  sessions_.clear();
}

/// Nobody asked for it: each client hears why, and what became of its commands.
void dn_impl::end_registrations(error_code why) {
  conclude_all_unknown();
  for (auto& r : registrations_) {
    static_cast<void>(
      r.client->box.answer(encode_unregistered({}, identity_->name, why, now_us())));
    r.client->report({identity_->name, false, r.mode, true});
  }
  registrations_.clear();
}

void dn_impl::retire() {
  if (is_empty())
    quit();
}

void dn_impl::on_exit() {
  // At the broker's end connections close first; their letters may still be on the way. Only a DN
  // that failed has registrations of connections that stand: these must not wait for its events.
  auto is_closed = [](const registration& r) { return r.client->box.closed(); };
  registrations_.erase(std::remove_if(registrations_.begin(), registrations_.end(), is_closed),
                       registrations_.end());
  if (!registrations_.empty()) {
    context_.tells->tell("dn", observer::severity::error, "DN actor ended with registrations",
                         {{"dn", identity_->name}});
    say({}, capture_verb::unknown, broker_reason::internal_error,
        std::any_of(sessions_.begin(), sessions_.end(), must_be_guarded));
  }
  end_registrations(error_code::internal_error);
  end_sessions();
}

/// A DN that is used has no tick; one that became empty has one.
void dn_impl::arm_idle_tick() {
  if (tick_armed_ || !is_empty())
    return;
  tick_armed_ = true;
  delayed_send(this, context_.bounds.dn_idle_timeout, tick_atom::value);
}

void dn_impl::tick() {
  tick_armed_ = false;
  if (is_empty() && !remembers_commands() &&
      clock().now() - last_use_ >= context_.bounds.dn_idle_timeout)
    send(directory_, idle_atom::value, identity_->name, identity_->epoch);
  arm_idle_tick(); // the directory may refuse
}

// ---- requests ------------------------------------------------------------------------------

/// A loop's own time stands beside what the turn has touched; the system's clock leads to it by way
/// of memory that nothing else here needs.
caf::actor_clock::time_point dn_impl::turn_time() {
  auto* loop = where().loop();
  return loop != nullptr ? loop->now() : clock().now();
}

void dn_impl::take(dn_batch& batch) {
  last_use_ = turn_time();
  if (is_removed_)
    batch.refuse_all({error_code::dn_not_configured, "this_dn", "a configured DN", {}, {}},
                     identity_->name);
  while (auto* request = batch.front()) {
    switch (request->what) {
    case dn_request::kind::send: send_event(batch, *request); break;
    case dn_request::kind::register_: register_client(batch, *request); break;
    case dn_request::kind::unregister: unregister_client(batch, *request); break;
    case dn_request::kind::query: query(batch, *request); break;
    case dn_request::kind::merge_calls: merge_calls(batch, *request); break;
    case dn_request::kind::end_call: end_call(batch, *request); break;
    }
    if (!sessions_.empty()) // most DNs have none, and their reports_ are cold memory
      settle();
  }
  if (batch.report_awaited()) {
    auto* own = find(*batch.client());
    batch.report(own != nullptr, own != nullptr ? own->mode : registration_mode::share);
  }
  if (saw_closed_) {
    drop_closed();
    settle();
  }
  arm_idle_tick();
}

error_context dn_impl::about(const dn_batch& batch) const {
  return {identity_->name, {}, {}, batch.time_us()};
}

namespace {

action action_of(capture_verb verb) {
  switch (kind_of(verb)) {
  case event_kind::command: return action::send_command;
  case event_kind::indication: return action::send_indication;
  case event_kind::user_event: return action::send_user_event;
  }
  return action::send_user_event;
}

} // namespace

/// What the decision asks of this DN; for what is no command that is little.
dn_facts dn_impl::facts_for(const dn_batch& batch, const send_event_view& asked) {
  dn_facts facts;
  facts.version = version_;
  if (!is_command(asked.verb))
    return facts;
  facts.recorders_active = recorders_active();
  if (book_)
    facts.commands_pending = book_->accepted.size();
  facts.strict = context_.confirm.strict;
  if (auto* session = find_session(asked.connection))
    facts.observed = session->state.observed;
  if (!asked.command || !book_)
    return facts;
  book_->ids.expire(steady_now());
  if (auto* known = book_->ids.find(batch.client()->who.application, asked.command))
    facts.seen = known->content == content_of(asked) ? dn_facts::command_seen::same
                                                     : dn_facts::command_seen::other_content;
  return facts;
}

/// What a request that was accepted makes of its event; all at once, for it is on every event's
/// path.
dn_impl::outgoing dn_impl::compose(const dn_batch& batch, const dn_request& request,
                                   const admission& decision, command_version version, bool held) {
  auto& asked = request.event;
  auto& who = batch.client()->who;
  auto kind = kind_of(asked.verb);
  command_version of_event;
  if (kind != event_kind::user_event)
    of_event = kind == event_kind::command ? version : asked.echoed_version;
  return {{{sequence_.value + 1},
           epoch_,
           batch.time_us(),
           who.id,
           who.role,
           of_event,
           asked.command,
           asked.confirm_timeout_ms,
           light_after(asked),
           0,
           who.instance,
           false,
           held ? event_mark::held : event_mark::none},
          asked.event,
          kind,
          decision.safety ? traffic::reserved : traffic::ordinary,
          asked.connection,
          batch.client().get(),
          asked.directed_to,
          request.reference};
}

void dn_impl::send_event(dn_batch& batch, const dn_request& request) {
  auto& client = *batch.client();
  auto& asked = request.event;
  auto* own = find(client);
  sender_facts from{client.who.role, {}, true};
  if (own != nullptr)
    from.mode = own->mode;
  if (context_.authorize)
    from.authorized = context_.may(client.who, action_of(asked.verb), identity_->name);
  auto decision = admit_send(from, facts_for(batch, asked), asked, context_.bounds);
  if (decision.refusal) {
    auto context = about(batch);
    if (decision.refusal->code == error_code::service_unavailable)
      context.last_known_state = effective_state(sessions_, without_sessions_);
    if (decision.refusal->code == error_code::wrong_state)
      context.version = version_;
    return batch.refuse(*decision.refusal, context);
  }
  if (decision.replay)
    return replay(batch, request);

  // Preview what the event will be; it becomes so once a recorder's outbox has room.
  auto version = version_;
  if (decision.takes_version)
    ++version.value;
  if (is_indication(asked.verb))
    note_indication(asked, client.who);
  std::optional<hold> held;
  if (asked.verb == capture_verb::resume)
    held = hold_for(asked.connection, client);
  auto event = compose(batch, request, decision, version, held.has_value());
  std::string renamed;
  if (asked.indication_key)
    event.event = renamed = rename_indication_key(asked.event);
  event_head head{event.header, event.event.size()};
  auto queued = reserve_at_recorders(event, head);
  if (decision.for_recorders && queued.accepted == 0 && queued.full != 0)
    return batch.refuse({error_code::no_queue_space, {}, {}, {}, {}}, about(batch));
  sequence_ = event.header.sequence;
  version_ = version;
  ack answer{static_cast<std::uint32_t>(queued.accepted),
             sequence_,
             epoch_,
             version_,
             asked.user_event,
             batch.time_us()};
  char frame[ack_frame_bytes_max];
  auto* end = encode_ack(frame, request.reference, answer);
  if (event.kind == event_kind::command)
    ++context_.outcomes_owed; // before anybody can know of it: a draining link waits
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  deliver(event, head);
  if (event.kind == event_kind::command)
    accept_command(batch, asked, sequence_, answer, held);
}

void dn_impl::register_client(dn_batch& batch, const dn_request& request) {
  auto& client = batch.client();
  sender_facts applicant{client->who.role, {}, true};
  applicant.authorized = context_.may(client->who, action::register_, identity_->name);
  auto refusal = admit_registration(applicant, request.mode, facts_about(*client), context_.bounds);
  if (refusal)
    return batch.refuse(*refusal, about(batch));
  auto* own = find(*client);
  bool was_active = own != nullptr && own->is_active_recorder();
  if (own == nullptr)
    own = &registrations_.emplace_back();
  *own = {
    client, request.mode, client->who.role, request.echo, request.standby, request.hear_outcomes,
    {}};
  bool is_active = own->is_active_recorder();

  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& registered = *frame.mutable_event_registered();
  registered.set_this_dn(identity_->name);
  registered.set_mode(static_cast<v1::RegistrationMode>(request.mode));
  registered.set_time_us(batch.time_us());
  auto& snapshot = *registered.mutable_snapshot();
  describe(snapshot);
  batch.answer(delimited(frame));
  if (is_active)
    recorder_came(*own);
  if (was_active && !is_active)
    recorder_left(client->who.id, true);
  if (!own->is_recorder())
    commander_came(*client);
}

void dn_impl::describe(v1::Snapshot& snapshot) {
  snapshot.set_dn_sequence(sequence_.value);
  snapshot.set_dn_epoch(identity_->epoch.value);
  snapshot.set_version(version_.value);
  auto effective = effective_state(sessions_, without_sessions_);
  snapshot.set_effective_state(static_cast<v1::CaptureState>(effective));
  fill_snapshot(snapshot, sessions_);
  describe_pending(snapshot);
  std::uint32_t standby = 0;
  for (auto& r : registrations_)
    standby += r.is_recorder() && r.standby && !r.client->box.closed() ? 1 : 0;
  snapshot.set_recorders_active(static_cast<std::uint32_t>(recorders_active()));
  snapshot.set_recorders_standby(standby);
  snapshot.set_clients_registered(static_cast<std::uint32_t>(registrations_.size()));
}

void dn_impl::describe_pending(v1::Snapshot& snapshot) {
  if (!book_)
    return;
  for (auto& command : book_->accepted)
    for (int i = 0; i < snapshot.sessions_size(); ++i)
      if (sessions_[static_cast<std::size_t>(i)].serial == command.session) {
        auto& session = *snapshot.mutable_sessions(i);
        session.set_pending(session.pending() + 1);
        auto left = command.told.command.deadline - steady_now();
        session.set_deadline_time_us(now_us() + std::chrono::microseconds{left}.count());
      }
}

void dn_impl::unregister_client(dn_batch& batch, const dn_request& request) {
  if (find(*batch.client()) == nullptr)
    return batch.refuse(
      {error_code::not_registered, "this_dn", "a DN on which the client is registered", {}, {}},
      about(batch));
  batch.answer(encode_unregistered(request.reference, identity_->name, {}, batch.time_us()));
  drop(batch.client());
}

void dn_impl::query(dn_batch& batch, const dn_request& request) {
  if (find(*batch.client()) == nullptr)
    return batch.refuse(
      {error_code::not_registered, "this_dn", "a DN on which the client is registered", {}, {}},
      about(batch));
  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& address = *frame.mutable_event_address_info();
  address.set_this_dn(identity_->name);
  address.set_time_us(batch.time_us());
  describe(*address.mutable_snapshot());
  for (auto& r : registrations_) {
    if (!r.is_recorder() || r.client->box.closed())
      continue;
    auto& recorder = *address.add_recorders();
    recorder.set_client_id(r.client->who.id.value);
    recorder.set_application_name(r.client->who.application);
    recorder.set_standby(r.standby);
    recorder.set_exact_versions(r.client->who.exact_versions);
  }
  if (book_)
    for (auto& outcome : book_->outcomes) {
      auto content = outcome.content();
      static_cast<void>(address.add_recent_outcomes()->ParseFromArray(
        content.data(), static_cast<int>(content.size())));
    }
  batch.answer(delimited(frame));
}

// ---- registrations -------------------------------------------------------------------------

registration* dn_impl::find(const t_client& client) noexcept {
  for (auto& r : registrations_)
    if (r.client.get() == &client)
      return &r;
  return nullptr;
}

std::size_t dn_impl::recorders_active() const noexcept {
  auto active = [](const registration& r) { return r.is_active_recorder(); };
  return static_cast<std::size_t>(
    std::count_if(registrations_.begin(), registrations_.end(), active));
}

registration_facts dn_impl::facts_about(const t_client& applicant) const {
  registration_facts facts;
  for (auto& r : registrations_) {
    if (r.client.get() == &applicant) {
      facts.already_registered = true;
      continue;
    }
    if (r.client->box.closed())
      continue;
    ++facts.registered;
    auto role = r.client->who.role;
    if (role == role::recorder || role == role::call_source)
      continue;
    bool only_supervises =
      r.mode == registration_mode::monitor && (role == role::supervisor || role == role::admin);
    facts.private_taken |= r.mode == registration_mode::private_;
    facts.others_present |= !only_supervises;
  }
  return facts;
}

void dn_impl::drop(const client_ptr& client) {
  auto* own = find(*client);
  if (own == nullptr)
    return;
  // A standby recorder does not count, but the light may be its word.
  bool is_recorder = own->is_recorder();
  bool was_active = is_recorder && !own->standby;
  registrations_.erase(registrations_.begin() + (own - registrations_.data()));
  if (is_recorder)
    recorder_left(client->who.id, was_active);
  else
    commander_left(*client);
  if (draining_ && registrations_.empty())
    drain();
}

/// Ends the registrations of connections that have closed. Their actors say so too, but a ghost
/// must not count until its letter arrives.
void dn_impl::drop_closed() {
  saw_closed_ = false;
  for (;;) {
    auto closed = [](const registration& r) { return r.client->box.closed(); };
    auto ghost = std::find_if(registrations_.begin(), registrations_.end(), closed);
    if (ghost == registrations_.end())
      return;
    auto client = ghost->client; // outlives its registration here
    drop(client);
  }
}

void dn_impl::recorder_left(client_id recorder, bool was_active) {
  auto left = recorders_active();
  tell_all(recorder_gone{recorder, left, was_active});
  for (auto& s : sessions_) {
    std::erase_if(s.told, [&](const told_word& one) { return one.word.recorder == recorder; });
    if (has_spoken(s.state, recorder))
      forget_words_of(s.state, recorder); // as the session does; another may speak before it does
  }
  // Without a session nobody but the DN knows the light; it must not stay lit for nothing.
  bool was_its_word = left == 0 || light_by_ == recorder;
  if (sessions_.empty() && was_its_word && without_sessions_ != capture_state::unknown) {
    without_sessions_ = capture_state::unknown;
    say({}, capture_verb::unknown, broker_reason::recorder_lost, false);
  }
}

dn_ref spawn_dn(caf::actor_system& system, runtime::home where, broker_context& context,
                directory_actor directory, std::string name, dn_epoch epoch) {
  if (!where)
    where = runtime::home::at(system, std::hash<std::string>{}(name));
  return dn_ref::of<dn_impl>(system.spawn<dn_impl, caf::lazy_init>(
    where, &context, std::move(directory), std::move(name), epoch));
}

} // namespace ringdown
