#include "client/cli/check_recorder_examiner.hpp"

#include "messages/text.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;

namespace {

/// Of all commands of the check: no step has this one.
constexpr command_key stop_key = ~command_key{0};

std::string quoted(capture_verb word) {
  return "`" + std::string{to_string(word)} + "`";
}

std::string quoted(const std::vector<capture_verb>& words) {
  std::string all;
  for (auto word : words)
    all += (all.empty() ? "" : " or ") + quoted(word);
  return all;
}

std::string in_time(milliseconds within) {
  return " within " + std::to_string(within.count()) + " ms";
}

std::string said_failed(const std::optional<recorder_failure>& why) {
  if (!why || why->text.empty())
    return "it said `failed` without a reason";
  return "it said `failed`: " + std::to_string(why->code) + " " + printable(why->text);
}

bool is_done_by_us(move_kind kind) {
  return kind <= move_kind::restart;
}

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

} // namespace

std::string_view to_string(verdict v) noexcept {
  switch (v) {
  case verdict::passed: return "pass";
  case verdict::failed: return "fail";
  case verdict::not_played: return "not played";
  case verdict::not_meant: return "not meant";
  }
  return "fail";
}

examiner::examiner(std::vector<step> steps, const check_options& options, steady_time now)
  : steps_(std::move(steps)), options_(options), since_(now), deadline_(now) {}

bool examiner::is_good() const {
  return is_over() && std::all_of(results_.begin(), results_.end(), [](auto& r) {
           return r.how == verdict::passed || r.how == verdict::not_meant;
         });
}

// ---- what is seen ----------------------------------------------------------------------------

void examiner::see(const seen& what) {
  std::visit([this](const auto& one) { on(one); }, what);
}

void examiner::on(const recorder_signed_on& s) {
  who_ = s;
}

void examiner::on(const recorder_wants_registration& r) {
  how_ = r;
}

void examiner::on(const recorder_registered&) {
  registered_ = true;
  away_ = false;
  gone_ = false;
}

void examiner::on(const recorder_refused& r) {
  refusal_ = r.text;
}

void examiner::on(const recorder_ordered&) {
  ++owes_;
  asked_ = true;
}

void examiner::on(const recorder_said& s) {
  owes_ -= std::min<std::size_t>(owes_, 1);
  if (s.word != capture_verb::failed) // which says nothing of the screen
    last_word_ = s.word;
  if (words_.size() < words_max)
    words_.push_back(s);
  else
    why_ = "it said more than " + std::to_string(words_max) + " words";
}

void examiner::on(const recorder_link_ended&) {
  bool was_registered = std::exchange(registered_, false);
  owes_ = 0;
  if (was_registered && !away_ && phase_ == phase::playing && why_.empty())
    why_ = "its link ended";
}

void examiner::on(const outcome_told& o) {
  if (o.outcome.command || o.outcome.released_command) // at most two for each that was given
    outcomes_.push_back(o.outcome);
}

void examiner::on(const light_shown& l) {
  light_ = l.light;
}

void examiner::on(const desktop_ready& d) {
  desktop_ready_ = d.is_registered;
}

void examiner::on(const command_refused& r) {
  why_ = "the broker did not accept the desktop's command: " + r.text;
}

// ---- from step to step -----------------------------------------------------------------------

std::optional<deed> examiner::next(steady_time now) {
  while (!is_over()) {
    auto before = std::tuple{place_, phase_, move_};
    auto todo = phase_ == phase::playing ? play(now) : prepare(now);
    if (todo)
      return todo;
    if (before == std::tuple{place_, phase_, move_})
      return std::nullopt; // it waits
  }
  return std::nullopt;
}

void examiner::go_on(phase to, steady_time now) {
  phase_ = to;
  since_ = now;
  is_new_ = true;
}

bool examiner::is_late(steady_time now, milliseconds within) {
  deadline_ = since_ + within;
  return now >= deadline_;
}

void examiner::conclude(verdict how, std::string why) {
  if (how == verdict::passed)
    passed_.insert(current().name);
  results_.push_back({current().name, current().duty, how, std::move(why)});
  ++place_;
  phase_ = phase::beginning;
  move_ = 0;
  why_.clear();
  commands_.clear();
  outcomes_.clear();
  heard_ = capture_verb::none;
}

bool examiner::is_left_out() {
  for (auto needed : current().needs)
    if (passed_.count(needed) == 0) {
      conclude(verdict::not_played, "it needs `" + std::string{needed} + "`");
      return true;
    }
  if (current().whom == meant_for::per_call && !who_.per_call) {
    conclude(verdict::not_meant, "the recorder did not sign on with PER_CALL");
    return true;
  }
  return false;
}

std::optional<deed> examiner::prepare(steady_time now) {
  if (phase_ == phase::stopping)
    return stop_all(now);
  if (phase_ == phase::settling) { // what the recorder still owes belongs to the step before
    if (owes_ == 0 || is_late(now, options_.confirm_timeout)) {
      owes_ = 0;
      words_.clear();
      go_on(phase::playing, now);
    }
    return std::nullopt;
  }
  if (is_left_out()) {
    since_ = now;
    return std::nullopt;
  }
  if (std::exchange(disturbed_, false))
    return deed{{move_kind::mend}};
  if (!current().needs.empty() && !registered_) {
    if (!gone_ && !is_late(now, options_.wait))
      return std::nullopt;
    gone_ = true;
    conclude(verdict::not_played, "the recorder is not there");
    return std::nullopt;
  }
  auto then = current().from_off ? phase::settling : phase::playing;
  if (!current().from_off || !commanded_) {
    go_on(then, now);
    return std::nullopt;
  }
  go_on(phase::stopping, now);
  return carry_out({move_kind::give, {}, stop_key, capture_verb::stop});
}

/// What the step before has left is stopped. How that ends is not this step's: `stop` has passed.
std::optional<deed> examiner::stop_all(steady_time now) {
  if (outcome_of(stop_key) != nullptr || is_late(now, outcome_max(options_))) {
    commanded_ = false;
    why_.clear();
    go_on(phase::settling, now);
  }
  return std::nullopt;
}

deed examiner::carry_out(const move& m) {
  deed todo{m};
  switch (m.kind) {
  case move_kind::give:
    // Named by its number: the check's broker has no others.
    todo.command.bytes.back() = static_cast<std::uint8_t>(++commands_given_);
    todo.command.bytes.front() = static_cast<std::uint8_t>(commands_given_ >> 8);
    commands_[m.key] = todo.command;
    commanded_ = true;
    word_before_ = last_word_;
    words_.clear(); // none of them can be its answer
    break;
  case move_kind::restart:
    desktop_ready_ = false;
    light_ = capture_state::unknown;
    [[fallthrough]];
  case move_kind::cut:
    away_ = true;
    registered_ = false;
    owes_ = 0;
    words_.clear(); // what it said on the old link is no word of the new one
    [[fallthrough]];
  case move_kind::hold: disturbed_ = true; break;
  case move_kind::mend: disturbed_ = false; break;
  default: break;
  }
  return todo;
}

std::optional<deed> examiner::play(steady_time now) {
  if (!why_.empty()) {
    conclude(verdict::failed, why_);
    since_ = now;
    return std::nullopt;
  }
  if (move_ == current().moves.size()) {
    conclude(verdict::passed);
    since_ = now;
    return std::nullopt;
  }
  auto& m = current().moves[move_];
  if (std::exchange(is_new_, false) && m.kind == move_kind::quiet) {
    words_.clear(); // they were said before
    word_before_ = last_word_;
  }
  auto how = is_done_by_us(m.kind) ? state::met : look(m);
  bool late = how == state::waits && is_late(now, m.within);
  if (late && m.kind == move_kind::quiet)
    how = state::met; // its time is over
  else if (late)
    how = fails(late_text(m));
  if (how == state::failed) {
    conclude(verdict::failed, why_);
    since_ = now;
  }
  if (how != state::met)
    return std::nullopt;
  ++move_;
  since_ = now;
  is_new_ = true;
  heard_ = capture_verb::none;
  asked_ = false;
  return is_done_by_us(m.kind) ? std::optional{carry_out(m)} : std::nullopt;
}

// ---- what must be seen -----------------------------------------------------------------------

examiner::state examiner::fails(std::string why) {
  why_ = std::move(why);
  return state::failed;
}

examiner::state examiner::look(const move& m) {
  auto when = [](bool is_so) { return is_so ? state::met : state::waits; };
  switch (m.kind) {
  case move_kind::registers: return look_for_registration();
  case move_kind::says:
  case move_kind::says_only:
  case move_kind::repeats: return look_for_word(m);
  case move_kind::refuses: return look_for_refusal();
  case move_kind::ends: return look_for_outcome(m);
  case move_kind::is_over: return when(outcome_of(m.key) != nullptr);
  case move_kind::released: {
    auto* end = release_of(m.key);
    return end != nullptr && end->result != outcome::confirmed
             ? fails("the held command ended " + std::string{to_string(end->result)})
             : when(end != nullptr);
  }
  case move_kind::shows: return when(contains(m.words, indication_of(light_)));
  case move_kind::ready: return when(desktop_ready_);
  case move_kind::quiet: return look_for_silence();
  case move_kind::give:
  case move_kind::cut:
  case move_kind::mend:
  case move_kind::hold:
  case move_kind::restart: break;
  }
  return state::met;
}

examiner::state examiner::look_for_registration() {
  if (!registered_)
    return state::waits;
  if (who_.role != role::recorder)
    return fails("it signed on as " + std::string{to_string(who_.role)} + ", not as recorder");
  if (how_.standby)
    return fails("it registered as standby");
  if (how_.mode == registration_mode::monitor)
    return fails("it registered in mode monitor");
  return state::met;
}

examiner::state examiner::look_for_word(const move& m) {
  bool any = m.kind == move_kind::repeats && word_before_ == capture_verb::none;
  auto accepted = m.kind == move_kind::repeats ? std::vector{word_before_} : m.words;
  while (!words_.empty()) {
    auto said = words_.front();
    words_.erase(words_.begin());
    if (m.call && said.what.connection && said.what.connection != m.call)
      continue; // of another call, which the move is not about
    if (said.word == capture_verb::failed)
      return fails(said_failed(said.what.failure));
    if (any || contains(accepted, said.word)) {
      // A question has no version, and no more has what it says of its own accord.
      bool is_answer = m.kind == move_kind::says && move_ > 0 &&
                       current().moves[move_ - 1].kind == move_kind::give;
      return is_answer && who_.exact_versions && !said.what.version
               ? fails("it signed on with EXACT_VERSIONS and said " + quoted(said.word) +
                       " without the order's version")
               : state::met;
    }
    if (m.kind == move_kind::says_only)
      return fails("it said " + quoted(said.word) + ", not " + quoted(accepted));
    heard_ = said.word;
  }
  return state::waits;
}

examiner::state examiner::look_for_refusal() {
  if (words_.empty())
    return state::waits;
  auto said = words_.front();
  words_.erase(words_.begin());
  if (said.word != capture_verb::failed)
    return fails("it said " + quoted(said.word) + ", not `failed`");
  if (!said.what.failure || said.what.failure->text.empty())
    return fails(said_failed(said.what.failure));
  return state::met;
}

/// It may repeat itself, and whoever is ordered something meanwhile may answer.
examiner::state examiner::look_for_silence() {
  auto records = [](capture_verb word) { return word == capture_verb::enabled; };
  auto words = std::exchange(words_, {});
  for (auto& said : words) {
    bool is_other =
      said.word == capture_verb::failed || records(said.word) != records(word_before_);
    if (is_other && !asked_)
      return fails("it said " + quoted(said.word) + " unasked");
  }
  return state::waits;
}

examiner::state examiner::look_for_outcome(const move& m) {
  auto* end = outcome_of(m.key);
  if (end == nullptr)
    return state::waits;
  if (end->result == m.result)
    return state::met;
  return fails("the " + quoted(end->verb) + " ended " + std::string{to_string(end->result)} +
               ", not " + std::string{to_string(m.result)});
}

std::string examiner::late_text(const move& m) const {
  switch (m.kind) {
  case move_kind::registers:
    return "it did not register" + in_time(m.within) +
           (refusal_.empty() ? "" : "; the broker said: " + refusal_);
  case move_kind::says:
  case move_kind::says_only:
  case move_kind::repeats:
    if (heard_ != capture_verb::none)
      return "it said " + quoted(heard_) + " and not " +
             quoted(m.words.empty() ? std::vector{word_before_} : m.words) + in_time(m.within);
    [[fallthrough]];
  case move_kind::refuses: return "it said nothing" + in_time(m.within);
  case move_kind::shows:
    return "the light did not say " + quoted(m.words) + in_time(m.within) + " but " +
           quoted(indication_of(light_));
  case move_kind::ends:
  case move_kind::is_over:
  case move_kind::released: return "the broker told no outcome" + in_time(m.within);
  case move_kind::ready: return "the desktop found no broker" + in_time(m.within);
  default: return "it did not come" + in_time(m.within);
  }
}

const event_outcome* examiner::outcome_of(command_key key) const {
  auto command = commands_.find(key);
  if (command == commands_.end())
    return nullptr;
  auto is_it = [&](auto& o) { return o.command == command->second; };
  auto found = std::find_if(outcomes_.begin(), outcomes_.end(), is_it);
  return found == outcomes_.end() ? nullptr : &*found;
}

const event_outcome* examiner::release_of(command_key key) const {
  auto command = commands_.find(key);
  if (command == commands_.end())
    return nullptr;
  auto is_it = [&](auto& o) { return o.released_command == command->second; };
  auto found = std::find_if(outcomes_.begin(), outcomes_.end(), is_it);
  return found == outcomes_.end() ? nullptr : &*found;
}

} // namespace ringdown::cli
