#include "bench/load/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace ringdown::bench {

std::uint64_t histogram::highest_in(std::size_t bucket) noexcept {
  if (bucket < fine)
    return bucket;
  auto shift = bucket / fine - 1;
  return ((bucket % fine + fine + 1) << shift) - 1;
}

std::uint64_t histogram::percentile(double percent) const noexcept {
  if (count_ == 0)
    return 0;
  auto share = std::clamp(percent, 0.0, 100.0) / 100;
  auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  wanted = std::clamp<std::uint64_t>(wanted, 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted)
      return std::min(highest_in(i), max_);
  }
  return max_;
}

std::uint64_t histogram::count_up_to(std::uint64_t value) const noexcept {
  std::uint64_t seen = 0;
  auto last = bucket_of(std::min(value, value_max));
  for (std::size_t i = 0; i <= last; ++i)
    seen += buckets_[i];
  return seen;
}

void histogram::add(const histogram& other) noexcept {
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

} // namespace ringdown::bench
