// One event for each of some DNs, its answer, and what became of a command: `ringdown send`, and
// the commands in one word.
#pragma once

#include "client/cli/party.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::cli {

/// What is sent to whom, and how much is shown of it.
struct send_plan {
  std::vector<std::string> dns;
  client::outgoing_event what; ///< `this_dn` is filled in; the verb stands in its data
  capture_verb verb = capture_verb::none;
  role as = role::desktop;
  bool distribute = false;
  /// Of a command: for its outcome.
  bool waits = true;
  /// Only a confirmed command has gone well: also where the broker tells no outcomes.
  bool must_be_confirmed = false;
  /// Nothing but errors and what became of the command.
  bool is_terse = false;
  /// For an outcome; nothing: as long as the broker may take.
  std::optional<std::chrono::milliseconds> outcome_wait = {};
};

/// The exit status.
int carry_out(const settings& common, send_plan plan);

} // namespace ringdown::cli
