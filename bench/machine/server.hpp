// A broker, or a peer that it is compared with, as a child process: started on a core of its own,
// ended by its process id, and never outliving this program.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::bench {

/// A port of 127.0.0.1 that was free a moment ago; 0 if there is none.
std::uint16_t free_port();

class server {
public:
  struct plan {
    std::vector<std::string> command;
    std::optional<unsigned> core;         ///< the only one that it runs on
    std::string output;                   ///< a file for what it prints; empty: nowhere
    std::vector<std::string> environment; ///< NAME=VALUE, added to this program's own
  };

  server() = default;
  ~server() { stop(); }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// What went wrong, or nothing.
  std::optional<std::string> start(const plan& p);
  /// Waits until it accepts connections on this port of 127.0.0.1.
  std::optional<std::string> await(std::uint16_t port, std::chrono::milliseconds patience);
  /// SIGTERM, some patience, SIGKILL. Its exit status, or 128 and the signal's number.
  int stop();

  pid_t pid() const noexcept { return pid_; }

private:
  bool ended();

  pid_t pid_ = -1;
  int status_ = 0;
  std::string name_;
};

} // namespace ringdown::bench
