#include "broker/edge/read_batches.hpp"

#include <atomic>
#include <utility>

namespace ringdown::edge {

namespace {

/// Views of a batch that serves again: one that held a thousand empty frames must not stay so
/// large.
constexpr std::size_t spare_frames_max = 64;

} // namespace

read_batches::read_batches() {
  gathered_.reserve(gathered_max);
  passing_.reserve(gathered_max);
  spare_.reserve(gathered_max);
}

read_batch_ptr read_batches::borrow(std::size_t bytes) {
  if (bytes > gathered_bytes_max && large_spare_)
    return std::exchange(large_spare_, nullptr);
  if (bytes > gathered_bytes_max || spare_.empty())
    return std::make_shared<read_batch>();
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void read_batches::give_back(read_batch_ptr batch) noexcept {
  if (batch.use_count() != 1)
    return; // its last holder ends it
  // Another thread may have been the last but one: what it read was read before this.
  std::atomic_thread_fence(std::memory_order_acquire);
  batch->reset();
  if (batch->capacity > gathered_bytes_max)
    large_spare_ = std::move(batch);
  else if (spare_.size() < gathered_max && batch->frames.capacity() <= spare_frames_max)
    spare_.push_back(std::move(batch));
}

/// The handle is its own, and stands until the call returns, whatever becomes of the link.
void read_batches::pass(connection_ref to, read_batch_ptr batch) {
  pass_gathered();
  give(to, std::move(batch));
}

void read_batches::gather(connection_ref to, read_batch_ptr batch) {
  gathered_.push_back({std::move(to), std::move(batch)});
  if (gathered_.size() == gathered_max)
    pass_gathered();
}

/// Each read is fetched for in steps, each a read ahead of the next step's: what one step needs was
/// fetched by the step before. A single read has nothing to hide its misses behind. Nothing is read
/// from a socket, and so nothing gathered, while connections hear of reads.
void read_batches::pass_gathered() {
  if (gathered_.empty())
    return;
  passing_.swap(gathered_);
  const std::size_t steps = passing_.size() > 1 ? connection_ref::fetch_steps : 0;
  for (std::size_t i = 0; i < passing_.size() + steps; ++i) {
    for (unsigned step = 0; step < steps; ++step)
      if (i >= step && i - step < passing_.size())
        passing_[i - step].to.fetch_ahead(passing_[i - step].batch, step);
    if (i >= steps)
      give(passing_[i - steps].to, std::move(passing_[i - steps].batch));
  }
  passing_.clear();
}

void read_batches::give(const connection_ref& to, read_batch_ptr batch) {
  if (to.try_call(batch))
    give_back(std::move(batch));
  else
    runtime::deliver(to.ref(), std::move(batch));
}

} // namespace ringdown::edge
