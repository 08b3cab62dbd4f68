#include "actors/dn/dn_screen.hpp"

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

const screen& dn_screen::shown() const noexcept {
  static const screen nothing;
  return turn_ ? turn_->state() : nothing;
}

dn_screen::scope::scope(dn_screen& of) : of_(of), is_outermost_(!of.turn_) {
  if (!is_outermost_ || !of_.session_)
    return;
  of_.turn_.emplace(of_.session_);
  of_.put(of_.turn_->take_due());
  of_.settle();
}

dn_screen::scope::~scope() {
  if (!is_outermost_)
    return;
  of_.settle();
  if (of_.turn_)
    of_.show_on_board();
  of_.turn_.reset();
}

void dn_screen::show_on_board() {
  auto& s = shown();
  auto count = [](const auto& all) { return static_cast<std::uint32_t>(all.size()); };
  auto& counts = state_.counts;
  auto now = light(s);
  if (auto was = state_.board->light.load(std::memory_order_relaxed); was != now) {
    counts.sessions_light.subtract(1, was);
    counts.sessions_light.count(now);
  }
  counts.pauses_held.add(std::uint64_t{s.pauses.size()} - state_.board->pauses);
  counts.alarms.add(std::uint64_t{s.alarms.size()} - state_.board->alarms);
  dn_board::set(state_.board->light, now);
  dn_board::set(state_.board->desired, desired(s).value_or(capture_state::unknown));
  dn_board::set(state_.board->pauses, count(s.pauses));
  dn_board::set(state_.board->paused_since_us,
                s.pauses.empty() ? std::int64_t{0} : s.pauses.front().since_us);
  dn_board::set(state_.board->waiting, count(s.held));
  dn_board::set(state_.board->alarms, count(s.alarms));
  dn_board::set(state_.board->changed_us, s.changed_us);
}

/// With all recorders that are there: their words are not known yet, and they are asked after a
/// while.
void dn_screen::begin(steady_ms ask_after) {
  if (session_)
    return;
  screen known;
  known.last_event = actor_.steady_now();
  for (auto& r : state_.clients) {
    if (!r.is_active_recorder())
      continue;
    screen_recorder one;
    one.id = r.client->who.id;
    one.exact = r.client->who.exact_versions;
    one.per_call = r.client->who.per_call;
    one.ask_at = known.last_event + ask_after;
    known.recorders.push_back(std::move(one));
  }
  session_ = actor_.begin_session(std::move(known));
  state_.counts.sessions_light.count(capture_state::unknown); // as the board has it
  turn_.emplace(session_);
}

void dn_screen::end() {
  if (!session_)
    return;
  turn_.reset();
  state_.context.outcomes_owed -=
    std::exchange(own_orders_owed_, 0); // nobody is left to hear of them
  actor_.end_session(std::exchange(session_, {}));
  state_.light = capture_state::unknown;
  show_on_board(); // nothing is known
  state_.counts.sessions_light.subtract(1, capture_state::unknown);
}

/// What it knew is lost, and the clients are told so.
void dn_screen::fail() {
  state_.context.observed_by->log("dn", observer::severity::error, "capture session failed",
                                  {{"dn", state_.name()}});
  end();
  effects_.clear();
  conclude_all_unknown();
  say({}, capture_verb::unknown, broker_reason::internal_error, true);
}

void dn_screen::ask_recorders() {
  begin({});
  tell(tick_due{});
}

void dn_screen::tell(const screen_event& event) {
  put(turn_->tell(event, {actor_.steady_now(), state_.now_us()}));
  state_.light = light(turn_->state());
}

void dn_screen::put(std::vector<screen_effect> effects) {
  std::move(effects.begin(), effects.end(), std::back_inserter(effects_));
}

void dn_screen::settle() {
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    auto effect = std::move(effects_[i]);
    std::visit([this](const auto& what) { carry_out(what); }, effect);
  }
  effects_ = std::vector<screen_effect>{}; // a screen at rest needs no room for them
}

// ---- commands and words --------------------------------------------------------------------

command_book& dn_screen::opened_book() {
  if (!book_)
    book_ = std::make_unique<command_book>(state_.context);
  return *book_;
}

void dn_screen::accept_command(const dn_batch& batch, const dn_request& request,
                               const accepted_event& accepted, const reservation& got,
                               const ack& answer) {
  auto& client = batch.client();
  auto& asked = request.event;
  auto details = details_of(asked);
  accepted_command command;
  command.sequence = state_.sequence;
  command.sender = client;
  command.origin = client->who.id;
  command.application = client->who.application;
  command.owner = client->who.owner();
  command.instance = client->who.instance;
  command.id = asked.command;
  command.connection = asked.connection;
  command.verb = asked.verb;
  command.version = accepted.event.header.version;
  command.reason = details.reason;
  command.agent_id = details.agent_id;
  command.time_us = batch.time_us();
  command.accepted_at = actor_.steady_now();
  command.recorders = got.places.size();
  if (asked.command) {
    auto remembered = answer;
    remembered.this_dn = {};
    opened_book().ids.add(command.owner, asked.command, content_of(asked, state_.context.hash),
                          remembered, actor_.steady_now());
  }
  opened_book().accept(std::move(command));
  state_.counts.commands.count(asked.verb);
  begin(state_.context.bounds.confirm_timeout / 2);
  command_admitted event;
  event.command = accepted.command->command;
  event.sequence = state_.sequence;
  event.version = accepted.event.header.version;
  event.timeout = asked.confirm_timeout_ms ? steady_ms{*asked.confirm_timeout_ms}
                                           : steady_ms{state_.context.bounds.confirm_timeout};
  if (accepted.command->judged.goes == way::recorders)
    event.recorders = awaited_of(state_.clients, got);
  event.reason = details.reason;
  event.time_us = batch.time_us();
  tell(event);
  settle();
}

void dn_screen::tell_of_word(const dn_batch& batch, const dn_request& request,
                             const accepted_event& accepted) {
  auto& client = *batch.client();
  auto* own = state_.clients.find(client);
  if (own == nullptr || own->standby)
    return;
  begin(state_.context.bounds.confirm_timeout / 2);
  auto& header = accepted.event.header;
  indication_heard word;
  word.recorder = client.who.id;
  auto verb = request.event.verb;
  if (verb != capture_verb::failed)
    word.state = state_of(verb);
  word.connection = accepted.event.session;
  if (header.version <= state_.version) // of a version that was never given nothing can be known
    word.echoed = header.version;
  word.has_failed = verb == capture_verb::failed || header.details.failure_code != 0 ||
                    !header.details.failure_text.empty();
  word.failure_code = header.details.failure_code;
  word.failure_text = header.details.failure_text;
  if (verb == capture_verb::failed)
    log_if_unasked(word);
  tell(word);
}

void dn_screen::conclude_all_unknown() {
  while (book_ && book_->pending() != 0) {
    decided what;
    what.order.sequence = book_->front()->sequence;
    what.order.connection = book_->front()->connection;
    what.order.verb = book_->front()->verb;
    what.order.version = book_->front()->version;
    what.result = outcome::unknown;
    carry_out(what);
  }
  while (book_ && !book_->held().empty()) {
    auto& held = book_->held().front();
    carry_out(
      hold_over{{held.sequence, held.verb, held.connection, held.version}, outcome::unknown});
  }
}

// ---- outcomes ------------------------------------------------------------------------------

void dn_screen::carry_out(const decided& what) {
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
    --state_.context.outcomes_owed; // not before it is written: a draining link closes then
  }
  for (auto held : order.releases) {
    auto released = book_ ? book_->let_go(held) : std::nullopt;
    event.cause = order.is_own() ? order.cause : broker_reason::hold_released;
    event.released = held;
    event.released_command = released ? released->id : command_id{};
    tell_outcome(released ? &*released : nullptr, event, true);
    if (released)
      --state_.context.outcomes_owed; // as above
  }
  if (order.is_own()) { // not before it is told, as above
    --own_orders_owed_;
    --state_.context.outcomes_owed;
  }
}

/// It will not be ordered any more.
void dn_screen::carry_out(const hold_over& what) {
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
  --state_.context.outcomes_owed; // as above
}

/// To the command's sender, or the same program over another connection; and to those who asked to
/// hear outcomes.
void dn_screen::tell_outcome(const accepted_command* command, outcome_event& event, bool is_kept) {
  event.this_dn = state_.name();
  event.epoch = state_.epoch;
  event.effective_state = state_.light;
  event.time_us = state_.now_us();
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
    if (auto* known = book_->ids.find(command->owner, command->id))
      book_->ids.decide(*known, frame);
  if (is_kept)
    opened_book().remember(std::move(encoded));
  auto givers = givers_of(command);
  for (auto* to : givers)
    if (to != nullptr && to->who.outcomes)
      static_cast<void>(to->box.answer(frame)); // closed: it is kept with the command id
  auto has_heard = [&](const t_client& one) {
    return one.who.outcomes && std::find(givers.begin(), givers.end(), &one) != givers.end();
  };
  for (auto& r : state_.clients)
    if (r.hear_outcomes && !has_heard(*r.client))
      static_cast<void>(r.client->box.answer(frame));
  for (auto watchers = state_.context.watchers.now(); auto& w : *watchers) {
    auto* own = state_.clients.find(*w.client);
    if (w.hear_outcomes && !has_heard(*w.client) && (own == nullptr || !own->hear_outcomes))
      static_cast<void>(w.client->box.answer(frame));
  }
  log_outcome(event, command);
  if (command != nullptr)
    count_outcome(event, *command);
}

/// What is held has its outcome at once, and another when it is let go: neither says how fast
/// recorders are.
void dn_screen::count_outcome(const outcome_event& event, const accepted_command& command) {
  auto& counts = state_.counts;
  counts.outcomes.count(event.verb, event.result);
  if (!event.released && event.result != outcome::held)
    counts.outcome_seconds.observe(
      static_cast<std::uint64_t>((actor_.steady_now() - command.accepted_at).count()), event.verb);
}

/// Who gave the command and is there: its sender, or the same program over another connection; and
/// who sent it again.
std::array<t_client*, 2> dn_screen::givers_of(const accepted_command* command) {
  if (command == nullptr)
    return {};
  auto* first = command->sender.get();
  if (first == nullptr || first->box.closed()) {
    auto* again = state_.clients.same_program(command->application, command->instance);
    first = again == nullptr ? nullptr : again->client.get();
  }
  auto* repeater = command->repeater.get();
  return {first, repeater == first ? nullptr : repeater};
}

// ---- the broker's own ----------------------------------------------------------------------

void dn_screen::carry_out(const send_order& what) {
  bool must_not = records(what.verb) && !shown().pauses.empty();
  if (must_not) { // a promise would break in silence
    state_.context.observed_by->log("dn", observer::severity::error,
                                    "an order to record during a pause", {{"dn", state_.name()}});
    return;
  }
  outgoing event;
  event.session = what.connection;
  event.header.desired =
    what.verb == capture_verb::stop ? capture_state::disabled : desired(shown());
  event.header.for_recorder = what.for_recorder;
  if (desired_by(what.verb))
    event.header.version = {++state_.version.value};
  event.priority = traffic::reserved;
  auto version = event.header.version;
  auto got = deliver_own(std::move(event), what.verb, what.cause);
  ++own_orders_owed_;
  ++state_.context.outcomes_owed;
  tell(order_sent{what, state_.sequence, version, awaited_of(state_.clients, got)});
}

void dn_screen::carry_out(const say_unknown& what) {
  say({}, capture_verb::unknown, what.reason, what.alarm);
}

void dn_screen::carry_out(const raise_alarm& what) {
  say({}, capture_verb::none, what.reason, true, what.recorder);
}

void dn_screen::say(conn_id connection, capture_verb verb, broker_reason reason, bool alarm,
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
reservation dn_screen::deliver_own(outgoing event, capture_verb verb, broker_reason reason) {
  auto content = make_capture_event(state_.name(), event.session, verb);
  event.event = content;
  // An alarm is of the screen, whatever its light: who hears of that hears it.
  event.kind = verb == capture_verb::none ? event_kind::indication : kind_of(verb);
  event.header.sequence = {++state_.sequence.value};
  event.header.epoch = state_.epoch;
  event.header.time_us = state_.now_us();
  event.header.origin_role = role::broker;
  event.header.effective_state = state_.light;
  event.header.broker_reason = static_cast<std::uint32_t>(reason);
  state_.counts.events.count(event.kind);
  event_head head{event.header, event.event.size()};
  auto got = state_.out.reserve(state_.clients, event, head);
  state_.out.write(state_.clients, event, head, got);
  state_.saw_closed |= got.saw_closed;
  return got;
}

} // namespace ringdown
