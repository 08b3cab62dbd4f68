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

/// Smallest buffers that are not in use, one pool for each thread. Most connections are idle or say
/// little: they hold a buffer from the first byte of a turn to its end, and the next one finds it
/// in the cache.
class small_buffers {
public:
  /// A few short frames.
  static constexpr std::size_t bytes = 256;

  static std::unique_ptr<char[]> borrow() {
    auto& pool = here();
    if (pool.first == nullptr)
      return std::make_unique_for_overwrite<char[]>(bytes);
    std::unique_ptr<char[]> buffer{pool.first};
    std::memcpy(&pool.first, buffer.get(), sizeof pool.first);
    --pool.count;
    return buffer;
  }
  static void give_back(std::unique_ptr<char[]> buffer) noexcept {
    auto& pool = here();
    if (pool.count == spare_max)
      return;
    std::memcpy(buffer.get(), &pool.first, sizeof pool.first);
    pool.first = buffer.release();
    ++pool.count;
  }

private:
  /// A turn's: 128 KiB.
  static constexpr std::size_t spare_max = 512;

  /// A list: each begins with the address of the next.
  struct list {
    char* first = nullptr;
    std::size_t count = 0;

    list() = default;
    list(const list&) = delete;
    list& operator=(const list&) = delete;
    ~list() {
      while (first != nullptr) {
        std::unique_ptr<char[]> buffer{first};
        std::memcpy(&first, buffer.get(), sizeof first);
      }
    }
  };
  static list& here() {
    thread_local list spare;
    return spare;
  }
};

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
    auto wanted = std::max({size_ + more, capacity_ * 2, small_buffers::bytes});
    auto grown = wanted == small_buffers::bytes ? small_buffers::borrow()
                                                : std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ != 0)
      std::memcpy(grown.get(), bytes_.get(), size_);
    std::swap(bytes_, grown);
    if (is_small())
      small_buffers::give_back(std::move(grown));
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
  bool is_small() const noexcept { return capacity_ == small_buffers::bytes; }
  /// Empty, and without memory.
  void release() noexcept {
    if (is_small())
      small_buffers::give_back(std::move(bytes_));
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
