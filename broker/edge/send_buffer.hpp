// What a connection took from its outbox and the kernel has not taken yet. One small type, so that
// no other code can let its two numbers disagree: a wrong one would send memory that is not ours.
#pragma once

#include "actors/byte_buffer.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace ringdown::edge {

class send_buffer {
public:
  /// The bytes still to send.
  std::string_view left() const noexcept { return bytes_.view().substr(sent_); }
  bool empty() const noexcept { return sent_ == bytes_.size(); }

  /// The buffer for `outbox::take`, empty. Only when nothing is left.
  byte_buffer& refill() noexcept {
    bytes_.clear();
    sent_ = 0;
    frames_ = 0;
    return bytes_;
  }
  /// How many frames the refill brought.
  void holds(std::size_t frames) noexcept { frames_ = frames; }

  /// The kernel took so many bytes. Returns the number of frames if these were the last, else 0.
  std::size_t took(std::size_t bytes) noexcept {
    sent_ += bytes < bytes_.size() - sent_ ? bytes : bytes_.size() - sent_;
    return empty() ? std::exchange(frames_, 0) : 0;
  }

  /// Gives the memory back. Whatever was left is lost.
  void release() noexcept {
    bytes_.release();
    sent_ = 0;
    frames_ = 0;
  }

private:
  byte_buffer bytes_;
  std::size_t sent_ = 0; // never above bytes_.size()
  std::size_t frames_ = 0;
};

} // namespace ringdown::edge
