// A ringdownd of the check's own, as a child process on a private port of this machine. It never
// outlives this program.
//
// bench/machine starts brokers too, to measure them on cores of their own; the client's floor does
// not know that one. This one has less to do: one program, one port, killed when it is not needed.
#pragma once

#include "client/cli/check_recorder_table.hpp"
#include "client/internal/socket.hpp"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::cli {

/// The ringdownd that stands beside this program, or else that of PATH.
std::string ringdownd_beside_us();

class child_broker {
public:
  child_broker() = default;
  ~child_broker() { kill(); }
  child_broker(const child_broker&) = delete;
  child_broker& operator=(const child_broker&) = delete;

  /// Starts it with what is granted and decided in a check, and waits until it listens, on the port
  /// that it had before, if it had one. What went wrong, or nothing.
  std::optional<std::string> start(const std::string& program, const check_options& check,
                                   std::chrono::milliseconds patience);
  /// As if its machine were gone.
  void kill();

  std::uint16_t port() const noexcept { return port_; }
  /// To be read while it runs: its log has the last word if it ends by itself.
  int log_descriptor() const noexcept { return log_.get(); }
  void read_log();
  /// Why it does not run, if it has ended by itself.
  std::optional<std::string> ended();

private:
  std::vector<std::string> command(const std::string& program, const check_options& check) const;
  bool find_port();

  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  bool listens_ = false;
  client::unique_fd log_;
  std::string line_;      // of the log, not whole yet
  std::string last_line_; // the last whole one
};

} // namespace ringdown::cli
