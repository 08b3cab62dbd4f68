// What an agent's desktop knows of its DN, as a pure state machine: the recording light, the pauses
// that stand, the commands that wait for their end, and the alarms. No clock, no I/O. Not
// thread-safe; a value otherwise.
#pragma once

#include "client/events.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ringdown::client {

/// The agent's recording light.
enum class light : std::uint8_t { unknown, recording, paused, off };
std::string_view to_string(light l) noexcept; ///< as in scripts: unknown, recording, paused, off
light light_of(capture_state effective) noexcept;

/// Why the light is unknown.
enum class unknown_because : std::uint8_t {
  it_is_known,
  no_link,         ///< to the broker, not yet or not any more
  not_registered,  ///< on the DN, not yet or not any more
  events_missed,   ///< what is so now is asked for
  no_recorder,     ///< none is registered, or standbys alone
  recorder_lost,   ///< and nobody has spoken since
  recorder_silent, ///< it, or one of several, has not said yet what it does
  broker_fault,    ///< the broker lost what it knew, and asks the recorders
};
std::string_view to_string(unknown_because why) noexcept; ///< no_link, recorder_lost and so on

/// The light of one DN, and what stands there. The light shows what recorders said and never what
/// was only asked for; after any doubt it shows unknown. What stands is the broker's to know: it is
/// taken from snapshots, and `needs_snapshot` says when the last one may not be true any more.
class light_model {
public:
  light shown() const noexcept { return shown_; }
  unknown_because why_unknown() const noexcept { return because_; }
  /// The oldest first.
  const std::vector<standing_pause>& pauses() const noexcept { return pauses_; }
  /// Commands that are held until no pause stands.
  const std::vector<open_order>& waiting() const noexcept { return waiting_; }
  /// A person must look: what the last snapshot said, and what events have raised since. The latter
  /// stand until a recorder speaks, or the light is known again and another than it was at the
  /// alarm.
  std::vector<standing_alarm> alarms() const;
  /// What stands is as the broker has it. False: as it was last heard, before the link, the
  /// registration or an event was lost.
  bool is_current() const noexcept { return is_current_; }
  /// Something stands that may end without an event.
  bool anything_stands() const noexcept;

  /// Events were missed, or what stands has changed: ask for the DN's snapshot
  /// (RequestQueryAddress).
  bool needs_snapshot() const noexcept { return needs_snapshot_; }
  /// How often that has come up so far: what was asked for before the last time may be old.
  std::uint64_t doubts() const noexcept { return doubts_; }
  /// No event tells it: a command of this client's own was accepted or has ended, or time has
  /// passed.
  void doubt_what_stands() noexcept;

  void on_snapshot(const dn_snapshot& snapshot);
  void on_event(const event_user_event& e);
  void on_missed(const event_missed& missed);
  /// The link stands; the registration is to follow.
  void on_link();
  /// The link is gone.
  void on_lost();
  /// The registration is, with the link or without it.
  void on_unregistered();

private:
  struct raised_alarm {
    standing_alarm what;
    light at; ///< what was shown then
  };

  void show(light l, unknown_because why);
  void forget(unknown_because why);
  void raise(const event_user_event& e);

  light shown_ = light::unknown;
  unknown_because because_ = unknown_because::no_link;
  std::vector<standing_pause> pauses_;
  std::vector<open_order> waiting_;
  std::vector<standing_alarm> standing_;
  std::vector<raised_alarm> raised_; ///< at most one for each cause
  bool needs_snapshot_ = false;
  std::uint64_t doubts_ = 0;
  bool is_current_ = false;
  dn_epoch epoch_;
  dn_sequence sequence_;
};

} // namespace ringdown::client
