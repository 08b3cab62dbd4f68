// Says, once for each, that a time comes near: 30, 7 and 1 days before, and when it is there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace ringdown::security {

/// Full days from now until a time; 0: less than one is left, below 0: it is past.
constexpr std::int64_t days_left(std::int64_t until_us, std::int64_t now_us) noexcept {
  constexpr std::int64_t day_us = 24LL * 60 * 60 * 1'000'000;
  auto left = until_us - now_us;
  return left >= 0 ? left / day_us : -1;
}

class expiry_watch {
public:
  /// The days that are left, if that is worth a line now. A later time than before begins anew.
  std::optional<std::int64_t> due(std::int64_t until_us, std::int64_t now_us) noexcept {
    if (until_us != until_us_)
      said_ = 0;
    until_us_ = until_us;
    constexpr std::array<std::int64_t, 4> steps{29, 6, 0, -1}; // less than 30, 7, 1 days; past
    auto left = days_left(until_us, now_us);
    std::size_t passed = 0;
    while (passed < steps.size() && left <= steps[passed])
      ++passed;
    if (passed <= said_)
      return std::nullopt;
    said_ = passed;
    return left;
  }

private:
  std::int64_t until_us_ = 0;
  std::size_t said_ = 0; ///< of the steps
};

} // namespace ringdown::security
