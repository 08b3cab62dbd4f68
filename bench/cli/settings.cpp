#include "bench/cli/settings.hpp"

#include "bench/load/workload.hpp"
#include "bench/machine/certificate.hpp"
#include "bench/machine/process.hpp"
#include "bench/tell/hgrm.hpp"
#include "bench/tell/html.hpp"
#include "client/connection.hpp"
#include "client/internal/private_file.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace ringdown::bench {

using std::chrono::milliseconds;

namespace {

volatile std::sig_atomic_t stop_flag = 0;

constexpr milliseconds start_patience{30'000};
constexpr const char* output_file = "/output";

} // namespace

std::function<void(const sample&)> progress(const settings& common) {
  if (common.quiet)
    return {};
  return [next = std::chrono::nanoseconds{0}](const sample& s) mutable {
    if (s.at < next)
      return;
    next = s.at + std::chrono::milliseconds{900};
    fmt::print(stderr, "{}", text_of(s));
  };
}

std::function<void(const link_set&, std::chrono::nanoseconds)>
opening_progress(const settings& common) {
  if (common.quiet)
    return {};
  return [](const link_set& links, std::chrono::nanoseconds time) {
    fmt::print(stderr, "{}", text_of(links, time));
  };
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  file << text;
  return static_cast<bool>(file.flush());
}

std::optional<std::string> write_picture(const settings& common, const std::string& name,
                                         const drawing& picture) {
  auto path = common.svg + "." + name + ".svg";
  if (common.svg.empty() || write_file(path, svg_file(picture)))
    return std::nullopt;
  return "--svg: cannot write " + path;
}

namespace {

/// The files that global options ask for; what is wrong, or nothing.
std::optional<std::string> write_files(const settings& common, const account& a) {
  if (!common.hgrm.empty())
    for (auto& one : a.latencies)
      if (auto path = common.hgrm + "." + one.name + ".hgrm";
          !write_file(path, hgrm_text(one.latency)))
        return "--hgrm: cannot write " + path;
  if (!common.html.empty() &&
      !write_file(common.html, html_report(common.command, a.is_good, a.text, a.plots)))
    return "--html: cannot write " + common.html;
  for (auto& one : a.plots)
    if (auto fault = write_picture(common, one.name, draw(one.what)))
      return fault;
  return std::nullopt;
}

} // namespace

int complain(const std::string& text) {
  fmt::print(stderr, "ringdown-bench: {}\n", printable(text));
  return usage;
}

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_flag = 1; };
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM})
    ::sigaction(signal, &action, nullptr); // without SA_RESTART: a wait ends
}

bool stop_requested() noexcept {
  return stop_flag != 0;
}

std::string command_line(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i)
    line += (i > 0 ? " " : "") + printable_word(argv[i]);
  return line;
}

milliseconds from_seconds(double seconds) {
  return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

std::optional<std::string> settle_on_core(int core) {
  wake_up_exactly();
  if (core < 0 || std::thread::hardware_concurrency() < 2)
    return std::nullopt;
  if (pin_to(static_cast<unsigned>(core)))
    return std::nullopt;
  return "--core: cannot run on processor " + std::to_string(core);
}

temporary_folder::temporary_folder() {
  auto name = (std::filesystem::temp_directory_path() / "ringdown-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr)
    path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

std::string target::printed() const {
  if (!folder_)
    return {};
  std::ifstream file{folder_->path() + output_file};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::optional<std::string> make_certificate(const temporary_folder& folder, tls_files& made) {
  made = {folder.path() + "/certificate.pem", folder.path() + "/key.pem"};
  return make_certificate(made.certificate, made.key);
}

/// Starts the broker at ports of its own.
std::optional<std::string> target::start(const settings& common,
                                         const std::vector<std::string>& limits,
                                         output what_it_prints, doors which,
                                         client::endpoint& where) {
  where = client::endpoint{"127.0.0.1", free_port(), std::nullopt};
  bool by_tls = common.tls || which == doors::both;
  if (by_tls || what_it_prints == output::kept)
    folder_.emplace();
  tls_files files;
  if (by_tls) {
    if (auto fault = make_certificate(*folder_, files))
      return fault;
    where.tls = client::tls_options{.ca_file = files.certificate};
  }
  auto plain_port = which == doors::both ? free_port() : std::uint16_t{0};
  if (plain_port != 0)
    plain_address_ = client::resolve("127.0.0.1", plain_port).addresses.at(0);
  server::plan plan;
  plan.command =
    by_tls ? ringdown_doors(plain_port, where.port, files) : ringdown_doors(where.port, 0, files);
  plan.command.insert(plan.command.begin(), common.spawn);
  plan.command.insert(plan.command.end(), limits.begin(), limits.end());
  plan.command.insert(plan.command.end(), common.broker_flags.begin(), common.broker_flags.end());
  if (what_it_prints == output::kept)
    plan.output = folder_->path() + output_file;
  if (common.broker_core >= 0)
    plan.core = static_cast<unsigned>(common.broker_core);
  if (auto fault = server_.start(plan))
    return fault;
  if (auto fault = server_.await(where.port, start_patience))
    return fault;
  pid_ = server_.pid();
  return std::nullopt;
}

/// Reads the files with which this program shows who it is.
std::optional<std::string> target::secure(const settings& common, client::endpoint& where) {
  if (!common.token_file.empty()) {
    auto token = client::read_token(common.token_file);
    if (!token.problem.empty())
      return "--token-file " + common.token_file + ": " + token.problem;
    credentials_ = token.text;
  }
  if (!where.tls)
    return common.tls_ca.empty() && common.tls_cert.empty() && common.tls_key.empty()
             ? std::nullopt
             : std::optional<std::string>{"--tls-ca, --tls-cert and --tls-key are for "
                                          "tls://HOST:PORT or --tls"};
  if (!common.tls_ca.empty())
    where.tls->ca_file = common.tls_ca;
  where.tls->certificate_file = common.tls_cert;
  where.tls->key_file = common.tls_key;
  if (!common.tls_key.empty())
    if (auto problem = client::privacy_problem(common.tls_key); !problem.empty())
      return "--tls-key " + common.tls_key + ": " + problem;
  secured_ = std::make_shared<client::tls_context>(*where.tls);
  server_name_ = where.host;
  return secured_->fault().fault == client::link_fault::none
           ? std::nullopt
           : std::optional{secured_->fault().text};
}

std::optional<std::string> target::prepare(const settings& common,
                                           const std::vector<std::string>& limits,
                                           output what_it_prints, doors which) {
  auto where = client::parse_endpoint(common.connect);
  if (!where)
    return "--connect " + common.connect + ": expected HOST:PORT or tls://HOST:PORT";
  if (common.tls && common.spawn.empty())
    return "--tls is of a broker that --spawn starts; else say --connect tls://HOST:PORT";
  if (!common.spawn.empty()) {
    if (auto fault = start(common, limits, what_it_prints, which, *where))
      return fault;
  } else if (common.broker_pid != 0) {
    pid_ = common.broker_pid;
    if (!cpu_time(*pid_))
      return "--broker-pid: no process " + std::to_string(*pid_);
  }
  if (auto fault = secure(common, *where))
    return fault;
  auto resolved = client::resolve(where->host, where->port);
  if (resolved.addresses.empty())
    return "cannot resolve " + where->host + ": " + resolved.text;
  address_ = resolved.addresses.front();
  return std::nullopt;
}

void target::aim(run_options& options) const {
  options.links.address = address_;
  options.links.secured = secured_;
  options.links.server_name = server_name_;
  options.credentials = credentials_;
  options.broker_pid = pid_;
}

void target::aim_plain(run_options& options) const {
  options.links.address = plain_address_;
  options.credentials = credentials_;
  options.broker_pid = pid_;
}

account account_of(const load_options& options, const load_result& result) {
  return {result.good(),
          text_of(options, result),
          to_json(options, result),
          result.broker,
          latencies_of(result),
          plots_of(result),
          result.trouble,
          result.trouble.empty() || result.found.sent > 0};
}

int tell(const settings& common, account a, machine_watch& watch) {
  auto machine = watch.finish();
  if (!a.has_figures)
    return complain(a.trouble);
  auto around = circumstances_of(common, a.broker, machine);
  a.object["circumstances"] = to_json(around);
  a.text += text_of(around);
  for (auto& one : plots_of(machine))
    a.plots.push_back(one);
  if (auto fault = write_files(common, a))
    return complain(*fault);
  fmt::print("{}", common.json ? dump(a.object) + "\n" : a.text);
  if (!a.trouble.empty()) {
    complain(a.trouble);
    return lost;
  }
  return a.is_good ? all_well : not_verified;
}

// ---- what a run is told ----------------------------------------------------------------------

void load_arguments::add_to(CLI::App& verb) {
  auto number = [&](const char* name, std::optional<std::uint32_t>& value, std::uint32_t least,
                    std::uint32_t most, const char* text) {
    verb.add_option(name, value, text)->check(CLI::Range(least, most));
  };
  auto real = [&](const char* name, std::optional<double>& value, const char* text) {
    verb.add_option(name, value, text)->check(CLI::Range(0.0, 1e9));
  };
  verb.add_option("--workload", workload, "Where the other options begin: " + workload_names())
    ->capture_default_str();
  number("--producers", producers, 1, 100'000,
         "Sending connections, each with its share of the DNs");
  number("--threads", threads, 1, 64,
         "Threads of this program that load it, each with its share of connections and DNs");
  number("--window", window, 1, event_template::slots_max, "Requests outstanding per producer");
  number("--dns", dns, 1, 9'999'999, "DNs, spread evenly");
  number("--receivers", receivers, 1, 100'000, "Recorders that share the DNs between them");
  number("--fan-out", fan_out, 1, 100'000, "Receivers of each DN");
  number("--slow", slow, 0, 100'000, "So many of the receivers read slowly");
  verb.add_option("--slow-rate", slow_rate, "Bytes a second that a slow receiver reads");
  verb.add_option("--bytes", bytes, "User data of each event, serialized")
    ->check(CLI::Range(event_template::user_data_bytes_min, std::size_t{65'535}));
  verb.add_option("--command", command,
                  "Each event is this command to the recorders, such as query");
  real("--seconds", seconds, "Measured time");
  real("--warmup", warmup_s, "Seconds of load before it");
  real("--patience", patience_s, "Seconds for all connections to be up");
  real("--rate", rate, "Open loop: so many events a second, however the broker fares");
  verb.add_option("--arrival", arrival_name, "Of the open loop: constant, poisson, ramp, burst");
  real("--rate-from", rate_from, "Of a ramp: the rate at its start");
  number("--burst", burst, 1, 1'000'000, "Of bursts: events at once");
  verb.add_option("--seed", seed, "Of the poisson arrival: the times at which events are due");
  verb.add_flag("--exceed-window", exceed_window,
                "Send more than the broker grants, to see how it refuses");
}

std::optional<std::string> load_arguments::fill(load_options& o) const {
  auto* base = find_workload(workload);
  if (base == nullptr)
    return "--workload " + workload + ": expected one of " + workload_names();
  base->shape(o);
  auto take = [](auto& into, auto& given) {
    if (given)
      into = *given;
  };
  bool all_receive = o.receivers == o.fan_out; // of each DN
  take(o.producers, producers);
  take(o.threads, threads);
  take(o.window, window);
  take(o.dns, dns);
  take(o.receivers, receivers);
  take(o.fan_out, fan_out);
  if (fan_out && !receivers)
    o.receivers = all_receive ? o.fan_out : std::max(o.receivers, o.fan_out);
  take(o.slow_receivers, slow);
  take(o.slow_bytes_per_second, slow_rate);
  take(o.user_data_bytes, bytes);
  for (auto [into, given] :
       {std::pair{&o.seconds, &seconds}, {&o.warmup, &warmup_s}, {&o.patience, &patience_s}})
    if (*given)
      *into = from_seconds(**given);
  o.exceed_window = exceed_window;
  if (command) {
    o.command = parse_capture_verb(*command).value_or(capture_verb::none);
    if (!is_command(o.command))
      return "--command " + *command + ": expected start, stop, pause, resume or query";
  }
  if (rate && !o.open_loop)
    o.open_loop.emplace();
  if (!o.open_loop)
    return arrival_name || rate_from || burst || seed
             ? std::optional<std::string>{"--arrival, --rate-from, --burst and --seed need --rate"}
             : std::nullopt;
  take(o.open_loop->per_second, rate);
  take(o.open_loop->from_per_second, rate_from);
  take(o.open_loop->burst_events, burst);
  take(o.open_loop->seed, seed);
  o.open_loop->ramp_time = o.warmup + o.seconds;
  if (arrival_name) {
    auto kind = arrival_of(*arrival_name);
    if (!kind)
      return "--arrival " + *arrival_name + ": expected constant, poisson, ramp or burst";
    o.open_loop->kind = *kind;
  }
  return std::nullopt;
}

} // namespace ringdown::bench
