// EventOutcome, written by hand: each confirmed command has one.
#pragma once

#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/outcome.hpp"
#include "messages/user_data.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ringdown {

/// What one recorder made of the command.
struct recorder_result {
  client_id recorder;
  std::string_view application; ///< empty if it is not registered any more
  recorder_verdict verdict = recorder_verdict::silent;
  capture_state said = capture_state::unknown;
  std::uint32_t failure_code = 0;
  std::string_view failure_text{};
};

/// A pause that stands, as far as others are told of it.
struct pause_facts {
  conn_id covers; ///< 0: the whole screen
  std::string_view application;
  std::string_view agent_id;
  client_id client;
  std::string_view reason;
  std::int64_t since_us = 0;
  command_version version;
  bool holder_gone = false;
  std::uint32_t waiting = 0;
};

/// What an EventOutcome says. Its views must stand while it is encoded.
struct outcome_event {
  std::string_view this_dn;
  dn_epoch epoch;
  dn_sequence sequence;
  ringdown::command_id command;
  conn_id connection;
  capture_verb verb = capture_verb::query;
  command_version version;
  outcome result = outcome::unknown;
  std::span<const recorder_result> recorders;
  command_version superseded_by;
  std::optional<pause_facts> held_by;
  capture_aggregate aggregate = capture_aggregate::none;
  capture_state effective_state = capture_state::unknown;
  client_id origin;
  std::int64_t accepted_time_us = 0;
  std::int64_t time_us = 0;
  std::string_view origin_application{};
  std::string_view reason{};
  std::string_view agent_id{};
  /// Of an order of the broker's own.
  broker_reason cause = broker_reason::unspecified;
  dn_sequence released{}; ///< the held command that it is about
  ringdown::command_id released_command{};
};

/// A whole frame, and in it the `EventOutcome` alone.
struct encoded_outcome {
  std::string frame;
  std::size_t content_at = 0;

  std::string_view content() const noexcept { return std::string_view{frame}.substr(content_at); }
};
encoded_outcome encode_outcome(const outcome_event& event);

} // namespace ringdown
