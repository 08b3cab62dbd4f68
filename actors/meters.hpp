// Numbers of what happens, for an operator: counted where it happens, one block for each loop, so
// that nobody waits for anybody and a look at them costs the loops nothing. What there is stands in
// meters.def.
//
//   counted_at(context, where()).sign_ons.count(who.role);          // meters_at.hpp
//   counted_at(context, where()).outcome_seconds.observe(103, verb);
//
// A block of a loop has one writer, its loop's thread: a count is a load, an addition and a store.
// One more is for all other threads, and for the stock scheduler; it costs an atomic addition. Any
// thread may read; values are exact, but not of one instant. Free of CAF.
#pragma once

#include "actors/meter_labels.hpp"
#include "actors/thread_share.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ringdown {

enum class meter_kind : std::uint8_t { counter, gauge, histogram };

/// The cells of one number, one for each combination of its labels' values; the last label's values
/// stand side by side.
template <class... Labels>
class meter_cells {
public:
  static constexpr std::size_t combinations = (label<Labels>::size * ... * 1);

  explicit meter_cells(threads users) noexcept : is_shared_(users == threads::many) {}

  /// One more.
  void count(Labels... of) noexcept { add(1, of...); }
  void add(std::uint64_t n, Labels... of) noexcept {
    auto& cell = cells_[place(of...)];
    if (is_shared_) [[unlikely]]
      return add_shared(cell, n);
    cell.add(n, false);
  }
  /// Of a gauge. A block may fall below zero: what it took away another one has added.
  void subtract(std::uint64_t n, Labels... of) noexcept { add(std::uint64_t{0} - n, of...); }
  /// Of a gauge with one block that counts.
  void set(std::uint64_t now, Labels... of) noexcept { cells_[place(of...)].set(now); }

  std::span<const thread_counter> cells() const noexcept { return cells_; }

private:
  /// Apart, so that counting adds little code to the path of an event.
  [[gnu::noinline]] static void add_shared(thread_counter& cell, std::uint64_t n) noexcept {
    cell.add(n, true);
  }
  static constexpr std::size_t place(Labels... of) noexcept {
    std::size_t at = 0;
    ((at = at * label<Labels>::size + label<Labels>::index(of)), ...);
    return at;
  }

  const bool is_shared_;
  std::array<thread_counter, combinations> cells_{};
};

/// How often a value was at most each of some bounds. For each combination of labels: a cell for
/// each bound, one for what is above them all, and the sum.
template <class Bounds, class... Labels>
class meter_histogram {
public:
  static constexpr std::size_t cells_each = Bounds::bounds.size() + 2;
  static constexpr std::size_t combinations = (label<Labels>::size * ... * 1);

  explicit meter_histogram(threads users) noexcept : is_shared_(users == threads::many) {}

  void observe(std::uint64_t value, Labels... of) noexcept {
    std::size_t at = 0;
    ((at = at * label<Labels>::size + label<Labels>::index(of)), ...);
    auto* first = &cells_[at * cells_each];
    std::size_t bucket = 0;
    while (bucket < Bounds::bounds.size() && value > Bounds::bounds[bucket])
      ++bucket;
    first[bucket].add(1, is_shared_);
    first[cells_each - 1].add(value, is_shared_);
  }

  std::span<const thread_counter> cells() const noexcept { return cells_; }

private:
  const bool is_shared_;
  std::array<thread_counter, combinations * cells_each> cells_{};
};

/// Milliseconds: from a recorder's round trip on one machine to above `confirm_timeout`.
struct times_of_outcomes {
  static constexpr std::array<std::uint64_t, 10> bounds{5,   10,  25,   50,   100,
                                                        250, 500, 1000, 2500, 5000};
  static constexpr double per_unit = 1000; ///< what is told are seconds
};

struct frames_of_a_read {
  static constexpr std::array<std::uint64_t, 9> bounds{1, 2, 4, 8, 16, 32, 64, 128, 256};
  static constexpr double per_unit = 1;
};

/// The kinds, as meters.def names them.
namespace meter_kinds {
struct counter {
  static constexpr auto kind = meter_kind::counter;
  template <class... Labels>
  using of = meter_cells<Labels...>;
};
struct gauge {
  static constexpr auto kind = meter_kind::gauge;
  template <class... Labels>
  using of = meter_cells<Labels...>;
};
template <class Bounds>
struct histogram {
  static constexpr auto kind = meter_kind::histogram;
  template <class... Labels>
  using of = meter_histogram<Bounds, Labels...>;
};
} // namespace meter_kinds

// NOLINTBEGIN(cppcoreguidelines-macro-usage): the catalog's columns
#define RINGDOWN_UNPACKED(...) __VA_ARGS__

/// The numbers of one writer, or of many that share it.
struct alignas(64) meters {
  explicit meters(threads by) noexcept : users(by) {}

  const threads users;
#define RINGDOWN_METER(kind, name, unit, help, labels)                                             \
  meter_kinds::kind::of<RINGDOWN_UNPACKED labels> name{users};
#define RINGDOWN_METER_OF_LOOP(kind, name, unit, help, labels)                                     \
  RINGDOWN_METER(kind, name, unit, help, labels)
#define RINGDOWN_READING(kind, name, unit, help, labels)
#include "actors/meters.def"
#undef RINGDOWN_METER
#undef RINGDOWN_METER_OF_LOOP
#undef RINGDOWN_READING
};

/// What is not counted but looked at when somebody asks.
enum class reading_id : std::uint8_t {
#define RINGDOWN_METER(kind, name, unit, help, labels)
#define RINGDOWN_METER_OF_LOOP(kind, name, unit, help, labels)
#define RINGDOWN_READING(kind, name, unit, help, labels) name,
#include "actors/meters.def"
#undef RINGDOWN_METER
#undef RINGDOWN_METER_OF_LOOP
#undef RINGDOWN_READING
};
// NOLINTEND(cppcoreguidelines-macro-usage)

/// A value, or a histogram, of a reading.
struct reading {
  reading_id what{};
  std::vector<std::string> labels{};    ///< values, in the catalog's order
  double value = 0;                     ///< of a histogram: the sum
  std::vector<std::uint64_t> buckets{}; ///< of a histogram: each by itself, the last above them all
  std::span<const double> bounds{};     ///< of a histogram: one fewer
};

/// The blocks of one broker.
class meter_set {
public:
  /// All share one block.
  meter_set();
  /// Makes one for each loop. Before the first actor.
  void make_blocks(std::size_t loops);

  /// Of this loop; by its thread alone. That of all, where loops have none.
  meters& of_loop(std::size_t index) const noexcept {
    return index < of_loops_.size() ? *of_loops_[index] : *shared_;
  }
  /// Of all threads.
  meters& shared() const noexcept { return *shared_; }
  std::size_t loops() const noexcept { return of_loops_.size(); }

private:
  std::unique_ptr<meters> shared_;
  std::vector<std::unique_ptr<meters>> of_loops_;
};

// ---- the catalog ---------------------------------------------------------------------------

/// One label of a number.
struct label_info {
  std::string_view name;
  std::size_t size = 0; ///< 0: its values are told with a reading
  std::string_view (*value)(std::size_t index) noexcept = nullptr; ///< null: as above
};

/// One row of the catalog. All texts are static.
struct meter_info {
  meter_kind kind = meter_kind::counter;
  std::string_view name; ///< as the world sees it
  std::string_view unit; ///< empty: it counts
  std::string_view help;
  std::span<const label_info> labels;
  bool is_of_loop = false;               ///< told of each loop apart, by the label `loop`
  std::span<const std::uint64_t> bounds; ///< of a histogram that is counted
  double bounds_per_unit = 1;            ///< so many of a bound are one of `unit`
  /// Its cells of a block, as the class of its member has them; null: a reading.
  std::span<const thread_counter> (*cells)(const meters&) noexcept = nullptr;
  reading_id reading{}; ///< of a reading
};

/// All numbers, in the order of meters.def.
std::span<const meter_info> meter_catalog() noexcept;

/// What a number with these labels' places is over all blocks. Of a gauge it may be below zero for
/// a moment, while blocks are read that have moved something between them.
template <class Cells, class... Labels>
std::int64_t sum_of(const meter_set& all, Cells meters::*which, Labels... of) noexcept {
  std::size_t at = 0;
  ((at = at * label<Labels>::size + label<Labels>::index(of)), ...);
  auto sum = (all.shared().*which).cells()[at].get();
  for (std::size_t i = 0; i < all.loops(); ++i)
    sum += (all.of_loop(i).*which).cells()[at].get();
  return static_cast<std::int64_t>(sum);
}

/// The same over all values of its labels.
template <class Cells>
std::int64_t sum_of_all(const meter_set& all, Cells meters::*which) noexcept {
  std::uint64_t sum = 0;
  auto add = [&](const meters& one) {
    for (auto& cell : (one.*which).cells())
      sum += cell.get();
  };
  add(all.shared());
  for (std::size_t i = 0; i < all.loops(); ++i)
    add(all.of_loop(i));
  return static_cast<std::int64_t>(sum);
}

} // namespace ringdown
