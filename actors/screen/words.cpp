#include "actors/screen/words.hpp"

#include "actors/screen/newest.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

confirm_policy policy_for(capture_verb verb, const confirm_rules& rules) noexcept {
  switch (verb) {
  case capture_verb::start: return rules.start;
  case capture_verb::resume: return rules.resume;
  case capture_verb::pause: return rules.pause;
  case capture_verb::stop: return rules.stop;
  case capture_verb::query:
  case capture_verb::none:
  case capture_verb::enabled:
  case capture_verb::disabled:
  case capture_verb::paused:
  case capture_verb::failed:
  case capture_verb::unknown: break;
  }
  return confirm_policy::all; // a query asks everybody
}

// ---- what is owed --------------------------------------------------------------------------

void owe(screen_recorder& recorder, const screen_order& order) {
  recorder.ask_at.reset();               // it has something to answer now
  if (order.verb == capture_verb::query) // any word answers it
    return;
  add_newest(recorder.owes, owed_max,
             {order.sequence, order.version, order.verb, order.connection, order.deadline});
}

void note_late(screen_recorder& recorder, capture_verb verb) {
  add_newest(recorder.late, late_max, verb);
}

namespace {

using owed_list = std::vector<owed_answer>;

/// Of another call, for a recorder that tells calls apart.
bool is_apart(const screen_recorder& recorder, const owed_answer& one,
              const indication_heard& word) noexcept {
  return recorder.per_call && word.connection && one.connection &&
         one.connection != word.connection;
}

/// Takes what stands before `end`, but for what is of other calls.
owed_list take_before(screen_recorder& recorder, owed_list::iterator end,
                      const indication_heard& word) {
  auto first = std::stable_partition(recorder.owes.begin(), end, [&](const owed_answer& one) {
    return is_apart(recorder, one, word) && (!word.echoed || one.version != word.echoed);
  });
  owed_list taken{first, end};
  recorder.owes.erase(first, end);
  return taken;
}

owed_list take_oldest(screen_recorder& recorder, const indication_heard& word) {
  auto& owes = recorder.owes;
  auto oldest = std::find_if(owes.begin(), owes.end(), [&](const owed_answer& one) {
    bool is_other = recorder.exact && word.echoed && one.version != word.echoed;
    return !is_other && !is_apart(recorder, one, word);
  });
  if (oldest == owes.end())
    return {};
  owed_list taken{*oldest};
  owes.erase(oldest);
  return taken;
}

/// Up to and with the version that it echoes.
owed_list answered_exactly(screen_recorder& recorder, const indication_heard& word) {
  if (!word.echoed)
    return {};
  auto& owes = recorder.owes;
  auto later = std::find_if(owes.begin(), owes.end(),
                            [&](const owed_answer& one) { return one.version > word.echoed; });
  return take_before(recorder, later, word);
}

/// Whether the word is for an order whose time is over: a recorder that is slow has not come to the
/// later ones yet.
bool answers_late(screen_recorder& recorder, capture_state word) {
  auto& late = recorder.late;
  auto its =
    std::find_if(late.begin(), late.end(), [&](capture_verb verb) { return confirms(verb, word); });
  if (its == late.end())
    return false;
  late.erase(late.begin(), its + 1);
  return true;
}

/// In their order. One that asks for what was so already may be passed over: a recorder that does
/// not repeat itself has nothing to say to it. A word that does not fit the first of the others
/// answers nothing: it crossed the order on its way.
owed_list answered_in_order(screen_recorder& recorder, const indication_heard& word) {
  auto before = recorder.said;
  bool passes_over = false;
  for (auto one = recorder.owes.begin(); one != recorder.owes.end(); ++one) {
    if (is_apart(recorder, *one, word))
      continue;
    if (confirms(one->verb, *word.state)) {
      if (passes_over && answers_late(recorder, *word.state))
        return {};
      recorder.late.clear(); // it answers in their order: what it has not answered it never will
      return take_before(recorder, one + 1, word);
    }
    passes_over = true;
    bool was_so = before && confirms(one->verb, *before);
    if (!was_so)
      break;
  }
  return {};
}

} // namespace

std::vector<owed_answer> answered_by(screen_recorder& recorder, const indication_heard& word) {
  if (word.has_failed) // of this order, and of no other
    return take_oldest(recorder, word);
  if (recorder.exact)
    return answered_exactly(recorder, word);
  if (recorder.owes.empty())
    recorder.late.clear();
  return answered_in_order(recorder, word);
}

void put_back_unfinished(screen_recorder& recorder, std::vector<owed_answer>& answered,
                         const indication_heard& word) {
  if (!recorder.per_call || !word.state || word.has_failed)
    return;
  auto unfinished =
    std::stable_partition(answered.begin(), answered.end(), [&](const owed_answer& one) {
      return one.verb != capture_verb::pause || !confirms(one.verb, *word.state) ||
             confirms(one.verb, *recorder.said);
    });
  recorder.owes.insert(recorder.owes.begin(), unfinished, answered.end());
  answered.erase(unfinished, answered.end());
}

// ---- words ---------------------------------------------------------------------------------

namespace {

/// How near to recording.
int nearness(capture_state state) noexcept {
  switch (state) {
  case capture_state::enabled: return 3;
  case capture_state::unknown: return 2;
  case capture_state::paused: return 1;
  case capture_state::disabled: break;
  }
  return 0;
}

bool is_nearer(const call_word& a, const call_word& b) noexcept {
  return nearness(a.state) < nearness(b.state);
}

/// A recorder that tells calls apart: without a ConnID it speaks of all of them.
capture_state word_of_calls(screen_recorder& recorder, const indication_heard& word) {
  auto& calls = recorder.calls;
  if (!word.connection)
    calls.clear();
  std::erase_if(calls, [&](const call_word& c) { return c.connection == word.connection; });
  constexpr std::size_t calls_told_max = 32; // beyond it the farthest from recording is forgotten
  if (calls.size() == calls_told_max)
    calls.erase(std::min_element(calls.begin(), calls.end(), is_nearer));
  calls.push_back({word.connection, *word.state});
  return std::max_element(calls.begin(), calls.end(), is_nearer)->state;
}

} // namespace

void note_word(screen_recorder& recorder, const indication_heard& word, std::int64_t utc_us,
               bool owed_order, bool a_pause_stands) {
  bool was_paused = recorder.said == capture_state::paused;
  recorder.said = recorder.per_call ? word_of_calls(recorder, word) : *word.state;
  recorder.said_of = word.connection;
  recorder.said_us = utc_us;
  recorder.ask_at.reset();
  recorder.began = recorder.began && recorder.said == capture_state::enabled;
  // Where a pause of ours has stood, it is the reason, and stays it.
  bool by_itself = was_paused ? recorder.paused_by_itself : !owed_order;
  recorder.paused_by_itself =
    recorder.said == capture_state::paused && !a_pause_stands && by_itself;
}

bool is_paused_in(const screen_recorder& recorder, const screen_call& call) noexcept {
  if (!recorder.per_call)
    return recorder.said_of && call.is_of(recorder.said_of);
  return std::none_of(recorder.calls.begin(), recorder.calls.end(), [&](const call_word& word) {
    bool is_another = !word.connection || !call.is_of(word.connection);
    return is_another && word.state == capture_state::paused;
  });
}

// ---- verdicts ------------------------------------------------------------------------------

void judge_word(screen_order& order, const indication_heard& word, const screen_recorder& by,
                bool is_answer, bool was_asked) {
  // A pause, and a question, are of the screen: of all calls that a recorder tells apart.
  bool is_of_screen = order.verb == capture_verb::pause || order.verb == capture_verb::query;
  auto state = by.per_call && is_of_screen && word.state ? by.said : word.state;
  for (auto& r : order.recorders) {
    if (r.recorder != word.recorder || r.is_final || r.verdict == recorder_verdict::not_queued ||
        r.verdict == recorder_verdict::lost)
      continue;
    if (state)
      r.said = *state;
    bool is_query = order.verb == capture_verb::query;
    if (is_answer && word.has_failed) {
      r.verdict = recorder_verdict::failed;
      r.failure_code = word.failure_code;
      r.failure_text = word.failure_text;
      r.is_final = true;
    } else if (!state) {
      continue;
    } else if ((is_query || is_answer) && confirms(order.verb, *state)) {
      r.verdict = recorder_verdict::confirmed;
    } else if (r.verdict == recorder_verdict::confirmed) {
      continue; // a later order asks for something else
    } else if (is_answer && by.exact) {
      r.verdict = recorder_verdict::otherwise;
      r.is_final = word.echoed == order.version; // a later one asks for something else
    } else if (!was_asked) {
      r.verdict = recorder_verdict::otherwise;
    }
  }
}

namespace {

std::size_t count(const screen_order& order, recorder_verdict wanted) {
  auto has = [wanted](const awaited_recorder& r) { return r.verdict == wanted; };
  return static_cast<std::size_t>(
    std::count_if(order.recorders.begin(), order.recorders.end(), has));
}

/// May still confirm.
std::size_t count_open(const screen_order& order) {
  auto is_open = [](const awaited_recorder& r) {
    return !r.is_final &&
           (r.verdict == recorder_verdict::silent || r.verdict == recorder_verdict::otherwise);
  };
  return static_cast<std::size_t>(
    std::count_if(order.recorders.begin(), order.recorders.end(), is_open));
}

bool any_refused(const screen_order& order) {
  return std::any_of(order.recorders.begin(), order.recorders.end(),
                     [](const awaited_recorder& r) { return r.is_final; });
}

} // namespace

std::optional<outcome> verdict_on(const screen_order& order, const confirm_rules& rules) {
  auto all = order.recorders.size();
  if (all == 0)
    return std::nullopt;
  auto needed = confirmations_needed(policy_for(order.verb, rules), all);
  auto confirmed = count(order, recorder_verdict::confirmed);
  if (confirmed >= needed)
    return outcome::confirmed;
  // A recorder that did not do just this is told of at once: the agent reads the card out
  // meanwhile.
  bool out_of_reach = any_refused(order) && confirmed + count_open(order) < needed;
  if (!out_of_reach && count_open(order) != 0)
    return std::nullopt;
  if (confirmed != 0)
    return outcome::partial;
  return any_refused(order) ? outcome::failed : outcome::recorder_lost;
}

outcome verdict_at_deadline(screen_order& order, const screen& s, const confirm_rules& rules) {
  for (auto& r : order.recorders) {
    auto* recorder = find_recorder(s, r.recorder);
    bool is_plain = recorder != nullptr && !recorder->exact;
    // Where a plain recorder skips words, its last one counts.
    bool is_open =
      r.verdict == recorder_verdict::silent || r.verdict == recorder_verdict::otherwise;
    if (is_plain && is_open && !r.is_final && confirms(order.verb, r.said) &&
        r.said != capture_state::unknown)
      r.verdict = recorder_verdict::confirmed;
  }
  if (auto decided = verdict_on(order, rules))
    return *decided;
  return count(order, recorder_verdict::confirmed) != 0 ? outcome::partial : outcome::timed_out;
}

capture_aggregate aggregate_for(const screen_order& order) {
  if (order.verb != capture_verb::query)
    return capture_aggregate::none;
  std::vector<capture_state> words;
  for (auto& r : order.recorders)
    words.push_back(r.said);
  return aggregate_of(words);
}

} // namespace ringdown
