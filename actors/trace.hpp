// What a trace is of, and its lines: values that go from a loop to who has asked. A trace looks at
// what passes between one loop's clients and the broker; nothing that passes waits for it.
#pragma once

#include "messages/ids.hpp"
#include "messages/traced_frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringdown {

/// Traces at once: each costs its loops a look at every frame, and some people look at a time.
inline constexpr std::size_t traces_max = 4;
/// A trace ends then at the latest: longer than a call at which something is looked for.
inline constexpr std::chrono::seconds trace_time_max{600};
/// What a trace holds on a loop for who reads it: some seconds of a busy DN between two reads. What
/// comes while it is full is lost and counted, so that a trace costs no more than what is read.
inline constexpr std::size_t trace_lines_max = 4096;
inline constexpr std::size_t trace_bytes_max = 1024 * 1024;
/// A trace that has ended may still be read for so long.
inline constexpr std::chrono::seconds trace_grace{10};

struct trace_wanted {
  std::uint64_t id = 0;
  std::string dn;   ///< what is about it; empty: of the client
  client_id client; ///< what it says and hears; 0: of the DN
  std::chrono::seconds time{30};
};

struct trace_line {
  std::uint64_t number = 0; ///< of the trace on this loop, from 1; one that is lost has one too
  std::int64_t time_us = 0; ///< UTC
  bool is_from_client = false;
  client_id client;
  ringdown::role role = ringdown::role::unspecified;
  std::string application;
  traced_frame frame;
};

/// What a loop has of a trace behind a line.
struct trace_part {
  std::vector<trace_line> lines; ///< the oldest first
  std::uint64_t last = 0;        ///< number of the last line that came, lost or not
  bool is_over = false;
  bool is_whole = false; ///< `lines` has all that there is
  bool is_known = false; ///< false: there is no such trace

  explicit operator bool() const noexcept { return is_known; }
};

} // namespace ringdown
