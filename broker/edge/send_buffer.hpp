// What a connection took from its outbox and the kernel has not taken yet: bytes of its own, or
// lent for a turn. One small type, so that no other code can get it wrong and send memory that is
// not ours.
#pragma once

#include "actors/byte_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace ringdown::edge {

class send_buffer {
public:
  /// The bytes still to send.
  std::string_view left() const noexcept { return left_; }
  bool empty() const noexcept { return left_.empty(); }
  std::size_t capacity() const noexcept { return bytes_.capacity(); }

  /// The buffer for `outbox::take`, empty. Only when nothing is left.
  byte_buffer& refill() noexcept {
    bytes_.clear();
    frames_ = 0;
    return bytes_;
  }
  /// How many frames the refill brought.
  void holds(std::size_t frames) noexcept {
    left_ = bytes_.view();
    frames_ = frames;
  }
  /// In place of a refill: bytes that stand for a while elsewhere, and their number of frames.
  void borrow(std::string_view bytes, std::size_t frames) noexcept {
    bytes_.clear();
    left_ = bytes;
    frames_ = frames;
  }
  /// What is left of what was lent becomes its own.
  void copy() {
    if (left_.empty() || !bytes_.empty())
      return;
    bytes_.make_room(left_.size());
    bytes_.append(left_);
    left_ = bytes_.view();
  }

  /// The kernel took so many bytes. Returns the number of frames if these were the last, else 0.
  std::size_t took(std::size_t bytes) noexcept {
    left_.remove_prefix(std::min(bytes, left_.size()));
    return empty() ? std::exchange(frames_, 0) : 0;
  }

  /// Gives the memory back. Whatever was left is lost.
  void release() noexcept {
    bytes_.release();
    left_ = {};
    frames_ = 0;
  }
  /// All is sent: gives a small buffer back, which its next user finds in the cache.
  void release_small() noexcept {
    if (bytes_.is_small())
      release();
  }

private:
  byte_buffer bytes_; // empty if what is left was lent
  std::string_view left_;
  std::size_t frames_ = 0;
};

} // namespace ringdown::edge
