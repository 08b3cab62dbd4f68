// A histogram of durations in fixed memory: buckets that widen with the value, so that any
// percentile is right to 1.6 %. A value; not thread-safe.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ringdown::bench {

class histogram {
public:
  /// Values above this count as this (18 minutes, in nanoseconds).
  static constexpr unsigned value_bits = 40;
  static constexpr std::uint64_t value_max = (std::uint64_t{1} << value_bits) - 1;

  void record(std::uint64_t value) noexcept {
    value = value < value_max ? value : value_max;
    ++buckets_[bucket_of(value)];
    ++count_;
    sum_ += value;
    max_ = value > max_ ? value : max_;
  }

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }
  /// The value that `percent` of the records do not exceed; 0 if there are none. At most 1.6 %
  /// above the true one, never below.
  std::uint64_t percentile(double percent) const noexcept;
  /// How many records do not exceed the value (at most 1.6 % above it).
  std::uint64_t count_up_to(std::uint64_t value) const noexcept;
  void add(const histogram& other) noexcept;
  void clear() noexcept { *this = histogram{}; }

private:
  static constexpr unsigned fine_bits = 6; // 64 buckets for each doubling
  static constexpr std::uint64_t fine = std::uint64_t{1} << fine_bits;

  /// Below `fine` each value has a bucket; above, the top `fine_bits` + 1 bits choose it.
  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < fine)
      return static_cast<std::size_t>(value);
    auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
    return static_cast<std::size_t>((shift + 1) * fine + (value >> shift) - fine);
  }
  static std::uint64_t highest_in(std::size_t bucket) noexcept;

  std::array<std::uint64_t, (value_bits - fine_bits + 1) * fine> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace ringdown::bench
