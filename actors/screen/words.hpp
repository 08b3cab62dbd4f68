// What recorders' words confirm. An exact recorder says which order it answers. A plain one owes
// one word for each order, in their order, and its words are counted against what it owes.
#pragma once

#include "actors/screen/step.hpp"

namespace ringdown {

/// An order goes to this recorder.
void owe(screen_recorder& recorder, const screen_order& order);

/// The time of an order is over, and a plain recorder may answer it yet.
void note_late(screen_recorder& recorder, capture_verb verb);

/// The orders that a word answers, taken from what the recorder owes. `failed` answers the oldest
/// that a plain recorder owes.
std::vector<owed_answer> answered_by(screen_recorder& recorder, const indication_heard& word);

/// Behind `note_word`: a pause is of the screen, so a recorder that tells calls apart and records
/// another one still owes it.
void put_back_unfinished(screen_recorder& recorder, std::vector<owed_answer>& answered,
                         const indication_heard& word);

/// The recorder's word, and what follows from it for the word as a whole.
void note_word(screen_recorder& recorder, const indication_heard& word, std::int64_t utc_us,
               bool owed_order, bool a_pause_stands);

/// Whether it is this call alone that the recorder has paused, as far as it has said.
bool is_paused_in(const screen_recorder& recorder, const screen_call& call) noexcept;

/// The recorder's verdict on an open order, after its word.
void judge_word(screen_order& order, const indication_heard& word, const screen_recorder& by,
                bool is_answer, bool was_asked);

/// What its recorders have made of an order so far; nothing while it is open.
std::optional<outcome> verdict_on(const screen_order& order, const confirm_rules& rules);

/// What they have made of it at its deadline.
outcome verdict_at_deadline(screen_order& order, const screen& s, const confirm_rules& rules);

capture_aggregate aggregate_for(const screen_order& order);

} // namespace ringdown
