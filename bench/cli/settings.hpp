// What the verbs of ringdown-bench share: which broker is measured, from which core, and how the
// result is told.
#pragma once

#include "bench/load/run.hpp"
#include "bench/machine/machine_watch.hpp"
#include "bench/machine/server.hpp"
#include "bench/speak/peers/peer.hpp"
#include "bench/tell/circumstances.hpp"
#include "bench/tell/plots.hpp"
#include "bench/tell/report.hpp"
#include "client/connection.hpp"
#include "client/internal/command_words.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::bench {

enum exit_status : int {
  all_well = 0,
  not_verified = 1, ///< a delivery was lost, wrong or out of order
  usage = 2,        ///< wrong arguments, or no connection
  lost = 3,         ///< disconnected
};
inline constexpr const char* exit_status_help =
  "Exit status: 0 all verified, 1 a delivery was lost, wrong or out of order, 2 wrong arguments or "
  "no connection, 3 disconnected.";

/// The words as they were given, for the report.
std::string command_line(int argc, char** argv);
/// The global options as a verb's --help shows them, behind its own.
void show_common_flags(CLI::App& app);

/// The global options.
struct settings : client::link_files {
  std::string connect = "127.0.0.1:7480";
  bool tls = false;  ///< of the spawned broker, with a certificate of the run's own
  std::string spawn; ///< the broker's program
  std::vector<std::string> broker_flags; ///< of the spawned broker
  int broker_core = 0;
  int core = 1; ///< this program's; below 0: any
  int broker_pid = 0;
  bool json = false;
  bool quiet = false;
  std::string hgrm;                  ///< beginning of the names of the histograms' files
  std::string html;                  ///< the report's file
  std::string svg;                   ///< beginning of the names of the pictures' files
  std::string command;               ///< all words of the command line
  const CLI::App* program = nullptr; ///< that read them
};

/// Prints what is wrong; `usage`.
int complain(const std::string& text);

/// From the first call on, SIGINT and SIGTERM only set a flag.
void catch_stop_signals();
bool stop_requested() noexcept;

/// A folder that goes when the run is over.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

/// A certificate and its key for the brokers of one run; what went wrong, or nothing.
std::optional<std::string> make_certificate(const temporary_folder& folder, tls_files& made);

/// The broker that a verb measures, found or started. Ends what it has started.
class target {
public:
  /// Of a spawned broker.
  enum class output : std::uint8_t { dropped, kept };
  /// What a spawned broker opens: a plain port or, with --tls, one for TLS; or both.
  enum class doors : std::uint8_t { as_said, both };

  /// What is wrong, or nothing. `limits`: flags that a spawned broker needs for the load.
  std::optional<std::string> prepare(const settings& common, const std::vector<std::string>& limits,
                                     output what_it_prints = output::dropped,
                                     doors which = doors::as_said);
  /// What a spawned broker has printed so far, if it was to be kept.
  std::string printed() const;
  /// Says to a run where the broker is; of both doors it is the one for TLS.
  void aim(run_options& options) const;
  /// The other one.
  void aim_plain(run_options& options) const;
  /// Its process, if that is known.
  std::optional<pid_t> pid() const noexcept { return pid_; }

private:
  std::optional<std::string> start(const settings& common, const std::vector<std::string>& limits,
                                   output what_it_prints, doors which, client::endpoint& where);
  std::optional<std::string> secure(const settings& common, client::endpoint& where);

  std::optional<temporary_folder> folder_; // outlives the server
  server server_;
  client::socket_address address_;
  client::socket_address plain_address_; ///< of both doors
  std::shared_ptr<const client::tls_context> secured_;
  std::string server_name_;
  std::string credentials_;
  std::optional<pid_t> pid_;
};

/// Keeps the program on its core, if it has more than one and one is wished.
std::optional<std::string> settle_on_core(int core);

/// What a verb has to tell, in each form that an option asks for.
struct account {
  bool is_good = true;
  std::string text;
  json object;
  std::string broker; ///< as it names itself
  std::vector<named_latency> latencies;
  std::vector<named_plot> plots;
  std::string trouble;     ///< why it ended before its time; empty if it did not
  bool has_figures = true; ///< else its trouble is all that it tells
};
account account_of(const load_options& options, const load_result& result);
/// Writes the files and prints the result as the settings say, with the circumstances; the exit
/// status. Ends the watch, which began before the run.
int tell(const settings& common, account a, machine_watch& watch);
/// Under which a run came about that this watch saw from its beginning.
circumstances circumstances_of(const settings& common, std::string broker,
                               const machine_history& machine);

/// Progress goes to stderr, once a second: the result on stdout stays clean.
std::function<void(const sample&)> progress(const settings& common);
/// The same while connections come up.
std::function<void(const link_set&, std::chrono::nanoseconds)>
opening_progress(const settings& common);

/// False: the file cannot be written.
bool write_file(const std::string& path, const std::string& text);
/// As NAME.<its name>.svg, if --svg asks for it; what is wrong, or nothing.
std::optional<std::string> write_picture(const settings& common, const std::string& name,
                                         const drawing& picture);

std::chrono::milliseconds from_seconds(double seconds);

/// What the options of a run say, over a workload's own.
struct load_arguments {
  std::string workload = "w1";
  std::optional<std::uint32_t> threads, producers, window, dns, receivers, fan_out, slow;
  std::optional<std::size_t> bytes, slow_rate;
  std::optional<double> seconds, warmup_s, patience_s;
  std::optional<double> rate, rate_from;
  std::optional<std::string> arrival_name, command;
  std::optional<std::uint32_t> burst;
  std::optional<std::uint64_t> seed;
  bool exceed_window = false;

  void add_to(CLI::App& verb);
  /// The run that they describe; else what is wrong.
  std::optional<std::string> fill(load_options& o) const;
};

// One per verb, each in its own file.
void add_run(CLI::App& app, const settings& common, int& status);
void add_overload(CLI::App& app, const settings& common, int& status);
void add_knee(CLI::App& app, const settings& common, int& status);
void add_capture(CLI::App& app, const settings& common, int& status);
void add_compare(CLI::App& app, const settings& common, int& status);
void add_idle(CLI::App& app, const settings& common, int& status);
void add_storm(CLI::App& app, const settings& common, int& status);
void add_logins(CLI::App& app, const settings& common, int& status);
void add_diff(CLI::App& app, const settings& common, int& status);

} // namespace ringdown::bench
