// Takes lines from those who log and writes them on a thread of its own, so that nobody who logs
// ever waits for a disk or for whoever reads the log.
//
//   a loop          writer's queue             thread             file, pipe, terminal
//     | put(line) --> | (bounded)                |                       |
//     | <- true/false |  -- batch -------------> | write what has room ->|
//     |               |                          | if lines were lost:   |
//     |               |                          | one line that counts ->|
//
// What finds no room, or cannot be written, is lost and counted; the count is written as soon as
// something can be written again. Every function may be called from any thread.
#pragma once

#include "broker/logging/destination.hpp"
#include "broker/logging/logging.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown::logging {

class log_writer {
public:
  struct options {
    std::size_t queue_bytes_max = queue_bytes_default;
    std::size_t queue_bytes_reserve = queue_reserve_default; ///< for lines that matter
    std::chrono::milliseconds end_timeout = end_timeout_default;
    /// The line that tells of lost ones, without its newline, made from their number and why.
    /// Called on the writer's thread, never after the writer's end.
    std::function<std::string(std::uint64_t lines, std::string_view why)> lost_line;
  };

  log_writer(options o, destination_ptr to);
  /// Waits for what is still to be written, no longer than `end_timeout`.
  ~log_writer();
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;

  /// Takes a line without its newline. Does not wait. A line without room is lost and counted;
  /// those that matter have the reserve, and are written at once; others 10 ms later at most, in
  /// one write. The thread begins with the first line.
  void put(std::string_view line, bool matters);
  /// Lines put from now on go there. Earlier ones still go where they were to go, unless that
  /// place takes none.
  void write_to(destination_ptr to);
  /// Waits until all lines put before have been written or lost. False: not within `timeout`.
  bool flush(std::chrono::milliseconds timeout);

private:
  struct state;
  void begin_thread();

  std::shared_ptr<state> state_; ///< the thread's too: it may outlive us in a write that hangs
};

} // namespace ringdown::logging
