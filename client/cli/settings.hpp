// What all verbs of the command line share: the global options, the exit status, signals.
#pragma once

#include "client/connection.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace ringdown::cli {

/// The global options.
struct settings {
  std::string connect = "127.0.0.1:7480";
  std::string app = "ringdown";
  double timeout_s = 5;
  bool json = false;
  bool no_color = false;

  std::chrono::milliseconds timeout() const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(timeout_s * 1000)};
  }
};

/// The program's exit status, as every verb's --help says it.
enum exit_status : int {
  all_well = 0,
  refused = 1,     ///< the broker answered EventError, or a check failed
  usage = 2,       ///< wrong arguments, or no connection
  lost = 3,        ///< disconnected, no answer in time, or a script's expectation failed
  unconfirmed = 4, ///< `send`: the command ended otherwise
  is_held = 5,     ///< `send`: the command waits for the end of a pause
};
struct exit_status_row {
  exit_status status;
  const char* when;
};
inline constexpr exit_status_row exit_statuses[] = {
  {all_well, "all went well (send: a command was confirmed)"},
  {refused, "the broker answered EventError"},
  {usage, "wrong arguments or no connection"},
  {lost, "disconnected, no answer in time, or a script's expectation failed"},
  {unconfirmed, "send: the command was accepted and not confirmed"},
  {is_held, "send: the command was accepted and is held by a pause"},
};
/// All of them in one line.
std::string exit_status_help();

/// The global options and all verbs, with the program's own help.
void describe_program(CLI::App& app, settings& common, int& status);

/// From the first call on, SIGINT and SIGTERM only set a flag (and interrupt a wait).
void catch_stop_signals();
bool stop_requested() noexcept;

// One per verb, each in its own file: adds it to the program; the status is set when it has run.
void add_desktop(CLI::App& app, const settings& common, int& status);
void add_recorder(CLI::App& app, const settings& common, int& status);
void add_monitor(CLI::App& app, const settings& common, int& status);
void add_send(CLI::App& app, const settings& common, int& status);
void add_info(CLI::App& app, const settings& common, int& status);
void add_session(CLI::App& app, const settings& common, int& status);
void add_list(CLI::App& app, const settings& common, int& status);
void add_error(CLI::App& app, const settings& common, int& status);

} // namespace ringdown::cli
