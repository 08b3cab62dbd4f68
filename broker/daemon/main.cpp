// ringdownd: the broker as a daemon. Configuration, log, signals; everything else is the library.
//
//   SIGTERM, SIGINT, SIGQUIT   drain: stop accepting, tell the clients, finish, exit 0; a second
//                              one stops at once
//   SIGHUP                     reload what can be reloaded; open the log file anew
//   others that end a program  passed over, with a warning in the log
//
// Exit status: 0 ended in order; 1 could not drain in time; 2 could not start; 3 the broker failed.
#include "broker/broker.hpp"
#include "broker/config/config.hpp"
#include "broker/daemon/manager.hpp"
#include "broker/daemon/memory_reserve.hpp"
#include "broker/daemon/open_files.hpp"
#include "broker/daemon/reload.hpp"
#include "broker/daemon/signals.hpp"
#include "broker/logging/journal.hpp"
#include "broker/logging/logging.hpp"
#include "broker/version.hpp"

#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using logging::component;

constexpr int exit_ok = 0;
constexpr int exit_not_drained = 1;
constexpr int exit_not_started = 2;
constexpr int exit_failed = 3;

/// What the command line asks for, beside the configuration's own flags.
struct command_line {
  configuration::sources sources;
  bool help = false;
  bool version = false;
  bool check_only = false;
  bool print_only = false;
  std::vector<configuration::config_error> errors;
};

int print_version() {
  std::cout << "ringdownd " << version << '\n';
  return exit_ok;
}

int print_help() {
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
    << configuration::flags_help() << "\nSignals:\n\n"
    << "  SIGTERM, SIGINT, SIGQUIT  drain and end with 0; a second one ends at once, with 1 if\n"
    << "                            clients were left\n"
    << "  SIGHUP                    reload the configuration, open the log file anew\n"
    << "  SIGUSR1, SIGUSR2          passed over, with a line in the log; so are others that end a\n"
    << "                            program\n\n"
    << "Exit status: 0 in order, 1 not drained in time, 2 could not start, 3 failed.\n";
  return exit_ok;
}

/// Takes out what main knows itself; the rest are flags of the configuration.
command_line read_command_line(int argc, char** argv) {
  command_line line;
  line.sources.file = std::filesystem::path{configuration::default_file};
  line.sources.file_required = false;
  std::vector<std::string> rest;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      line.help = true;
    } else if (argument == "--version") {
      line.version = true;
    } else if (argument == "--check-config") {
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

/// On standard error, for want of a log.
void say(logging::level level, const std::string& text) {
  if (logging::reader_of_standard_error() == logging::reader::journal)
    std::cerr << logging::priority(level);
  std::cerr << "ringdownd: " << text << '\n';
}

int report(const std::vector<configuration::config_error>& errors) {
  for (auto& error : errors)
    say(logging::level::error, to_string(error));
  return exit_not_started;
}

/// What is due while the broker runs, and while it drains.
void each_second(broker& b, logging::logger& log) {
  log.tick();
  if (b.tick())
    manager::alive();
}

/// Waits for signals until one ends the daemon, or it has failed.
void serve(signals& from, configuration::reloader& again, configuration::config& running, broker& b,
           logging::logger& log) {
  for (;;) {
    auto came = from.wait(std::chrono::seconds{1});
    if (is_memory_reserve_spent())
      return b.fail("out of memory");
    switch (came) {
    case asked::end: return;
    case asked::reload:
      manager::reloading();
      manager::reloaded(b.port(), reload(again, running, b, log));
      break;
    case asked::other:
      log.warn(component::broker, "a signal that means nothing here is passed over",
               {{"signal", from.last()}});
      break;
    case asked::nothing: break;
    }
    each_second(b, log);
    if (b.has_failed())
      return;
  }
}

/// A thread's own heap grows by a system call for each 4 KiB, one for each connection; the
/// process's by 128 KiB. With one loop no other thread needs much memory. Before any thread starts.
void use_one_heap_for(const configuration::config::runtime_section& runtime) {
  if (runtime.scheduler == configuration::scheduler::loop && runtime.loops == 1)
    ::mallopt(M_ARENA_MAX, 1); // fails only where another allocator stands in its place
}

logging::options log_options(const configuration::config::log_section& log) {
  logging::options options;
  options.levels = log.thresholds();
  options.shape = log.format;
  options.bytes_per_second_max = log.bytes_per_second_max;
  return options;
}

int not_started(const signals& from, const std::string& why) {
  from.give_back(); // standard error may be a pipe that nobody reads
  say(logging::level::error, why);
  return exit_not_started;
}

/// One line: what bounds this run is found by one look, also where its configuration is gone.
void tell_limits(const configuration::config& running, logging::logger& log) {
  const auto limits = configuration::limits_of(running);
  std::vector<logging::field> all;
  for (auto& [name, value] : limits)
    all.emplace_back(name, value);
  log.write(component::broker, logging::level::info, "limits", all);
}

void tell_start(const configuration::load_result& loaded, const broker& b, logging::logger& log) {
  for (auto& warning : loaded.warnings)
    log.warn(component::config, to_string(warning));
  auto& running = loaded.value;
  tell_limits(running, log);
  auto tell_of = [&](std::string_view what, std::string_view address, std::uint16_t port) {
    log.info(component::broker, what,
             {{"address", address},
              {"port", port},
              {"scheduler", to_string(running.runtime.scheduler)},
              {"loops", running.runtime.loops},
              {"version", version}});
  };
  if (running.listen.enabled)
    tell_of("listening", running.listen.address, b.port());
  if (running.listen_tls.enabled)
    tell_of("listening by TLS", running.listen_tls.address, b.tls_port());
  if (b.admin_port() != 0)
    log.info(component::broker, "admin port",
             {{"address", running.admin.address}, {"port", b.admin_port()}});
}

int drain(signals& from, broker& b, logging::logger& log) {
  manager::draining();
  log.info(component::broker, "draining", {{"connections", b.counters().connections}});
  auto next = std::chrono::steady_clock::now();
  bool drained = b.drain([&] {
    if (auto now = std::chrono::steady_clock::now(); now >= next) {
      next = now + std::chrono::seconds{1};
      each_second(b, log);
    }
    auto came = from.wait(std::chrono::milliseconds{0});
    if (came == asked::reload)
      log.info(component::config, "the configuration is not read again: the broker drains");
    return came == asked::end;
  });
  if (!drained)
    log.warn(component::broker, "not drained: closing what is left",
             {{"connections", b.counters().connections}});
  b.stop();
  log.info(component::broker, "stopped");
  if (b.has_failed())
    return exit_failed;
  return drained ? exit_ok : exit_not_drained;
}

/// With the folder that systemd has made for the daemon (StateDirectory=), where none is
/// configured. A reload compares what is configured, and does not see it.
configuration::config with_state_directory(configuration::config running) {
  auto* made = std::getenv("STATE_DIRECTORY");
  if (made != nullptr && running.server.state_directory.empty())
    running.server.state_directory = made;
  return running;
}

/// What an operator orders by the admin port comes to the daemon as if by a signal: one way in for
/// both, and the port's thread waits for nothing.
broker_options ordered_by_signal() {
  broker_options options;
  options.on_drain_ordered = [] { ::kill(::getpid(), SIGTERM); };
  options.on_reload_ordered = [] { ::kill(::getpid(), SIGHUP); };
  return options;
}

int run(signals& from, const configuration::sources& sources,
        const configuration::load_result& loaded) {
  auto running = loaded.value;
  use_one_heap_for(running.runtime);
  keep_memory_reserve();
  logging::logger log{log_options(running.log)};
  if (auto failed = log.open_file(running.log.file))
    return not_started(from, "log.file " + *failed);
  if (auto failed = raise_open_files(running.limits.connections_max))
    return not_started(from, *failed);
  broker b{with_state_directory(running), log, ordered_by_signal()};
  if (auto started = b.start(); !started)
    return not_started(from, started.text());
  tell_start(loaded, b, log);
  manager::ready(b.port());
  configuration::reloader again{sources, loaded};
  serve(from, again, running, b, log);
  return drain(from, b, log);
}

/// What is asked of the program other than to serve.
int answer(const command_line& line, const configuration::load_result& loaded) {
  for (auto& warning : loaded.warnings)
    say(logging::level::warn, "warning: " + to_string(warning));
  if (line.print_only)
    std::cout << configuration::print(loaded.value);
  else
    std::cout << "ringdownd: the configuration is right\n";
  return exit_ok;
}

} // namespace

int main(int argc, char** argv) {
  signals from; // first: one that comes now is kept until the daemon can end in order
  keep_standard_files();
  auto line = read_command_line(argc, argv);
  if (line.help || line.version) {
    from.give_back();
    return line.help ? print_help() : print_version();
  }
  auto loaded = configuration::load(line.sources);
  auto errors = std::move(line.errors);
  errors.insert(errors.end(), loaded.errors.begin(), loaded.errors.end());
  if (errors.empty() && line.check_only)
    errors = broker::check(loaded.value).errors;
  if (!errors.empty() || line.print_only || line.check_only)
    from.give_back();
  if (!errors.empty())
    return report(errors);
  if (line.print_only || line.check_only)
    return answer(line, loaded);
  return run(from, line.sources, loaded);
}
