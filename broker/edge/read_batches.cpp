#include "broker/edge/read_batches.hpp"

#include <utility>

namespace ringdown::edge {

read_batches::read_batches() {
  gathered_.reserve(gathered_max);
  passing_.reserve(gathered_max);
  spare_.reserve(gathered_max);
}

read_batch_ptr read_batches::take(std::size_t bytes) {
  if (bytes > gathered_bytes_max && large_spare_)
    return std::exchange(large_spare_, nullptr);
  if (bytes > gathered_bytes_max || spare_.empty())
    return std::make_shared<read_batch>();
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void read_batches::keep(read_batch_ptr batch) noexcept {
  if (batch.use_count() != 1)
    return; // its last holder ends it
  batch->reset();
  if (batch->capacity > gathered_bytes_max)
    large_spare_ = std::move(batch);
  else if (spare_.size() < gathered_max)
    spare_.push_back(std::move(batch));
}

void read_batches::pass(connection_ref to, read_batch_ptr batch) {
  pass_gathered();
  read what{std::move(to), std::move(batch)};
  give(what);
  keep(std::move(what.batch));
}

void read_batches::gather(connection_ref to, read_batch_ptr batch) {
  gathered_.push_back({std::move(to), std::move(batch)});
  if (gathered_.size() == gathered_max)
    pass_gathered();
}

/// Each read is fetched for in steps, each a read ahead of the next step's: what one step needs was
/// fetched by the step before. A single read has nothing to hide its misses behind.
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
      give(passing_[i - steps]);
  }
  for (auto& done : passing_)
    keep(std::move(done.batch));
  passing_.clear();
}

void read_batches::give(const read& what) {
  if (!what.to.try_call(what.batch))
    runtime::deliver(what.to.ref(), what.batch);
}

} // namespace ringdown::edge
