// A DN's capture sessions: what it tells them, and what it does with what they report.
#include "actors/dn.hpp"

#include "actors/session.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace ringdown {

namespace {

/// Whether a recorder has said what is so, after this letter.
bool has_heard_since(const session_record& session, std::uint64_t letter) noexcept {
  return std::any_of(session.told.begin(), session.told.end(), [letter](const told_word& one) {
    return one.letter > letter && !one.word.of_another;
  });
}

} // namespace

session_record* dn_impl::find_session(conn_id connection) noexcept {
  for (auto& s : sessions_)
    if (s.is_of(connection) && !s.ending)
      return &s;
  return nullptr;
}

session_record* dn_impl::session_by(std::uint64_t serial) noexcept {
  for (auto& s : sessions_)
    if (s.serial == serial)
      return &s;
  return nullptr;
}

session_record& dn_impl::session_for(conn_id connection) {
  if (auto* known = find_session(connection))
    return *known;
  make_room_for_session();
  session_state fresh;
  fresh.connection = connection;
  return begin(std::move(fresh));
}

session_record& dn_impl::begin(session_state known) {
  session_record record;
  record.serial = ++sessions_made_;
  record.changed_time_us = now_us();
  record.state = known;
  record.actor = spawn_session(system(), where(), context_, caf::actor_cast<dn_actor>(this),
                               record.serial, std::move(known));
  monitor(record.actor.handle());
  return sessions_.emplace_back(std::move(record));
}

/// Ends the session that was silent longest, one that is not to be paused if there is one.
void dn_impl::make_room_for_session() {
  auto live = [](const session_record& s) { return !s.ending; };
  auto count = std::count_if(sessions_.begin(), sessions_.end(), live);
  if (static_cast<std::size_t>(count) < context_.bounds.sessions_per_dn_max)
    return;
  auto weight = [](const session_record& s) {
    bool paused = s.state.desired == capture_state::paused;
    return std::tuple{s.ending, paused, s.changed_time_us};
  };
  auto less = [&](const session_record& a, const session_record& b) {
    return weight(a) < weight(b);
  };
  auto victim = std::min_element(sessions_.begin(), sessions_.end(), less);
  victim->ending = true;
  victim->end_reason = broker_reason::session_ended;
  context_.tells->tell("dn", observer::severity::warning, "capture session ended to make room",
                       {{"dn", identity_->name}, {"conn", to_string(victim->state.connection)}});
  tell(*victim, room_needed{});
}

void dn_impl::tell(session_record& session, const session_event& event) {
  session_call call{event, ++session.letters, session.mail_read, reports_};
  if (!session.actor.try_call(call))
    runtime::deliver(session.actor.ref(), session_letter{event, session.letters});
}

void dn_impl::tell_all(const session_event& event) {
  for (auto& s : sessions_)
    tell(s, event);
}

void dn_impl::tell_word(session_record& session, const indication_heard& word) {
  tell(session, word);
  std::erase_if(session.told, [&](const told_word& known) {
    return known.word.recorder == word.recorder && known.word.of_another == word.of_another;
  });
  session.told.push_back({word, session.letters});
}

/// After the delivery: a snapshot shows it.
session_record& dn_impl::note_command(const send_event_view& request, const client_identity& by,
                                      bool held) {
  auto& session = session_for(request.connection);
  if (auto desired = desired_by(request.verb)) {
    session.state.desired = desired;
    session.state.version = version_;
    session.changed_time_us = now_us();
    session.desired_time_us = session.changed_time_us;
    session.desired_by = {by.id, by.application, by.instance};
    session.held = held;
  }
  return session;
}

/// The light that an event shows: of a session that its command begins, nobody knows anything yet.
capture_state dn_impl::light_after(const send_event_view& request) {
  auto light = effective_state(sessions_, without_sessions_);
  bool begins = is_command(request.verb) && desired_by(request.verb) &&
                find_session(request.connection) == nullptr;
  return begins && light != capture_state::paused ? capture_state::unknown : light;
}

/// Before the delivery: the event shows the state that it makes. Without a ConnID an indication
/// speaks for all sessions; with one it may confirm what was commanded without a ConnID, too.
void dn_impl::note_indication(const send_event_view& request, const client_identity& recorder) {
  indication_heard word{state_of(request.verb), recorder.id, request.echoed_version};
  bool of_all = !request.connection;
  auto* general = find_session({});
  bool for_general =
    general != nullptr &&
    (of_all || speaks_for_all(general->state, word.state, word.echoed, recorder.exact_versions));
  bool has_place =
    for_general || find_session(request.connection) != nullptr || (of_all && !sessions_.empty());
  if (!has_place && word.state != capture_state::disabled)
    session_for(request.connection);
  if (sessions_.empty()) { // nothing is recorded, and nothing has to be kept
    without_sessions_ = word.state;
    light_by_ = recorder.id;
  }
  for (auto& s : sessions_) {
    bool is_general = !s.state.connection;
    if (!of_all && !is_general && !s.is_of(request.connection))
      continue;
    word.of_another = !of_all && is_general && !for_general;
    note(s, word);
    tell_word(s, word);
    // The commands of a call that is becoming part of this one have not arrived here yet.
    for (auto& merging : sessions_)
      if (merging.merging_into == s.serial)
        merging.said_since_merge.push_back(word);
  }
}

/// What a snapshot shows of it.
void dn_impl::note(session_record& session, const indication_heard& word) {
  if (word.of_another)
    return;
  auto before = session.state.observed;
  note_word(session.state, word.recorder, word.state);
  if (session.state.observed != before)
    session.changed_time_us = now_us();
}

/// What the sessions made of what they were just told. Not where it was told: a request is done,
/// its event delivered, before its outcome is.
void dn_impl::settle() {
  while (!reports_.empty()) {
    auto report = std::move(reports_.front());
    reports_.erase(reports_.begin()); // what follows may add to them
    handle_report(report);
  }
}

void dn_impl::handle_report(const session_report& report) {
  auto same = [&](const session_record& s) { return s.serial == report.serial; };
  auto record = std::find_if(sessions_.begin(), sessions_.end(), same);
  if (record == sessions_.end())
    return;
  auto connection = record->state.connection;
  for (auto& effect : report.effects) {
    if (auto* outcome = std::get_if<decided>(&effect)) {
      conclude(*outcome);
    } else if (auto* unknown = std::get_if<say_unknown>(&effect)) {
      if (report.state.life == session_life::live && has_heard_since(*record, report.letter))
        continue; // the doubt is over
      record->state.observed = capture_state::unknown;
      record->state.words = report.state.words;
      std::erase_if(record->told, [&](const told_word& one) {
        return !has_spoken(report.state, one.word.recorder);
      });
      record->changed_time_us = now_us();
      say(connection, capture_verb::unknown, unknown->reason, unknown->alarm);
    } else if (auto* alarm = std::get_if<raise_alarm>(&effect)) {
      say(connection, capture_verb::none, alarm->reason, true);
    } else if (std::holds_alternative<resume_for_gone>(effect)) {
      if (record->state.desired == capture_state::paused && !has_commander(*record))
        resume_by_broker(*record, broker_reason::pause_holder_gone);
    } else if (auto* end = std::get_if<end_session>(&effect)) {
      if (end->forced)
        context_.tells->tell("dn", observer::severity::warning, "capture session ended by force",
                             {{"dn", identity_->name}, {"conn", to_string(connection)}});
      return finish(record, report); // nothing follows the end of a session
    }
  }
}

/// A session is over. What was told to it behind its end it did not read; a command among that must
/// not be lost with it.
void dn_impl::finish(std::vector<session_record>::iterator record, const session_report& report) {
  auto last = std::move(*record);
  demonitor(last.actor.handle().address());
  sessions_.erase(record);
  if (last.merging_into != 0) {
    auto* target = session_by(last.merging_into);
    go_on_in(target != nullptr && !target->ending ? *target : session_for(last.state.connection),
             read_rest(last, report), last.said_since_merge, last.serial);
  } else {
    without_sessions_ = last.state.observed;
    light_by_ = {};
    if (last.ending)
      conclude_rest(last, report);
    else
      begin_again(last, report);
  }
  release_held();
}

/// A session that was merged away: its commands and all it knew are the other one's now.
void dn_impl::go_on_in(session_record& target, const session_state& last,
                       const std::vector<indication_heard>& since, std::uint64_t serial) {
  tell(target, merged_in{last, since});
  for (auto* command : commands_behind(serial, 0)) {
    command->session = target.serial;
    command->letter = target.letters;
  }
}

/// A session that was to end ended by itself before. What it had not read is of a call that is
/// over; what came behind that went to another session.
void dn_impl::conclude_rest(const session_record& last, const session_report& ended) {
  std::vector<command_admitted> open;
  for (auto* command : commands_behind(last.serial, ended.letter))
    open.push_back(command->told);
  for (auto& one : open)
    conclude({one.command, one.held ? outcome::held : outcome::unknown, {}, {}});
  auto is_held = [](const command_admitted& one) { return one.held; };
  if (std::all_of(open.begin(), open.end(), is_held))
    return;
  without_sessions_ = capture_state::unknown;
  say(last.state.connection, capture_verb::unknown, last.end_reason, false);
}

/// What a session that was to become part of another had not read when it ended by itself is read
/// for it: the other one takes what it would have been.
session_state dn_impl::read_rest(const session_record& last, const session_report& ended) {
  auto state = ended.state;
  session_rules rules{context_.bounds, context_.confirm};
  auto read = [&](const session_event& event) {
    state.life = session_life::live; // its end was the other one's to decide
    auto result = step(std::move(state), event, steady_now(), rules);
    state = std::move(result.state);
    for (auto& effect : result.effects)
      if (auto* outcome = std::get_if<decided>(&effect))
        conclude(*outcome);
  };
  auto word = last.told.begin();
  auto read_words_before = [&](std::uint64_t letter) {
    for (; word != last.told.end() && word->letter < letter; ++word)
      if (word->letter > ended.letter)
        read(word->word);
  };
  std::vector<std::pair<std::uint64_t, command_admitted>> commands; // reading concludes some
  for (auto* command : commands_behind(last.serial, ended.letter))
    commands.emplace_back(command->letter, command->told);
  for (auto& [letter, command] : commands) {
    read_words_before(letter);
    read(command);
  }
  read_words_before(last.merge_letter); // the words after it are in said_since_merge
  return state;
}

/// A session's commands without an outcome that were told by a later letter than this.
std::vector<accepted_command*> dn_impl::commands_behind(std::uint64_t session,
                                                        std::uint64_t letter) {
  std::vector<accepted_command*> behind;
  if (book_)
    for (auto& command : book_->accepted)
      if (command.session == session && command.letter > letter)
        behind.push_back(&command);
  return behind;
}

/// What was becoming part of the one session becomes part of the other.
void dn_impl::merge_into_instead(std::uint64_t one, std::uint64_t other) {
  for (auto& s : sessions_)
    if (s.merging_into == one)
      s.merging_into = other;
}

/// What the session that ended had not read yet, a new one of the same ConnID hears: a command, or
/// that something is recorded.
void dn_impl::begin_again(const session_record& last, const session_report& ended) {
  auto commands = commands_behind(last.serial, ended.letter);
  auto is_news = [&](const told_word& one) {
    return one.letter > ended.letter && !one.word.of_another &&
           one.word.state != capture_state::disabled;
  };
  if (commands.empty() && std::none_of(last.told.begin(), last.told.end(), is_news))
    return;
  session_state known;
  known.connection = last.state.connection;
  known.desired = ended.state.desired;
  known.version = ended.state.version;
  std::vector<told_word> told;
  auto word = last.told.begin();
  for (; word != last.told.end() && word->letter <= ended.letter; ++word)
    if (!word->word.of_another) {
      note_word(known, word->word.recorder, word->word.state);
      told.push_back({word->word, 0});
    }
  auto& next = begin(std::move(known));
  next.told = std::move(told);
  merge_into_instead(last.serial, next.serial);
  next.state = last.state;
  next.changed_time_us = last.changed_time_us;
  next.desired_time_us = last.desired_time_us;
  next.desired_by = last.desired_by;
  next.former = last.former;
  next.holders = last.holders;
  next.resume_waits = last.resume_waits;
  next.held = last.held;
  // Each word in its place: it must not confirm what was asked after it.
  auto tell_words_before = [&](std::uint64_t letter) {
    for (; word != last.told.end() && word->letter < letter; ++word)
      tell_word(next, word->word);
  };
  for (auto* command : commands) {
    tell_words_before(command->letter);
    tell(next, command->told);
    command->session = next.serial;
    command->letter = next.letters;
  }
  tell_words_before(last.letters + 1);
}

/// It has the desired states from its snapshot, and must confirm them. What is to record beside a
/// paused call is not asked of it: there is one screen.
void dn_impl::recorder_came(const registration& r) {
  for (auto& s : sessions_) {
    bool overruled = s.held || (s.state.desired != capture_state::paused &&
                                paused_beside(s.state.connection) != nullptr);
    if (!s.ending && !overruled)
      tell(s, desired_told{r.client->who.id, r.client->who.exact_versions});
  }
}

// ---- calls ---------------------------------------------------------------------------------

void dn_impl::merge_calls(dn_batch& batch, const dn_request& request) {
  auto wrong = check_call(batch, request.former, "old_connection_id");
  if (!wrong && (!request.connection || request.connection == request.former))
    wrong = invalid("connection_id", "another ConnID than old_connection_id, not 0");
  auto* from = wrong ? nullptr : find_session(request.former);
  auto* into = wrong ? nullptr : find_session(request.connection);
  if (!wrong && from == into)
    wrong = invalid("connection_id", "a call that old_connection_id is not merged into already");
  if (!wrong) {
    auto count = from->former.size() + 1 + (into != nullptr ? into->former.size() : 0);
    if (count > former_connections_max)
      wrong = fault{error_code::overloaded,
                    "old_connection_id",
                    "at most " + std::to_string(former_connections_max) + " calls in one",
                    "too many calls were merged into this one",
                    {}};
  }
  if (wrong)
    return batch.refuse(*wrong, about(batch));
  auto old_ids = from->former;
  old_ids.push_back(from->state.connection);
  if (into == nullptr) {
    from->former = std::move(old_ids);
    from->state.connection = request.connection;
    tell(*from, renamed{request.connection});
  } else {
    into->former.insert(into->former.end(), old_ids.begin(), old_ids.end());
    into->holders.insert(into->holders.end(), from->holders.begin(), from->holders.end());
    if (from->state.desired && from->state.version > into->state.version) {
      into->state.desired = from->state.desired;
      into->state.version = from->state.version;
      into->desired_time_us = from->desired_time_us;
      into->desired_by = from->desired_by;
      into->held = from->held;
    }
    take_words(into->state, from->state);
    auto is_known = [&](const told_word& one) {
      return std::any_of(into->told.begin(), into->told.end(), [&](const told_word& known) {
        return known.word.recorder == one.word.recorder;
      });
    };
    for (auto& one : from->told)
      if (!is_known(one))
        into->told.insert(into->told.begin(), {one.word, 0}); // as if it were read
    merge_into_instead(from->serial, into->serial);
    into->changed_time_us = now_us();
    from->ending = true;
    from->merging_into = into->serial;
    tell(*from, merged_away{});
    from->merge_letter = from->letters;
  }
  acknowledge(batch, request.reference);
  release_held();
}

void dn_impl::end_call(dn_batch& batch, const dn_request& request) {
  if (auto wrong = check_call(batch, request.connection, "connection_id"))
    return batch.refuse(*wrong, about(batch));
  auto& session = *find_session(request.connection);
  context_.tells->tell("dn", observer::severity::info, "call ended",
                       {{"dn", identity_->name}, {"conn", to_string(session.state.connection)}});
  session.ending = true;
  session.end_reason = broker_reason::call_ended;
  acknowledge(batch, request.reference);
  tell(session, call_ended{});
  release_held();
}

/// What is wrong with a call source's request about this call.
std::optional<fault> dn_impl::check_call(const dn_batch& batch, conn_id connection,
                                         std::string_view attribute) {
  auto& who = batch.client()->who;
  if (find(*batch.client()) == nullptr)
    return fault{
      error_code::not_registered, "this_dn", "a DN on which the client is registered", {}, {}};
  if (who.role != role::call_source)
    return fault{error_code::access_restricted, {}, {}, "only a call source tells of calls", {}};
  if (!context_.may(who, action::tell_of_calls, identity_->name))
    return fault{error_code::access_restricted, {}, {}, "the access list forbids it", {}};
  if (!connection || find_session(connection) == nullptr)
    return invalid(std::string{attribute}, "the ConnID of a capture session of this DN");
  return std::nullopt;
}

void dn_impl::acknowledge(dn_batch& batch, reference_id reference) {
  char frame[ack_frame_bytes_max];
  auto* end =
    encode_ack(frame, reference, {{}, sequence_, identity_->epoch, version_, 0, batch.time_us()});
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
}

/// A session's actor failed: its state is lost, and the clients are told so.
void dn_impl::session_died(const caf::down_msg& down) {
  for (auto record = sessions_.begin(); record != sessions_.end(); ++record) {
    if (record->actor.ref().handle().address() != down.source)
      continue;
    auto connection = record->state.connection;
    auto serial = record->serial;
    bool guarded = must_be_guarded(*record);
    context_.tells->tell("dn", observer::severity::error, "capture session failed",
                         {{"dn", identity_->name}, {"conn", to_string(connection)}});
    without_sessions_ = capture_state::unknown;
    light_by_ = {};
    sessions_.erase(record);
    conclude_unknown(serial);
    say(connection, capture_verb::unknown, broker_reason::internal_error, guarded);
    return release_held();
  }
}

} // namespace ringdown
