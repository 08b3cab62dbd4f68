// A DN and its screen: what it tells its session, and what it does with what follows.
#include "actors/dn/dn.hpp"

#include "actors/dn/snapshot.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringdown {

namespace {

bool records(capture_verb verb) noexcept {
  return desired_by(verb) == capture_state::enabled;
}

/// The active recorders that an event is for, and whether it found room.
std::vector<awaited_recorder> awaited_of(const roster& who, const reservation& got) {
  std::vector<awaited_recorder> asked;
  for (auto& place : got.places) {
    if (place.got == room::closed)
      continue;
    for (auto& r : who)
      if (r.client.get() == place.recorder) {
        awaited_recorder one;
        one.recorder = r.client->who.id;
        if (place.got == room::full)
          one.verdict = recorder_verdict::not_queued;
        asked.push_back(std::move(one));
      }
  }
  return asked;
}

} // namespace

// ---- the session ---------------------------------------------------------------------------

const screen& dn_impl::shown() const noexcept {
  static const screen nothing;
  return turn_ ? turn_->state() : nothing;
}

dn_impl::screen_scope::screen_scope(dn_impl& dn) : dn_(dn), is_outermost_(!dn.turn_) {
  if (!is_outermost_ || !dn_.session_)
    return;
  dn_.turn_.emplace(dn_.session_);
  dn_.put(dn_.turn_->take_due());
  dn_.settle();
}

dn_impl::screen_scope::~screen_scope() {
  if (!is_outermost_)
    return;
  dn_.settle();
  if (dn_.turn_)
    dn_.show_on_board();
  dn_.turn_.reset();
}

void dn_impl::show_on_board() {
  auto& s = shown();
  auto count = [](const auto& all) { return static_cast<std::uint32_t>(all.size()); };
  dn_board::set(board_->light, light(s));
  dn_board::set(board_->desired, desired(s).value_or(capture_state::unknown));
  dn_board::set(board_->pauses, count(s.pauses));
  dn_board::set(board_->paused_since_us,
                s.pauses.empty() ? std::int64_t{0} : s.pauses.front().since_us);
  dn_board::set(board_->waiting, count(s.held));
  dn_board::set(board_->alarms, count(s.alarms));
  dn_board::set(board_->changed_us, s.changed_us);
}

/// With all recorders that are there: their words are not known yet, and they are asked after a
/// while.
void dn_impl::begin_session(steady_ms ask_after) {
  if (session_)
    return;
  screen known;
  known.last_event = steady_now();
  for (auto& r : roster_) {
    if (!r.is_active_recorder())
      continue;
    screen_recorder one;
    one.id = r.client->who.id;
    one.exact = r.client->who.exact_versions;
    one.per_call = r.client->who.per_call;
    one.ask_at = known.last_event + ask_after;
    known.recorders.push_back(std::move(one));
  }
  session_ =
    spawn_session(system(), where(), context_, caf::actor_cast<dn_actor>(this), std::move(known));
  monitor(session_.handle());
  turn_.emplace(session_);
}

void dn_impl::end_session() {
  if (!session_)
    return;
  turn_.reset();
  context_.outcomes_owed -= std::exchange(own_orders_owed_, 0); // nobody is left to hear of them
  demonitor(session_.handle().address());
  caf::anon_send_exit(session_.handle(), caf::exit_reason::user_shutdown);
  session_ = {};
  light_ = capture_state::unknown;
  show_on_board(); // nothing is known
}

/// What it knew is lost, and the clients are told so. The recorders are asked anew.
void dn_impl::session_failed(const caf::down_msg& down) {
  if (!session_ || session_.handle().address() != down.source)
    return;
  context_.tells->tell("dn", observer::severity::error, "capture session failed",
                       {{"dn", delivery_.dn().name}});
  end_session();
  effects_.clear();
  conclude_all_unknown();
  say({}, capture_verb::unknown, broker_reason::internal_error, true);
  if (roster_.recorders_active() != 0)
    arm_ask_tick();
}

void dn_impl::tell(const screen_event& event) {
  put(turn_->tell(event, present()));
  light_ = light(turn_->state());
}

void dn_impl::put(std::vector<screen_effect> effects) {
  std::move(effects.begin(), effects.end(), std::back_inserter(effects_));
}

/// Its time has brought something about.
void dn_impl::rang() {
  bool has_ended = false;
  {
    screen_scope within{*this};
    has_ended = session_ && is_blank(shown());
  }
  if (has_ended)
    end_session(); // recorders were asked, and nobody has said or asked anything
  if (saw_closed_)
    drop_closed();
}

/// Carries out what is due, in its order; what follows from that comes behind it.
void dn_impl::settle() {
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    auto effect = std::move(effects_[i]);
    std::visit([this](const auto& what) { take(what); }, effect);
  }
  effects_ = std::vector<screen_effect>{}; // a screen at rest needs no room for them
}

// ---- commands and words --------------------------------------------------------------------

command_book& dn_impl::book() {
  if (!book_)
    book_ = std::make_unique<command_book>(context_);
  return *book_;
}

/// After the ACK and the delivery: from here on an outcome is owed.
void dn_impl::accept_command(const dn_batch& batch, const dn_request& request,
                             const accepted_event& accepted, const reservation& got,
                             const ack& answer) {
  auto& client = batch.client();
  auto& asked = request.event;
  auto details = details_of(asked);
  accepted_command command;
  command.sequence = sequence_;
  command.sender = client;
  command.origin = client->who.id;
  command.application = client->who.application;
  command.instance = client->who.instance;
  command.id = asked.command;
  command.connection = asked.connection;
  command.verb = asked.verb;
  command.version = accepted.event.header.version;
  command.reason = details.reason;
  command.agent_id = details.agent_id;
  command.time_us = batch.time_us();
  command.accepted_at = steady_now();
  if (asked.command) {
    auto remembered = answer;
    remembered.this_dn = {};
    book().ids.add(client->who.application, asked.command, content_of(asked), remembered,
                   steady_now());
  }
  book().accept(std::move(command));
  begin_session(context_.bounds.confirm_timeout / 2);
  command_admitted event;
  event.command = accepted.command;
  event.sequence = sequence_;
  event.version = accepted.event.header.version;
  event.timeout = asked.confirm_timeout_ms ? steady_ms{*asked.confirm_timeout_ms}
                                           : steady_ms{context_.bounds.confirm_timeout};
  if (accepted.judged.goes == way::recorders)
    event.recorders = awaited_of(roster_, got);
  event.reason = details.reason;
  event.time_us = batch.time_us();
  tell(event);
  settle();
}

/// Before the delivery. A recorder on standby does not count: its word begins nothing.
void dn_impl::tell_of_word(const dn_batch& batch, const dn_request& request,
                           const accepted_event& accepted) {
  auto& client = *batch.client();
  auto* own = roster_.find(client);
  if (own == nullptr || own->standby)
    return;
  begin_session(context_.bounds.confirm_timeout / 2);
  auto& header = accepted.event.header;
  indication_heard word;
  word.recorder = client.who.id;
  auto verb = request.event.verb;
  if (verb != capture_verb::failed)
    word.state = state_of(verb);
  word.connection = accepted.event.session;
  if (header.version <= version_) // of a version that was never given nothing can be known
    word.echoed = header.version;
  word.has_failed = verb == capture_verb::failed || header.details.failure_code != 0 ||
                    !header.details.failure_text.empty();
  word.failure_code = header.details.failure_code;
  word.failure_text = header.details.failure_text;
  if (verb == capture_verb::failed)
    log_if_unasked(word);
  tell(word);
}

void dn_impl::conclude_all_unknown() {
  while (book_ && book_->pending() != 0) {
    decided what;
    what.order.sequence = book_->front()->sequence;
    what.order.connection = book_->front()->connection;
    what.order.verb = book_->front()->verb;
    what.order.version = book_->front()->version;
    what.result = outcome::unknown;
    take(what);
  }
  while (book_ && !book_->held().empty()) {
    auto& held = book_->held().front();
    take(hold_over{{held.sequence, held.verb, held.connection, held.version}, outcome::unknown});
  }
}

// ---- outcomes ------------------------------------------------------------------------------

void dn_impl::take(const decided& what) {
  auto& order = what.order;
  boost::container::small_vector<recorder_result, 4> results;
  for (auto& r : order.recorders) {
    results.push_back(
      {r.recorder, application_of(r.recorder), r.verdict, r.said, r.failure_code, r.failure_text});
  }
  outcome_event event;
  event.sequence = order.sequence;
  event.connection = order.connection;
  event.verb = order.verb;
  event.version = order.version;
  event.result = what.result;
  event.recorders = results;
  event.superseded_by = what.superseded_by;
  event.aggregate = what.aggregate;
  if (what.held_by)
    event.held_by = facts_of(*what.held_by, shown().held.size());
  event.cause = order.cause;
  event.accepted_time_us = order.sent_us;
  if (order.is_own()) {
    if (order.releases.empty())
      tell_outcome(nullptr, event, order.cause != broker_reason::asked);
  } else if (book_ && book_->is_pending(order.sequence)) {
    auto command = book_->conclude(order.sequence, what.result == outcome::held);
    tell_outcome(&command, event, true);
    --context_.outcomes_owed; // not before it is written: a draining link closes then
  }
  for (auto held : order.releases) {
    auto released = book_ ? book_->let_go(held) : std::nullopt;
    event.cause = order.is_own() ? order.cause : broker_reason::hold_released;
    event.released = held;
    event.released_command = released ? released->id : command_id{};
    tell_outcome(released ? &*released : nullptr, event, true);
    if (released)
      --context_.outcomes_owed; // as above
  }
  if (order.is_own()) { // not before it is told, as above
    --own_orders_owed_;
    --context_.outcomes_owed;
  }
}

/// It will not be ordered any more.
void dn_impl::take(const hold_over& what) {
  auto command = book_ ? book_->let_go(what.command.sequence) : std::nullopt;
  if (!command)
    return;
  outcome_event event;
  event.sequence = what.command.sequence;
  event.connection = what.command.connection;
  event.verb = what.command.verb;
  event.version = what.command.version;
  event.result = what.result;
  event.superseded_by = what.superseded_by;
  event.cause = broker_reason::hold_released;
  event.released = what.command.sequence;
  event.released_command = command->id;
  tell_outcome(&*command, event, true);
  --context_.outcomes_owed; // as above
}

/// To the command's sender, or the same program over another connection; and to those who asked to
/// hear outcomes.
void dn_impl::tell_outcome(const accepted_command* command, outcome_event& event, bool is_kept) {
  event.this_dn = delivery_.dn().name;
  event.epoch = epoch_;
  event.effective_state = light_;
  event.time_us = now_us();
  if (command != nullptr) {
    event.origin = command->origin;
    event.origin_application = command->application;
    event.reason = command->reason;
    event.agent_id = command->agent_id;
    event.accepted_time_us = command->time_us;
    if (!event.released)
      event.command = command->id;
  }
  auto encoded = encode_outcome(event);
  auto frame = encoded.frame;
  if (command != nullptr && command->id && !event.released)
    if (auto* known = book_->ids.find(command->application, command->id))
      known->outcome = frame;
  if (is_kept)
    book().remember(std::move(encoded));
  auto* to = command != nullptr ? command->sender.get() : nullptr;
  if (command != nullptr && (to == nullptr || to->box.closed())) {
    auto* again = roster_.same_program(command->application, command->instance);
    to = again == nullptr ? nullptr : again->client.get();
  }
  if (to != nullptr && to->who.outcomes)
    static_cast<void>(to->box.answer(frame)); // closed: it is kept with the command id
  for (auto& r : roster_)
    if (r.hear_outcomes && (r.client.get() != to || !to->who.outcomes))
      static_cast<void>(r.client->box.answer(frame));
  if (!context_.watchers.empty())
    tell_watchers(to, frame);
  log_outcome(event, command);
}

/// Those that watch every DN and wish to hear outcomes, but for who has heard it.
void dn_impl::tell_watchers(const t_client* told, std::string_view frame) {
  for (auto watchers = context_.watchers.now(); auto& w : *watchers) {
    auto* own = roster_.find(*w.client);
    bool has_heard = w.client.get() == told || (own != nullptr && own->hear_outcomes);
    if (w.hear_outcomes && !has_heard)
      static_cast<void>(w.client->box.answer(frame));
  }
}

// ---- the broker's own ----------------------------------------------------------------------

void dn_impl::take(const send_order& what) {
  bool must_not = records(what.verb) && !shown().pauses.empty();
  if (must_not) { // a promise would break in silence
    context_.tells->tell("dn", observer::severity::error, "an order to record during a pause",
                         {{"dn", delivery_.dn().name}});
    return;
  }
  outgoing event;
  event.session = what.connection;
  event.header.desired =
    what.verb == capture_verb::stop ? capture_state::disabled : desired(shown());
  event.header.for_recorder = what.for_recorder;
  if (desired_by(what.verb))
    event.header.version = {++version_.value};
  event.priority = traffic::reserved;
  auto version = event.header.version;
  auto got = deliver_own(std::move(event), what.verb, what.cause);
  ++own_orders_owed_;
  ++context_.outcomes_owed;
  tell(order_sent{what, sequence_, version, awaited_of(roster_, got)});
}

void dn_impl::take(const say_unknown& what) {
  say({}, capture_verb::unknown, what.reason, what.alarm);
}

void dn_impl::take(const raise_alarm& what) {
  say({}, capture_verb::none, what.reason, true, what.recorder);
}

/// The broker's own event: `unknown`, or without a verb an alarm alone, of a recorder if one is
/// named.
void dn_impl::say(conn_id connection, capture_verb verb, broker_reason reason, bool alarm,
                  client_id recorder) {
  if (alarm)
    log_alarm(reason, recorder);
  outgoing event;
  event.priority = traffic::reserved;
  event.session = connection;
  event.header.mark = alarm ? event_mark::alarm : event_mark::none;
  static_cast<void>(deliver_own(std::move(event), verb, reason));
}

/// Makes the broker's event of what is given, and delivers it; recorders hear it like everybody.
reservation dn_impl::deliver_own(outgoing event, capture_verb verb, broker_reason reason) {
  auto content = make_capture_event(delivery_.dn().name, event.session, verb);
  event.event = content;
  // An alarm is of the screen, whatever its light: who hears of that hears it.
  event.kind = verb == capture_verb::none ? event_kind::indication : kind_of(verb);
  event.header.sequence = {++sequence_.value};
  event.header.epoch = epoch_;
  event.header.time_us = now_us();
  event.header.origin_role = role::broker;
  event.header.effective_state = light_;
  event.header.broker_reason = static_cast<std::uint32_t>(reason);
  event_head head{event.header, event.event.size()};
  auto got = delivery_.reserve(roster_, event, head);
  delivery_.write(roster_, event, head, got);
  saw_closed_ |= got.saw_closed;
  return got;
}

/// Without a session nobody has said or asked anything yet. A recorder that was registered, and
/// whose broker may just have started again, is asked: then the light can be known.
void dn_impl::arm_ask_tick() {
  if (std::exchange(ask_armed_, true))
    return;
  delayed_send(this, context_.bounds.confirm_timeout / 2, ask_atom::value);
}

void dn_impl::ask_tick() {
  ask_armed_ = false;
  if (session_ || draining_ || is_removed_ || roster_.recorders_active() == 0)
    return; // its session asks
  {
    screen_scope within{*this};
    begin_session({});
    tell(tick_due{});
  }
  if (saw_closed_)
    drop_closed();
}

} // namespace ringdown
