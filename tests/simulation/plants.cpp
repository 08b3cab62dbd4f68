#include "tests/simulation/plants.hpp"

#include "tests/simulation/history.hpp"

#include <array>
#include <utility>

namespace ringdown::sim {

namespace {

struct plant_info {
  std::string_view name;
  std::uint64_t seeds;
};

constexpr std::array<plant_info, plant_count> plants{{{"none", 0},
                                                      {"lose-outcome", 3},
                                                      {"double-outcome", 3},
                                                      {"outcome-before-ack", 3},
                                                      {"confirm-early", 3},
                                                      {"lose-ack", 3},
                                                      {"double-ack", 3},
                                                      {"lose-pause", 3},
                                                      {"deliver-held", 10},
                                                      {"swap-events", 3},
                                                      {"stale-light", 3},
                                                      {"dark-light", 3},
                                                      {"lose-missed", 10},
                                                      {"forget-command-ids", 10},
                                                      {"pause-by-any", 10},
                                                      {"late-deadline", 3},
                                                      {"owe-outcome", 1},
                                                      {"leak-memory", 1},
                                                      {"start-lifts-pause", 3},
                                                      {"stale-call-light", 10},
                                                      {"lost-holder-lifts", 30},
                                                      {"forget-release", 10},
                                                      {"silent-release", 10},
                                                      {"two-lights", 10}}};

} // namespace

std::string_view name_of(plant p) {
  return plants[static_cast<std::size_t>(p)].name;
}

std::uint64_t seeds_to_find(plant p) {
  return plants[static_cast<std::size_t>(p)].seeds;
}

limits planted_limits(plant p, limits bounds) {
  if (p == plant::forget_command_ids)
    bounds.command_id_window = std::chrono::milliseconds{1};
  if (p == plant::late_deadline)
    bounds.confirm_timeout *= 2;
  return bounds;
}

void plant_in_rules(plant p, test::office& o) {
  if (p == plant::pause_by_any)
    o.context.confirm.pause = confirm_policy::any;
  if (p == plant::lost_holder_lifts) {
    o.context.confirm.dead_desktop = dead_desktop_policy::resume;
    o.context.confirm.dead_desktop_after = std::chrono::milliseconds{1};
  }
}

void plant_at_end(plant p, test::office& o) {
  if (p == plant::owe_outcome)
    ++o.context.outcomes_owed;
  if (p == plant::leak_memory)
    o.context.budget.add(1);
}

namespace {

bool is_release(const v1::Frame& frame) {
  return frame.event_user_event().broker_reason() == v1::BROKER_REASON_HOLD_RELEASED &&
         is_command(verb_of(frame.event_user_event().event()));
}

/// A held start looks as if it went to the recorders.
void let_start_pass(v1::EventUserEvent& event) {
  if (event.mark() != v1::EVENT_MARK_HELD || verb_of(event.event()) != "start")
    return;
  event.set_mark(v1::EVENT_MARK_NONE);
  event.set_kept_from_recorders(false);
  event.set_desired(v1::CAPTURE_STATE_ENABLED);
}

} // namespace

void planted_wire::overhear(const v1::Frame& frame) {
  if (plant_ == plant::deliver_held && is_recorder_ &&
      frame.event_user_event().mark() == v1::EVENT_MARK_HELD)
    overheard_.push_back(frame);
}

std::vector<v1::Frame> planted_wire::carry(std::vector<v1::Frame> frames) {
  if (plant_ == plant::none)
    return frames;
  std::vector<v1::Frame> out;
  for (auto& frame : frames) {
    bool is_outcome = frame.has_event_outcome();
    bool is_pause = frame.has_event_user_event() && is_recorder_ &&
                    verb_of(frame.event_user_event().event()) == "pause";
    if (plant_ == plant::lose_outcome && is_outcome && is_due())
      continue;
    if (plant_ == plant::lose_ack && frame.has_event_ack() && is_due())
      continue;
    if (plant_ == plant::lose_pause && is_pause && is_due())
      continue;
    if (plant_ == plant::confirm_early && is_outcome)
      frame.mutable_event_outcome()->set_outcome(v1::OUTCOME_CONFIRMED);
    if (plant_ == plant::stale_light && frame.has_event_user_event() && is_due())
      frame.mutable_event_user_event()->set_effective_state(v1::CAPTURE_STATE_ENABLED);
    if (plant_ == plant::dark_light &&
        frame.event_user_event().effective_state() == v1::CAPTURE_STATE_ENABLED)
      frame.mutable_event_user_event()->set_effective_state(v1::CAPTURE_STATE_DISABLED);
    if (plant_ == plant::lose_missed && frame.has_event_missed())
      continue;
    if (plant_ == plant::start_lifts_pause && frame.has_event_user_event())
      let_start_pass(*frame.mutable_event_user_event());
    if (plant_ == plant::stale_call_light && was_paused_ &&
        verb_of(frame.event_user_event().event()) == "enabled")
      frame.mutable_event_user_event()->set_effective_state(v1::CAPTURE_STATE_PAUSED);
    if (frame.has_event_user_event())
      was_paused_ = frame.event_user_event().effective_state() == v1::CAPTURE_STATE_PAUSED;
    if (plant_ == plant::forget_release && is_recorder_ && is_release(frame))
      continue;
    if (plant_ == plant::silent_release && is_outcome &&
        frame.event_outcome().released_sequence() != 0)
      continue;
    if (plant_ == plant::two_lights && frame.event_registered().has_snapshot() &&
        frame.event_registered().snapshot().effective_state() != v1::CAPTURE_STATE_UNKNOWN)
      frame.mutable_event_registered()->mutable_snapshot()->set_effective_state(
        v1::CAPTURE_STATE_DISABLED);
    bool doubled = (plant_ == plant::double_outcome && is_outcome) ||
                   (plant_ == plant::double_ack && frame.has_event_ack());
    if (doubled && is_due())
      out.push_back(frame);
    bool overtakes = plant_ == plant::outcome_before_ack && is_outcome && !out.empty() &&
                     out.back().has_event_ack();
    bool swaps = plant_ == plant::swap_events && frame.has_event_user_event() && !out.empty() &&
                 out.back().has_event_user_event();
    out.push_back(std::move(frame));
    if (overtakes || swaps)
      std::swap(out.back(), out[out.size() - 2]);
  }
  for (auto& frame : std::exchange(overheard_, {}))
    out.push_back(std::move(frame));
  return out;
}

} // namespace ringdown::sim
