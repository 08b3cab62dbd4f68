// What passes over a link, counted.
#pragma once

#include "actors/meters.hpp"

#include <cstddef>

namespace ringdown::edge {

inline void count_read(meters& counts, std::size_t bytes) noexcept {
  counts.reads.count();
  counts.frame_bytes_received.add(bytes);
}

/// The whole frames of one read.
inline void count_frames(meters& counts, std::size_t of_a_read) noexcept {
  counts.frames_received.add(of_a_read);
  counts.events_per_read.observe(of_a_read);
}

inline void count_sent(meters& counts, std::size_t bytes, std::size_t frames) noexcept {
  counts.sends.count();
  counts.frame_bytes_sent.add(bytes);
  counts.frames_sent.add(frames);
}

} // namespace ringdown::edge
