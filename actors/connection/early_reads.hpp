// What a client said behind its sign-on. It need not wait for the answer: what follows has its turn
// when that is known, and is answered behind it.
#pragma once

#include "actors/batches.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace ringdown {

/// Reads that wait for the answer to a sign-on; `read_batches_in_flight_max` at most, because the
/// edge reads no more.
class early_reads {
public:
  struct rest {
    read_batch_ptr batch;
    std::size_t first = 0; ///< the frame that has not had its turn
  };

  /// Keeps what of the batch has not been read: frames from `first` on, or how its stream ends.
  void put_aside(const read_batch_ptr& batch, std::size_t first) {
    if (first == batch->frames.size() && batch->end == stream_end::open)
      return;
    if (!waiting_)
      waiting_ = std::make_unique<std::vector<rest>>();
    waiting_->push_back({batch, first});
  }
  /// All of them, in order.
  std::vector<rest> take() {
    auto taken = std::exchange(waiting_, nullptr);
    return taken ? std::move(*taken) : std::vector<rest>{};
  }
  void drop() noexcept { waiting_ = nullptr; }

private:
  std::unique_ptr<std::vector<rest>> waiting_; // few connections have any, and for a moment only
};

} // namespace ringdown
