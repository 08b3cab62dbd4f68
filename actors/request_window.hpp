// A client's credit: how many requests, and bytes of them, may wait for an answer. The connection
// spends it when it reads a request; whoever answers gives it back. Beyond it: 111 at once.
#pragma once

#include "actors/thread_share.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringdown {

/// Spreads ReferenceIDs over a table of a power of two, whatever the steps in which a client
/// counts.
std::size_t spread(reference_id reference) noexcept;

/// The outstanding requests of one connection, by ReferenceID. Any thread, with a short lock; or
/// one alone.
class request_window {
public:
  explicit request_window(const limits& bounds, threads users = threads::many) noexcept
    : bounds_(bounds), mutex_(users) {}

  enum class [[nodiscard]] admission : std::uint8_t{
    accepted,
    reused, ///< the ReferenceID is outstanding already: 53
    full,   ///< 111
  };

  /// Takes a request of `bytes` into the window; `safety` (`pause`, `stop`) may use the reserve.
  /// It is outstanding until `answers` answers were given.
  admission admit(reference_id reference, std::size_t bytes, bool safety,
                  std::uint32_t answers = 1);

  /// One answer was given. One too many would be the credit of whoever uses the ReferenceID next:
  /// that of none that is outstanding is ignored, and ends builds that are not shipped.
  void answered(reference_id reference);

  std::size_t outstanding() const;
  /// Whether many threads use it.
  bool is_shared() const noexcept { return mutex_.is_shared(); }

private:
  struct slot {
    std::uint32_t reference = 0;
    std::uint32_t answers = 0; // 0: the slot is free
    std::uint32_t bytes = 0;   // of one frame: far below 4 GiB
  };

  std::size_t place_of(std::uint32_t reference) const noexcept;
  void grow();
  void erase(std::size_t place) noexcept;

  const limits& bounds_;
  mutable thread_mutex mutex_;
  std::uint32_t count_ = 0;
  std::vector<slot> slots_; // open addressing; a power of two, or empty while never used
  std::size_t bytes_ = 0;
};

} // namespace ringdown
