// A file descriptor with one owner, who closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace ringdown::edge {

class owned_descriptor {
public:
  explicit owned_descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  ~owned_descriptor() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  owned_descriptor(owned_descriptor&& other) noexcept : descriptor_(other.release()) {}
  owned_descriptor& operator=(owned_descriptor&&) = delete;

  int get() const noexcept { return descriptor_; }
  /// It is the caller's from now on.
  int release() noexcept { return std::exchange(descriptor_, -1); }

private:
  int descriptor_;
};

} // namespace ringdown::edge
