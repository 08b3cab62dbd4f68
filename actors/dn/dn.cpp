#include "actors/dn/dn.hpp"

#include "actors/dn/snapshot.hpp"
#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <functional>
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

fault not_registered() {
  return {error_code::not_registered, "this_dn", "a DN on which the client is registered", {}, {}};
}

} // namespace

// ---- life ----------------------------------------------------------------------------------

dn_impl::dn_impl(caf::actor_config& config, runtime::home where, broker_context* context,
                 directory_actor directory, dn_board_ptr board)
  : pinned_to_home(config, where), context_(*context), epoch_(board->identity.epoch),
    delivery_(*context, identity_of(board)), board_(std::move(board)),
    directory_(std::move(directory)) {}

dn_impl::behavior_type dn_impl::make_behavior() {
  last_use_ = clock().now();
  set_down_handler([this](const caf::down_msg& down) { session_failed(down); });
  auto self = []() -> dn_impl& { return static_cast<dn_impl&>(handling()); };
  static const behavior_type of_all{
    [self](const dn_batch_ptr& batch) { self().take(*batch); },
    [self](client_gone_atom, const client_ptr& client) { self().client_gone(client); },
    [self](session_rang_atom) { self().rang(); },
    [self](remove_atom) { self().remove(); },
    [self](tick_atom) { self().tick(); },
    [self](ask_atom) { self().ask_tick(); },
    [self](drain_atom) { self().drain(); },
    [self](retire_atom) { self().retire(); },
  };
  return of_all;
}

void dn_impl::client_gone(const client_ptr& client) {
  drop(client);
  arm_idle_tick();
}

void dn_impl::remove() {
  {
    screen_scope within{*this};
    if (session_)
      tell(ringdown::draining{true});
  }
  end_registrations(error_code::dn_not_configured);
  end_session();
  is_removed_ = true;
}

/// Nobody asked for it: each client hears why, and what became of its commands.
void dn_impl::end_registrations(error_code why) {
  conclude_all_unknown();
  for (auto& r : roster_) {
    static_cast<void>(
      r.client->box.answer(encode_unregistered({}, delivery_.dn().name, why, now_us())));
    r.client->report({delivery_.dn().name, false, r.mode, true});
  }
  roster_.clear();
  show_roster_on_board();
}

void dn_impl::retire() {
  if (is_empty())
    quit();
}

void dn_impl::on_exit() {
  // At the broker's end connections close first; their letters may still be on the way. Only a DN
  // that failed has registrations of connections that stand: these must not wait for its events.
  roster_.erase_closed();
  if (!roster_.empty()) {
    context_.tells->tell("dn", observer::severity::error, "DN actor ended with registrations",
                         {{"dn", delivery_.dn().name}});
    say({}, capture_verb::unknown, broker_reason::internal_error, session_ && !is_removed_);
  }
  end_registrations(error_code::internal_error);
  end_session();
  directory_ = nullptr;
}

/// A DN that is used has no tick; one that nobody is registered on has one.
void dn_impl::arm_idle_tick() {
  if (tick_armed_ || !roster_.empty())
    return;
  tick_armed_ = true;
  delayed_send(this, context_.bounds.dn_idle_timeout, tick_atom::value);
}

void dn_impl::tick() {
  tick_armed_ = false;
  if (roster_.empty() && session_) {
    bool ends = false;
    {
      screen_scope within{*this};
      ends = may_end(shown(), steady_now(), rules());
    }
    if (ends)
      end_session();
  }
  bool remembers = book_ && (book_->ids.expire(steady_now()), !book_->ids.empty());
  if (is_empty() && !remembers && clock().now() - last_use_ >= context_.bounds.dn_idle_timeout)
    send(directory_, idle_atom::value, delivery_.dn().name, delivery_.dn().epoch);
  arm_idle_tick(); // the directory may refuse
}

/// Commands get a quarter of the time that the broker has to be confirmed; what is left then is
/// not known. So the clients hear of it before their links end. Where nobody is left to confirm or
/// to hear, nothing is waited for.
void dn_impl::drain() {
  bool is_first = !std::exchange(draining_, true);
  bool at_the_end = !is_first || roster_.empty();
  screen_scope within{*this};
  auto wanted = desired(shown());
  if (is_first && (wanted == capture_state::enabled || wanted == capture_state::paused))
    ++context_.captures_live;
  if (session_)
    tell(ringdown::draining{at_the_end});
  settle();
  if (!at_the_end && book_ && book_->pending() != 0)
    delayed_send(this, context_.bounds.drain_timeout / 4, drain_atom::value);
}

// ---- requests ------------------------------------------------------------------------------

/// A loop's own time stands beside what the turn has touched; the system's clock leads to it by way
/// of memory that nothing else here needs.
caf::actor_clock::time_point dn_impl::turn_time() {
  auto* loop = where().loop();
  return loop != nullptr ? loop->now() : clock().now();
}

steady_ms dn_impl::steady_now() {
  return std::chrono::duration_cast<steady_ms>(clock().now().time_since_epoch());
}

void dn_impl::take(dn_batch& batch) {
  last_use_ = turn_time();
  if (is_removed_)
    batch.refuse_all({error_code::dn_not_configured, "this_dn", "a configured DN", {}, {}},
                     delivery_.dn().name);
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
    auto* own = roster_.find(*batch.client());
    batch.report(own != nullptr, own != nullptr ? own->mode : registration_mode::share);
  }
  if (saw_closed_)
    drop_closed();
  arm_idle_tick();
}

error_context dn_impl::about(const dn_batch& batch) const {
  return {delivery_.dn().name, {}, {}, batch.time_us()};
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
decision dn_impl::decide_about(dn_batch& batch, const dn_request& request) {
  auto& client = *batch.client();
  auto& asked = request.event;
  sender_facts from{client.who.role, {}, true};
  if (auto* own = roster_.find(client))
    from.mode = own->mode;
  if (context_.authorize)
    from.authorized = context_.may(client.who, action_of(asked.verb), delivery_.dn().name);
  dn_view view{.dn = delivery_.dn(),
               .sequence = sequence_,
               .version = version_,
               .light = light_,
               .facts = {},
               .bounds = context_.bounds,
               .time_us = batch.time_us()};
  view.facts.version = version_;
  if (asked.verb == capture_verb::none) [[likely]]
    return decide(view, from, client, asked, request.reference);
  const auto by = rules();
  view.now_shown = &shown();
  view.rules = &by;
  view.now = steady_now();
  if (!is_command(asked.verb))
    return decide(view, from, client, asked, request.reference);
  view.calls_are_told = calls_are_told();
  auto& facts = view.facts;
  facts.recorders_active = roster_.recorders_active();
  facts.commands_pending = book_ ? book_->pending() : 0;
  facts.strict = context_.confirm.strict;
  facts.observed = light_;
  facts.paused = facts.strict && !shown().pauses.empty();
  if (asked.command && book_) {
    book_->ids.expire(view.now);
    if (auto* known = book_->ids.find(client.who.application, asked.command))
      facts.seen = known->content == content_of(asked) ? dn_facts::command_seen::same
                                                       : dn_facts::command_seen::other_content;
  }
  return decide(view, from, client, asked, request.reference);
}

void dn_impl::send_event(dn_batch& batch, const dn_request& request) {
  if (request.event.verb == capture_verb::none) [[likely]] {
    auto decided = decide_about(batch, request);
    if (auto* accepted = std::get_if<accepted_event>(&decided)) [[likely]]
      return carry_out(batch, request, *accepted);
    auto& refused = std::get<refusal>(decided);
    return batch.refuse(refused.why, about(batch));
  }
  screen_scope within{*this};
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

/// Reserves, answers, delivers; then the command waits for its outcome.
void dn_impl::carry_out(dn_batch& batch, const dn_request& request, accepted_event& accepted) {
  auto& event = accepted.event;
  if (!accepted.rewritten.empty())
    event.event = accepted.rewritten;
  if (event.kind == event_kind::indication) {
    tell_of_word(batch, request, accepted);
    event.header.effective_state = light_; // the event shows the light that it makes
  }
  event_head head{event.header, event.event.size()};
  auto got = delivery_.reserve(roster_, event, head);
  if (accepted.for_recorders && got.accepted == 0 && got.full != 0)
    return batch.refuse({error_code::no_queue_space, {}, {}, {}, {}}, about(batch));
  sequence_ = event.header.sequence;
  version_ = accepted.version;
  ack answer{static_cast<std::uint32_t>(got.accepted),
             sequence_,
             epoch_,
             version_,
             request.event.user_event,
             batch.time_us(),
             request.names_dn ? std::string_view{delivery_.dn().name} : std::string_view{}};
  char frame[ack_frame_bytes_max];
  auto* end = encode_ack(frame, request.reference, answer);
  if (event.kind == event_kind::command)
    ++context_.outcomes_owed; // before anybody can know of it: a draining link waits
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  delivery_.write(roster_, event, head, got);
  saw_closed_ |= got.saw_closed;
  if (event.kind == event_kind::command)
    accept_command(batch, request, accepted, got, answer);
}

/// Seen before: the same answer, the outcome so far, no second effect. The outcome to come goes to
/// where the command was sent from last.
void dn_impl::replay(dn_batch& batch, const dn_request& request) {
  auto& client = batch.client();
  auto& known = *book_->ids.find(client->who.application, request.event.command);
  char frame[ack_frame_bytes_max];
  auto answer = known.answer;
  if (request.names_dn)
    answer.this_dn = delivery_.dn().name;
  auto* end = encode_ack(frame, request.reference, answer);
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  if (!known.outcome.empty() && client->who.outcomes)
    static_cast<void>(client->box.answer(known.outcome));
  book_->sent_again(request.event.command, client);
}

/// RequestMergeCalls and RequestEndCall.
void dn_impl::tell_of_call(dn_batch& batch, const dn_request& request) {
  screen_scope within{*this};
  bool is_end = request.what == dn_request::kind::end_call;
  auto wrong = is_end ? check_call(batch, request.connection, "connection_id")
                      : check_call(batch, request.former, "old_connection_id");
  if (!wrong && !is_end) {
    auto* from = find_call(shown(), request.former);
    auto* into = find_call(shown(), request.connection);
    auto count =
      (from != nullptr ? from->former.size() : 0) + 1 + (into != nullptr ? into->former.size() : 0);
    if (!request.connection || request.connection == request.former)
      wrong = invalid("connection_id", "another ConnID than old_connection_id, not 0");
    else if (from != nullptr && from == into)
      wrong = invalid("connection_id", "a call that old_connection_id is not merged into already");
    else if (count > former_connections_max)
      wrong = fault{error_code::overloaded,
                    "old_connection_id",
                    "at most " + std::to_string(former_connections_max) + " calls in one",
                    "too many calls were merged into this one",
                    {}};
  }
  if (wrong)
    return batch.refuse(*wrong, about(batch));
  char frame[ack_frame_bytes_max];
  auto* end =
    encode_ack(frame, request.reference, {{}, sequence_, epoch_, version_, 0, batch.time_us()});
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  if (is_end)
    context_.tells->tell("dn", observer::severity::info, "call ended",
                         {{"dn", delivery_.dn().name}, {"conn", to_string(request.connection)}});
  tell(is_end ? screen_event{call_ended{request.connection}}
              : screen_event{calls_merged{request.former, request.connection}});
}

/// What is wrong with a call source's request about this call.
std::optional<fault> dn_impl::check_call(const dn_batch& batch, conn_id connection,
                                         std::string_view attribute) {
  auto& who = batch.client()->who;
  if (roster_.find(*batch.client()) == nullptr)
    return not_registered();
  if (who.role != role::call_source)
    return fault{error_code::access_restricted, {}, {}, "only a call source tells of calls", {}};
  if (!context_.may(who, action::tell_of_calls, delivery_.dn().name))
    return fault{error_code::access_restricted, {}, {}, "the access list forbids it", {}};
  auto covers = [&](const screen_pause& p) { return p.covers == connection; };
  auto& pauses = shown().pauses;
  bool is_known =
    find_call(shown(), connection) != nullptr || std::any_of(pauses.begin(), pauses.end(), covers);
  if (!connection || !is_known)
    return invalid(std::string{attribute}, "the ConnID of a call that something was said of here");
  return std::nullopt;
}

/// A call source whose link breaks for a moment does not take the calls' lives with it: a `resume`
/// of one must not lift the pause of another meanwhile.
bool dn_impl::calls_are_told() {
  return roster_.has_role(role::call_source) ||
         (calls_told_until_ && steady_now() < *calls_told_until_);
}

// ---- registrations -------------------------------------------------------------------------

void dn_impl::register_client(dn_batch& batch, const dn_request& request) {
  auto& client = batch.client();
  auto& who = client->who;
  sender_facts applicant{who.role, {}, true};
  applicant.authorized = context_.may(who, action::register_, delivery_.dn().name);
  auto refusal =
    admit_registration(applicant, request.mode, roster_.facts_about(*client), context_.bounds);
  if (refusal)
    return batch.refuse(*refusal, about(batch));
  screen_scope within{*this};
  auto* before = roster_.find(*client);
  bool was_active = before != nullptr && before->is_active_recorder();
  bool could_command = before != nullptr && before->may_command();
  auto& own = roster_.put(
    {client, request.mode, who.role, request.echo, request.standby, request.hear_outcomes});
  bool is_active = own.is_active_recorder();

  if (session_ && own.may_command())
    tell(desktop_came{who.application}); // which its snapshot shows already
  else if (session_ && could_command)
    tell(desktop_gone{who.application, roster_.has_commander(who.application)});

  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& registered = *frame.mutable_event_registered();
  registered.set_this_dn(delivery_.dn().name);
  registered.set_mode(static_cast<v1::RegistrationMode>(request.mode));
  registered.set_time_us(batch.time_us());
  describe(*registered.mutable_snapshot());
  batch.answer(delimited(frame));
  show_roster_on_board();
  if (is_active && !session_)
    arm_ask_tick();
  if (!session_)
    return;
  if (is_active)
    tell(recorder_came{who.id, who.exact_versions, who.per_call});
  else if (was_active)
    tell(recorder_gone{who.id, own.standby});
}

void dn_impl::unregister_client(dn_batch& batch, const dn_request& request) {
  if (roster_.find(*batch.client()) == nullptr)
    return batch.refuse(not_registered(), about(batch));
  batch.answer(encode_unregistered(request.reference, delivery_.dn().name, {}, batch.time_us()));
  drop(batch.client());
}

void dn_impl::query(dn_batch& batch, const dn_request& request) {
  if (roster_.find(*batch.client()) == nullptr)
    return batch.refuse(not_registered(), about(batch));
  screen_scope within{*this};
  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& address = *frame.mutable_event_address_info();
  address.set_this_dn(delivery_.dn().name);
  address.set_time_us(batch.time_us());
  describe(*address.mutable_snapshot());
  fill_recorders(address, roster_);
  if (book_)
    fill_outcomes(address, *book_);
  batch.answer(delimited(frame));
}

void dn_impl::describe(v1::Snapshot& snapshot) {
  snapshot.set_dn_sequence(sequence_.value);
  snapshot.set_dn_epoch(epoch_.value);
  snapshot.set_version(version_.value);
  snapshot.set_effective_state(static_cast<v1::CaptureState>(light_));
  if (session_)
    fill_session(*snapshot.add_sessions(), shown(), roster_, {now_us(), steady_now()});
  snapshot.set_recorders_active(static_cast<std::uint32_t>(roster_.recorders_active()));
  snapshot.set_recorders_standby(static_cast<std::uint32_t>(roster_.recorders_standby()));
  snapshot.set_clients_registered(static_cast<std::uint32_t>(roster_.size()));
}

void dn_impl::drop(const client_ptr& client) {
  auto* own = roster_.find(*client);
  if (own == nullptr)
    return;
  bool was_recorder = own->is_recorder();
  bool told_calls = own->of == role::call_source;
  bool could_command = own->may_command();
  roster_.erase(*client);
  show_roster_on_board();
  if (told_calls)
    calls_told_until_ =
      steady_now() + std::chrono::duration_cast<steady_ms>(context_.confirm.dead_desktop_after);
  if (book_)
    book_->sender_left(*client);
  if (session_) {
    screen_scope within{*this};
    auto& who = client->who;
    if (was_recorder)
      tell(recorder_gone{who.id});
    else if (could_command)
      tell(desktop_gone{who.application, roster_.has_commander(who.application)});
  }
  if (draining_ && roster_.empty())
    drain();
}

void dn_impl::show_roster_on_board() {
  dn_board::set(board_->clients, static_cast<std::uint32_t>(roster_.size()));
  dn_board::set(board_->recorders_active, static_cast<std::uint32_t>(roster_.recorders_active()));
}

/// Ends the registrations of connections that have closed. Their actors say so too, but a ghost
/// must not count until its letter arrives.
void dn_impl::drop_closed() {
  saw_closed_ = false;
  while (auto ghost = roster_.first_closed())
    drop(ghost);
}

dn_ref spawn_dn(caf::actor_system& system, runtime::home where, broker_context& context,
                directory_actor directory, dn_board_ptr board) {
  if (!where)
    where = runtime::home::at(system, std::hash<std::string>{}(board->identity.name));
  return dn_ref::of<dn_impl>(
    system.spawn<dn_impl, caf::lazy_init>(where, &context, std::move(directory), std::move(board)));
}

} // namespace ringdown
