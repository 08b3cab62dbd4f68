// What `ringdown check-recorder` asks of a recorder, as plain values: steps, each a list of moves.
// A move is something that is done, or something that must be seen by its deadline. Pure.
#pragma once

#include "client/requests.hpp"

#include <chrono>
#include <string_view>
#include <vector>

namespace ringdown::cli {

/// Which of a step's commands is meant.
using command_key = std::size_t;

enum class move_kind : std::uint8_t {
  // What is done.
  give,    ///< the desktop sends the command `verb` about `call`, named `key` from then on
  cut,     ///< the recorder's link ends, and nobody answers it
  mend,    ///< what was cut or held goes on
  hold,    ///< the recorder's link stands, and carries nothing either way
  restart, ///< the broker is killed, and another one started in its place
  // What must be seen within its time.
  registers, ///< the recorder registers as an active one
  says,      ///< the recorder says one of `words`; others may come before
  says_only, ///< the same, and no other word before it
  repeats,   ///< the recorder says what it said last
  refuses,   ///< the recorder says `failed`, with a reason
  ends,      ///< the command `key` has the outcome `result`
  is_over,   ///< the command `key` has an outcome, or its answer was lost with the broker
  released,  ///< the held command `key` went out and was confirmed
  shows,     ///< the light is what one of `words` says
  ready,     ///< the desktop is registered
  // What must not be seen during its time.
  quiet, ///< the recorder leaves what it says: records, or does not
};

struct move {
  move_kind kind = move_kind::quiet;
  std::chrono::milliseconds within{0};
  command_key key = 0;
  capture_verb verb = capture_verb::none;
  conn_id call = {};
  outcome result = outcome::confirmed;
  std::vector<capture_verb> words = {};
};

/// For which recorders a step is meant.
enum class meant_for : std::uint8_t { everyone, per_call };

struct step {
  std::string_view name;
  std::string_view duty; ///< of the recorder, in one sentence
  /// Steps without which this one would say nothing new.
  std::vector<std::string_view> needs = {};
  /// The screen is off before it. Otherwise it goes on from where the one before it ended.
  bool from_off = false;
  meant_for whom = meant_for::everyone;
  std::vector<move> moves = {};
};

/// What the command line chooses.
struct check_options {
  std::chrono::milliseconds wait{30'000}; ///< for a recorder to come, or to come back
  std::chrono::milliseconds watch{3'000}; ///< how long it must leave alone what is desired
  /// From a command to its outcome; as a daemon has it by default.
  std::chrono::milliseconds confirm_timeout{2'000};
  /// The recorder was made unable to do this: only that is looked at. None: it can do all.
  capture_verb refuses = capture_verb::none;
};

/// All steps in their order.
std::vector<step> recorder_steps(const check_options& options);

/// The broker of a check grants this to everybody: what a daemon grants by default, and long enough
/// that a link which is held for a command's whole time does not count as dead.
std::chrono::milliseconds heartbeat_interval(const check_options& options);
std::chrono::milliseconds heartbeat_timeout(const check_options& options);
/// Behind its own deadline the broker has decided; this is for one that breaks its promise.
std::chrono::milliseconds outcome_max(const check_options& options);

} // namespace ringdown::cli
