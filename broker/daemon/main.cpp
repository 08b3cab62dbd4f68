// ringdownd: the broker as a daemon. Configuration, log, signals; everything else is the library.
//
//   SIGTERM, SIGINT   drain: stop accepting, tell the clients, finish, exit 0; a second one stops
//                     at once
//   SIGHUP            reload what can be reloaded; open the log file anew
//
// Exit status: 0 ended in order; 1 could not drain in time; 2 could not start.
#include "broker/broker.hpp"
#include "broker/config/config.hpp"
#include "broker/daemon/open_files.hpp"
#include "broker/logging/logging.hpp"
#include "broker/version.hpp"

#include <malloc.h>
#include <systemd/sd-daemon.h>

#include <csignal>
#include <ctime>

#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using logging::component;

constexpr int exit_ok = 0;
constexpr int exit_not_drained = 1;
constexpr int exit_not_started = 2;

/// What the command line asks for, beside the configuration's own flags.
struct command_line {
  configuration::sources sources;
  bool check_only = false;
  bool print_only = false;
  std::vector<configuration::config_error> errors;
};

void print_help() {
  std::cout
    << "ringdownd " << version << ", an event broker for contact centers\n\n"
    << "usage: ringdownd [--config FILE] [--KEY=VALUE ...]\n\n"
    << "  --config FILE    the configuration; " << configuration::default_file
    << " is used if it exists\n"
    << "  --check-config   read and check the configuration, then exit (0: right, 2: wrong)\n"
    << "  --print-config   print the configuration and where each value comes from, then exit\n"
    << "  --version, --help\n\n"
    << "Every key of the configuration is a flag, and a variable RINGDOWN_SECTION_KEY:\n"
    << "flag > environment > file > default.\n\n"
    << configuration::flags_help() << "\nSIGTERM drains and exits 0; a second one stops at once. "
    << "SIGHUP reloads.\nExit status: 0 in order, 1 not drained in time, 2 could not start.\n";
}

/// Takes out what main knows itself; the rest are flags of the configuration. Nothing if the
/// program has already done what it was asked for.
std::optional<command_line> read_command_line(int argc, char** argv) {
  command_line line;
  line.sources.file = std::filesystem::path{configuration::default_file};
  line.sources.file_required = false;
  std::vector<std::string> rest;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      print_help();
      return std::nullopt;
    }
    if (argument == "--version") {
      std::cout << "ringdownd " << version << '\n';
      return std::nullopt;
    }
    if (argument == "--check-config") {
      line.check_only = true;
    } else if (argument == "--print-config") {
      line.print_only = true;
    } else if (argument == "--config") {
      if (i + 1 == argc) {
        line.errors.push_back({"command line", 0, 0, "--config", "needs the path of a file", {}});
        break;
      }
      line.sources.file = argv[++i];
      line.sources.file_required = true;
    } else if (argument.starts_with("--config=")) {
      line.sources.file = argument.substr(argument.find('=') + 1);
      line.sources.file_required = true;
    } else {
      rest.push_back(std::move(argument));
    }
  }
  auto flags = configuration::read_flags(rest);
  line.sources.flags = std::move(flags.flags);
  line.errors.insert(line.errors.end(), flags.errors.begin(), flags.errors.end());
  line.sources.environment = configuration::process_environment();
  return line;
}

int report(const std::vector<configuration::config_error>& errors) {
  for (auto& error : errors)
    std::cerr << "ringdownd: " << to_string(error) << '\n';
  return exit_not_started;
}

/// Signals are taken by main alone, one at a time; every other thread has them blocked.
sigset_t block_signals() {
  sigset_t ours;
  sigemptyset(&ours);
  for (int s : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&ours, s);
  pthread_sigmask(SIG_BLOCK, &ours, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return ours;
}

bool is_end(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

/// True if an ending signal is pending; takes it.
bool asked_again(const sigset_t& signals) {
  timespec at_once{0, 0};
  return is_end(sigtimedwait(&signals, nullptr, &at_once));
}

/// Tells systemd, if it started us (NOTIFY_SOCKET): it knows when the broker listens, reloads,
/// ends.
void tell_manager(const std::string& state) {
  sd_notify(0,
            state.c_str()); // without a manager it does nothing; a failure changes nothing for us
}

/// A reload is told with its time, and its end as READY=1.
void tell_manager_of_reload() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  auto us = now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
  tell_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void reload(const command_line& line, configuration::config& running, broker& b,
            logging::logger& log) {
  auto loaded = configuration::load(line.sources);
  // What differs stands in the message itself: the log counts equal messages and writes a few.
  if (!loaded.ok()) {
    for (auto& error : loaded.errors)
      log.error(component::config, "reload refused: " + to_string(error));
    return;
  }
  for (auto& change : configuration::differences(running, loaded.value)) {
    log.write(component::config, change.reloadable ? logging::level::info : logging::level::warn,
              (change.reloadable ? "reloaded " : "needs a restart: ") + change.key,
              {{"before", change.before}, {"after", change.after}});
  }
  log.set_levels(loaded.value.log.thresholds());
  log.set_format(loaded.value.log.format);
  if (auto failed = log.open_file(loaded.value.log.file))
    log.error(component::config, "the log stays where it was", {{"error", *failed}});
  if (auto taken = b.reload(loaded.value); !taken)
    return log.error(component::config, "reload refused: " + taken.text());
  running.log = loaded.value.log;
  running.dns = loaded.value.dns;
}

/// Waits for signals until one ends the daemon.
void serve(const sigset_t& signals, const command_line& line, configuration::config& running,
           broker& b, logging::logger& log) {
  for (;;) {
    timespec second{1, 0};
    int signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGHUP) {
      tell_manager_of_reload();
      reload(line, running, b, log);
      tell_manager("READY=1");
    } else if (is_end(signal)) {
      return;
    }
    log.tick();
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string one; std::getline(in, one);)
    lines.push_back(one);
  return lines;
}

/// A thread's own heap grows by a system call for each 4 KiB, one for each connection; the
/// process's by 128 KiB. With one loop no other thread needs much memory. Before any thread starts.
void use_one_heap_for(const configuration::config::runtime_section& runtime) {
  if (runtime.scheduler == configuration::scheduler::loop && runtime.loops == 1)
    ::mallopt(M_ARENA_MAX, 1); // fails only where another allocator stands in its place
}

int run(const command_line& line, configuration::config running) {
  use_one_heap_for(running.runtime);
  auto signals = block_signals();
  logging::options options;
  options.levels = running.log.thresholds();
  options.shape = running.log.format;
  logging::logger log{std::move(options)};
  if (auto failed = log.open_file(running.log.file)) {
    std::cerr << "ringdownd: log.file " << *failed << '\n';
    return exit_not_started;
  }
  if (auto failed = raise_open_files(running.limits.connections_max)) {
    std::cerr << "ringdownd: " << *failed << '\n';
    return exit_not_started;
  }
  broker b{running, log};
  if (auto started = b.start(); !started) {
    std::cerr << "ringdownd: " << started.text() << '\n';
    return exit_not_started;
  }
  for (auto& limit : lines_of(configuration::limits_table(running)))
    log.info(component::broker, "limit", {{"is", limit}});
  log.info(component::broker, "listening",
           {{"address", running.listen.address},
            {"port", b.port()},
            {"scheduler", to_string(running.runtime.scheduler)},
            {"loops", running.runtime.loops},
            {"version", version}});
  tell_manager("READY=1\nSTATUS=listening on port " + std::to_string(b.port()));
  serve(signals, line, running, b, log);
  tell_manager("STOPPING=1\nSTATUS=draining");
  log.info(component::broker, "draining", {{"connections", b.counters().connections}});
  bool drained = b.drain([&] { return asked_again(signals); });
  if (!drained)
    log.warn(component::broker, "not drained: closing what is left",
             {{"connections", b.counters().connections}});
  b.stop();
  log.info(component::broker, "stopped");
  return drained ? exit_ok : exit_not_drained;
}

} // namespace

int main(int argc, char** argv) {
  auto line = read_command_line(argc, argv);
  if (!line)
    return exit_ok;
  auto loaded = configuration::load(line->sources);
  auto errors = std::move(line->errors);
  errors.insert(errors.end(), loaded.errors.begin(), loaded.errors.end());
  if (!errors.empty())
    return report(errors);
  for (auto& warning : loaded.warnings)
    std::cerr << "ringdownd: warning: " << to_string(warning) << '\n';
  if (line->print_only)
    std::cout << configuration::print(loaded.value);
  if (line->check_only && !line->print_only)
    std::cout << "ringdownd: the configuration is right\n";
  if (line->print_only || line->check_only)
    return exit_ok;
  return run(*line, std::move(loaded.value));
}
