// The traces that are open on one edge loop: which of the frames that pass are told, and the lines
// that wait for who reads them. One thread, the loop's. Where no trace is open the loop asks one
// flag for each read and each write.
//
//   admin thread          loop
//     | open -----------> | a frame passes: came, left     a line, or one more that is lost
//     | read(after) ----> | forgets what is read           the lines behind it
//     |                   | its time is over               no more lines
//     | close ----------> | (or a grace later)             gone
#pragma once

#include "actors/t_client.hpp"
#include "actors/trace.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::edge {

class loop_traces {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Whether anything is to be told.
  bool any() const noexcept { return running_ != 0; }

  void open(trace_wanted what, time_point now);
  void close(std::uint64_t id) noexcept;
  /// At most `lines_max` lines behind `after`, which are kept until a later one is asked for.
  trace_part read(std::uint64_t id, std::uint64_t after, std::size_t lines_max);
  /// Ends those whose time is over, and forgets those whose grace is.
  void look_at_clock(time_point now) noexcept;

  /// Whole frames without their lengths, of a client that has signed on.
  void came(const client_identity& from, std::int64_t time_us,
            const std::vector<std::string_view>& frames) noexcept;
  /// Whole frames with their lengths.
  void left(const client_identity& to, std::int64_t time_us, std::string_view stream) noexcept;

private:
  /// A request whose answer is awaited.
  using awaited = std::pair<client_id, reference_id>;

  struct trace {
    trace_wanted what;
    time_point until;
    bool is_over = false;
    std::deque<trace_line> lines;
    std::size_t bytes = 0;
    std::uint64_t last = 0;
    std::set<awaited> answers; ///< that may name no DN
  };

  void tell(const client_identity& who, std::int64_t time_us, bool is_from_client,
            std::string_view frame) noexcept;
  static bool may_be_told(const trace& of, const client_identity& who, bool is_from_client,
                          std::string_view frame) noexcept;
  static void tell(trace& of, const client_identity& who, std::int64_t time_us, bool is_from_client,
                   std::string_view frame);
  void count_running() noexcept;

  std::vector<trace> traces_;
  std::size_t running_ = 0;
};

} // namespace ringdown::edge
