// Parts of an event's way through the broker, each as work on so many items. ringdown-bench-micro
// times them; scripts/instructions.sh counts their instructions.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace ringdown::bench {

class step {
public:
  virtual ~step() = default;
  /// Works on so many items, a multiple of `items_of_a_turn`.
  virtual void run(std::size_t items) = 0;
};

/// What is not one by one comes in reads of so many.
inline constexpr std::size_t items_of_a_turn = 64;

struct named_step {
  std::string_view name;
  std::string_view what;
  /// Prepares everything: only `run` is measured.
  std::unique_ptr<step> (*make)();
  /// What it makes stays: it must not run for as long as a clock wants.
  bool grows = false;
};
std::span<const named_step> steps() noexcept;
/// Null if there is none of this name.
const named_step* find_step(std::string_view name) noexcept;

} // namespace ringdown::bench
