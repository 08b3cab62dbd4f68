// Faults planted on purpose, so that it shows whether a run would find them. Those of the wire
// change what a client hears, between the broker and it; the others bend the broker's limits and
// rules, which a run's promises do not follow.
#pragma once

#include "tests/actors/office.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <map>
#include <string_view>
#include <vector>

namespace ringdown::sim {

enum class plant : std::uint8_t {
  none,
  lose_outcome,       ///< an outcome is not told
  double_outcome,     ///< an outcome is told twice
  outcome_before_ack, ///< an outcome overtakes its ACK
  confirm_early,      ///< a command is called confirmed whatever the recorders said
  lose_ack,           ///< a request is not answered
  double_ack,         ///< a request is answered twice
  lose_pause,         ///< an accepted pause does not reach a recorder
  deliver_held,       ///< a recorder gets a resume that is held
  swap_events,        ///< two events of a DN change places
  stale_light,        ///< the light of a desktop stays lit
  dark_light,         ///< the light goes out while something is recorded
  lose_missed,        ///< a slow client is not told what it missed
  forget_command_ids, ///< a command sent again is done again
  pause_by_any,       ///< one recorder's word confirms a pause of two
  late_deadline,      ///< outcomes come after the deadline
  owe_outcome,        ///< an outcome is owed for ever
  leak_memory,        ///< the memory budget counts what is gone
  start_lifts_pause,  ///< a start goes out while a pause stands
  stale_call_light,   ///< the light stays paused although a recorder records
  lost_holder_lifts,  ///< a pause ends when its holder's link breaks
  forget_release,     ///< what was held is let go, and no recorder gets it
  silent_release,     ///< what becomes of a held command is not told
  two_lights,         ///< who comes later is shown another light
};
inline constexpr std::size_t plant_count = 24;
std::string_view name_of(plant p);

/// How many seeds, from 1 on, find it at the latest.
std::uint64_t seeds_to_find(plant p);

/// Bends the broker, before anybody connects.
void plant_in_rules(plant p, test::office& o);
limits planted_limits(plant p, limits bounds);
/// ... and at the end.
void plant_at_end(plant p, test::office& o);

/// The wire between the broker and one client; a fault happens on it once in a while.
class planted_wire {
public:
  planted_wire(plant p, bool is_recorder) : plant_(p), is_recorder_(is_recorder) {}
  std::vector<v1::Frame> carry(std::vector<v1::Frame> frames);
  /// What the broker did not deliver to this recorder, but to others.
  void overhear(const v1::Frame& frame);

private:
  bool is_due() { return ++chances_ % 3 == 0; }

  plant plant_;
  bool is_recorder_;
  std::uint64_t chances_ = 0;
  bool was_paused_ = false;
  std::vector<v1::Frame> overheard_;
};

} // namespace ringdown::sim
