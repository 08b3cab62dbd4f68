// How commands are confirmed: which recorders must do so, and what follows when nobody does.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringdown {

/// How many of the active recorders that a command was accepted for must confirm it.
enum class confirm_policy : std::uint8_t {
  all,
  any,
  quorum, ///< more than half
};
/// Indexed by `confirm_policy`.
inline constexpr std::array<std::string_view, 3> confirm_policy_names{"all", "any", "quorum"};
constexpr std::string_view to_string(confirm_policy p) noexcept {
  return confirm_policy_names[static_cast<std::size_t>(p)];
}
/// Of `recorders` so many must confirm.
constexpr std::size_t confirmations_needed(confirm_policy p, std::size_t recorders) noexcept {
  switch (p) {
  case confirm_policy::all: return recorders;
  case confirm_policy::any: return recorders == 0 ? 0 : 1;
  case confirm_policy::quorum: return recorders == 0 ? 0 : recorders / 2 + 1;
  }
  return recorders;
}

/// What follows when the desktop that paused disappears (docs/confirmed-control.md).
enum class dead_desktop_policy : std::uint8_t {
  stay,   ///< paused, the safe side
  alarm,  ///< paused, and an alarm after a time
  resume, ///< resumed by the broker after a time: for firms that must record everything
};
/// Indexed by `dead_desktop_policy`.
inline constexpr std::array<std::string_view, 3> dead_desktop_policy_names{"stay", "alarm",
                                                                           "resume"};
constexpr std::string_view to_string(dead_desktop_policy p) noexcept {
  return dead_desktop_policy_names[static_cast<std::size_t>(p)];
}

/// Whose `resume` ends a pause.
enum class pause_ownership : std::uint8_t {
  anyone,
  all_holders, ///< each desktop that paused and is still there must resume
};
/// Indexed by `pause_ownership`.
inline constexpr std::array<std::string_view, 2> pause_ownership_names{"anyone", "all_holders"};
constexpr std::string_view to_string(pause_ownership o) noexcept {
  return pause_ownership_names[static_cast<std::size_t>(o)];
}

/// Whether a `start` with a new ConnID lifts the pauses of older calls, where no call source tells
/// of calls.
enum class new_call_policy : std::uint8_t {
  held,  ///< no: it waits until no pause stands
  lifts, ///< yes: for sites whose agents have one call at a time
};
/// Indexed by `new_call_policy`.
inline constexpr std::array<std::string_view, 2> new_call_policy_names{"held", "lifts"};
constexpr std::string_view to_string(new_call_policy p) noexcept {
  return new_call_policy_names[static_cast<std::size_t>(p)];
}

/// What follows when a recorder leaves what is desired, unasked.
enum class drift_policy : std::uint8_t {
  correct, ///< it is ordered again, and an alarm is raised
  alarm,   ///< an alarm is raised
  ignore,  ///< the light shows it, and nothing else happens
};
/// Indexed by `drift_policy`.
inline constexpr std::array<std::string_view, 3> drift_policy_names{"correct", "alarm", "ignore"};
constexpr std::string_view to_string(drift_policy p) noexcept {
  return drift_policy_names[static_cast<std::size_t>(p)];
}

/// What an operator decides about confirmation: the `confirm` section of the configuration.
struct confirm_rules {
  /// A `start` or `resume` that one of two recorders carries out does record.
  confirm_policy start = confirm_policy::any;
  confirm_policy resume = confirm_policy::any;
  /// A `pause` or `stop` that one of two recorders carries out protects nothing.
  confirm_policy pause = confirm_policy::all;
  confirm_policy stop = confirm_policy::all;
  /// Refuse commands that the observed state makes pointless: 43 and 185. Never `pause` and `stop`.
  bool strict = false;
  pause_ownership ownership = pause_ownership::anyone;
  dead_desktop_policy dead_desktop = dead_desktop_policy::stay;
  /// From the desktop's end to the alarm or the resume, and until anybody may lift its pause.
  std::chrono::milliseconds dead_desktop_after{30'000};
  new_call_policy new_call = new_call_policy::held;
  /// By what is desired. A screen that is recorded during a pause shows a card number; a recording
  /// that starts or ends by itself may be the site's rule.
  drift_policy drift_paused = drift_policy::correct;
  drift_policy drift_disabled = drift_policy::alarm;
  drift_policy drift_enabled = drift_policy::alarm;
  /// A pause that long is told to the desktops, and again after each such time; 0: never.
  std::chrono::milliseconds pause_remind_after{0};
};

} // namespace ringdown
