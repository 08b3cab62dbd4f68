// What all verbs of the command line share: the global options, the exit status, signals.
#pragma once

#include "client/connection.hpp"
#include "client/internal/command_words.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::cli {

/// How an option was given: a flag outweighs another option's variable.
enum class given : std::uint8_t { no, by_variable, by_flag };

/// The global options.
struct settings : client::link_files {
  std::string connect = "127.0.0.1:7480";
  std::string context;                  ///< in place of `connect`
  std::string admin = "127.0.0.1:7481"; ///< where the broker's admin port is
  given connect_given = given::no;
  given context_given = given::no;
  given admin_given = given::no;
  std::string app; ///< empty: what it plays, and the host
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
  unconfirmed = 4, ///< the command ended otherwise
  is_held = 5,     ///< the command waits for the end of a pause
};
struct exit_status_row {
  exit_status status;
  const char* when;
};
inline constexpr exit_status_row exit_statuses[] = {
  {all_well, "all went well, and what was commanded is confirmed"},
  {refused, "the broker answered EventError (check-recorder: a step failed)"},
  {usage, "wrong arguments or no connection"},
  {lost, "disconnected, no answer in time, or a script's expectation failed"},
  {unconfirmed, "a command was accepted and not confirmed"},
  {is_held, "a command was accepted and is held by a pause"},
};
/// What a command's outcome is as one.
exit_status status_of(outcome of_command);
/// How bad it is if that came of one of several commands. What is not known may be anything; what
/// was refused was not done at all; what waits for the end of a pause will be done.
int badness(exit_status status);
/// All of them in one line.
std::string exit_status_help();

/// Behind it a verb's --help has the global options.
inline constexpr std::string_view common_flags_title = "For every verb:";

/// The global options and all verbs, with the program's own help.
void describe_program(CLI::App& app, settings& common, int& status);

/// From the first call on, SIGINT and SIGTERM only set a flag (and interrupt a wait).
void catch_stop_signals();
bool stop_requested() noexcept;
/// It was heard: what has to be done behind it may wait, until the next signal.
void forget_stop_request() noexcept;

// One per verb, each in a file, the commands in one: adds it to the program; the status is set when
// it has run.
void add_commands(CLI::App& app, const settings& common, int& status);
void add_desktop(CLI::App& app, const settings& common, int& status);
void add_recorder(CLI::App& app, const settings& common, int& status);
void add_monitor(CLI::App& app, const settings& common, int& status);
void add_send(CLI::App& app, const settings& common, int& status);
void add_info(CLI::App& app, const settings& common, int& status);
void add_session(CLI::App& app, const settings& common, int& status);
void add_list(CLI::App& app, const settings& common, int& status);
void add_check_recorder(CLI::App& app, const settings& common, int& status);
void add_error(CLI::App& app, const settings& common, int& status);
void add_token(CLI::App& app, const settings& common, int& status);
void add_context(CLI::App& app, const settings& common, int& status);
void add_connections(CLI::App& app, const settings& common, int& status);
void add_dns(CLI::App& app, const settings& common, int& status);
void add_why(CLI::App& app, const settings& common, int& status);
void add_drain(CLI::App& app, const settings& common, int& status);
void add_disconnect(CLI::App& app, const settings& common, int& status);
void add_trace(CLI::App& app, const settings& common, int& status);
void add_top(CLI::App& app, const settings& common, int& status);

} // namespace ringdown::cli
