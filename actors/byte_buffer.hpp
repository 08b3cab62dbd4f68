// Bytes in order, as a string holds them, without what a string does beside: nothing is checked
// that the caller knows, and no byte is written twice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace ringdown {

/// Grows as needed, and keeps its memory until `release`. One thread at a time.
class byte_buffer {
public:
  byte_buffer() = default;
  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  const char* data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

  /// Makes room for so many more bytes; at least doubles if it must grow. True if it did.
  bool make_room(std::size_t more) {
    if (size_ + more <= capacity_) [[likely]]
      return false;
    constexpr std::size_t least = 256; // a few short frames
    auto wanted = std::max({size_ + more, capacity_ * 2, least});
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ != 0)
      std::memcpy(grown.get(), bytes_.get(), size_);
    bytes_ = std::move(grown);
    capacity_ = wanted;
    return true;
  }
  /// There must be room.
  void append(std::string_view more) noexcept {
    if (more.empty())
      return;
    std::memcpy(bytes_.get() + size_, more.data(), more.size());
    size_ += more.size();
  }

  void clear() noexcept { size_ = 0; }
  /// Empty, and without memory.
  void release() noexcept {
    bytes_.reset();
    size_ = capacity_ = 0;
  }

  friend void swap(byte_buffer& a, byte_buffer& b) noexcept {
    std::swap(a.bytes_, b.bytes_);
    std::swap(a.size_, b.size_);
    std::swap(a.capacity_, b.capacity_);
  }

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

} // namespace ringdown
