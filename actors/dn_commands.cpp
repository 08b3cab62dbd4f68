// A DN's commands, from their acceptance to their one outcome: who is told, what is remembered
// under the command id, and what becomes of a command whose session cannot say any more.
#include "actors/dn.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

steady_ms dn_impl::steady_now() {
  return std::chrono::duration_cast<steady_ms>(clock().now().time_since_epoch());
}

/// After the ACK and the delivery: from here on an outcome is owed.
void dn_impl::accept_command(const dn_batch& batch, const send_event_view& request,
                             dn_sequence sequence, const ack& answer,
                             const std::optional<hold>& held) {
  auto& client = batch.client();
  auto timeout = request.confirm_timeout_ms ? std::chrono::milliseconds{*request.confirm_timeout_ms}
                                            : context_.bounds.confirm_timeout;
  bool is_kept_paused = held && held->by_holders;
  auto& session = is_kept_paused ? *find_session(request.connection)
                                 : note_command(request, client->who, held.has_value());
  note_holder(session, request.verb, client->who);
  accepted_command command;
  command.told.command = {sequence, request.verb, {}, steady_now() + timeout, {}};
  if (desired_by(request.verb))
    command.told.command.version = version_;
  if (held)
    command.told.held = true;
  else
    command.told.command.recorders = recorders_asked();
  command.sender = client;
  command.id = request.command;
  command.connection = request.connection;
  if (held)
    command.held_by = held->by;
  command.time_us = batch.time_us();
  command.session = session.serial;
  if (!is_kept_paused)
    tell(session, command.told);
  command.letter = session.letters;
  if (!book_)
    book_ = std::make_unique<command_book>(context_.bounds, context_.budget);
  if (request.command)
    book_->ids.add(client->who.application, request.command, content_of(request), answer,
                   steady_now());
  context_.budget.add(command_bytes);
  book_->accepted.push_back(std::move(command));
  if (is_kept_paused) {
    session.resume_waits = true;
    conclude(std::prev(book_->accepted.end()),
             {book_->accepted.back().told.command, outcome::held, {}, {}});
  }
  release_held();
}

/// Seen before: the same answer, the outcome so far, no second effect. The outcome to come goes to
/// where the command was sent from last.
void dn_impl::replay(dn_batch& batch, const dn_request& request) {
  auto& client = batch.client();
  auto& known = *book_->ids.find(client->who.application, request.event.command);
  char frame[ack_frame_bytes_max];
  auto* end = encode_ack(frame, request.reference, known.answer);
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  if (!known.outcome.empty()) {
    if (client->who.outcomes)
      static_cast<void>(client->box.answer(known.outcome));
    return;
  }
  for (auto& command : book_->accepted)
    if (command.id == request.event.command &&
        command.sender->who.application == client->who.application)
      command.sender = client;
}

// ---- outcomes ------------------------------------------------------------------------------

void dn_impl::conclude(const decided& what) {
  auto& accepted = book_->accepted;
  auto before = [](const accepted_command& c, dn_sequence s) {
    return c.told.command.sequence < s;
  };
  auto sequence = what.command.sequence;
  auto command = std::lower_bound(accepted.begin(), accepted.end(), sequence, before);
  if (command != accepted.end() && command->told.command.sequence == sequence)
    conclude(command, what);
}

void dn_impl::conclude(std::deque<accepted_command>::iterator command, const decided& what) {
  auto last = std::move(*command);
  book_->accepted.erase(command);
  context_.budget.remove(command_bytes);
  if (book_->outcomes.size() == recent_outcomes_max)
    book_->outcomes.pop_front();
  auto& frame = book_->outcomes.emplace_back(encode(last, what)).frame;
  if (last.id)
    if (auto* known = book_->ids.find(last.sender->who.application, last.id))
      known->outcome = frame;
  tell_outcome(last, frame);
  --context_.outcomes_owed; // not before it is written: a draining link closes then
  bool is_failure = what.result == outcome::timed_out || what.result == outcome::partial ||
                    what.result == outcome::recorder_lost || what.result == outcome::unknown;
  auto level = is_failure ? observer::severity::warning : observer::severity::debug;
  if (context_.tells->wants("dn", level))
    context_.tells->tell("dn", level, "outcome of a command",
                         {{"dn", identity_->name},
                          {"conn", to_string(last.connection)},
                          {"command", to_string(last.told.command.verb)},
                          {"outcome", to_string(what.result)}});
}

/// The session cannot say any more.
void dn_impl::conclude_unknown(std::uint64_t session) {
  auto of = [session](const accepted_command& c) { return c.session == session; };
  while (book_) {
    auto command = std::find_if(book_->accepted.begin(), book_->accepted.end(), of);
    if (command == book_->accepted.end())
      return;
    auto what = command->told.command;
    conclude(command, {std::move(what), outcome::unknown, {}, {}});
  }
}

void dn_impl::conclude_all_unknown() {
  while (book_ && !book_->accepted.empty())
    conclude_unknown(book_->accepted.front().session);
}

encoded_outcome dn_impl::encode(const accepted_command& command, const decided& what) const {
  boost::container::small_vector<recorder_result, 4> results;
  for (auto& r : what.command.recorders) {
    auto is = [&](const registration& who) { return who.client->who.id == r.recorder; };
    auto known = std::find_if(registrations_.begin(), registrations_.end(), is);
    std::string_view application;
    if (known != registrations_.end())
      application = known->client->who.application;
    results.push_back({r.recorder, application, r.verdict, r.said});
  }
  return encode_outcome({identity_->name, identity_->epoch, what.command.sequence, command.id,
                         command.connection, what.command.verb, what.command.version, what.result,
                         results, what.superseded_by, command.held_by, what.aggregate,
                         effective_state(sessions_, without_sessions_), command.sender->who.id,
                         command.time_us, now_us()});
}

/// The sender, or the same program over another connection; and those who asked to hear outcomes.
void dn_impl::tell_outcome(const accepted_command& command, const std::string& frame) {
  auto* to = command.sender.get();
  if (to->box.closed()) {
    auto same = [&](const registration& r) {
      return !r.client->box.closed() && r.client->who.instance == to->who.instance &&
             r.client->who.application == to->who.application;
    };
    auto again = std::find_if(registrations_.begin(), registrations_.end(), same);
    to = again == registrations_.end() ? nullptr : again->client.get();
  }
  if (to != nullptr && to->who.outcomes)
    static_cast<void>(to->box.answer(frame)); // closed: it is kept with the command id
  for (auto& r : registrations_)
    if (r.hear_outcomes && (r.client.get() != to || !to->who.outcomes))
      static_cast<void>(r.client->box.answer(frame));
}

bool dn_impl::remembers_commands() {
  if (!book_)
    return false;
  book_->ids.expire(steady_now());
  return !book_->ids.empty();
}

/// Commands get a quarter of the time that the broker has to be confirmed; what is left then is
/// not known. So the clients hear of it before their links end. Where nobody is left to confirm or
/// to hear, nothing is waited for.
void dn_impl::drain() {
  bool at_the_end = std::exchange(draining_, true) || registrations_.empty();
  tell_all(ringdown::draining{at_the_end});
  if (!at_the_end && book_ && !book_->accepted.empty())
    delayed_send(this, context_.bounds.drain_timeout / 4, drain_atom::value);
  settle();
}

} // namespace ringdown
