#include "client/backoff.hpp"

#include <algorithm>

namespace ringdown::client {

using std::chrono::milliseconds;

reconnect_plan::reconnect_plan(std::size_t places, const backoff_bounds& limits)
  : limits_(limits), not_before_(std::max<std::size_t>(places, 1), steady_time::min()) {}

reconnect_plan::attempt reconnect_plan::now(steady_time at) {
  stands_since_.reset();
  return {place_, at};
}

void reconnect_plan::link_stands(steady_time at) {
  stands_since_ = at;
}

milliseconds reconnect_plan::longest_wait() const {
  auto wait = std::min(limits_.first_max, limits_.delay_max);
  for (auto round = failures_ / not_before_.size(); round > 0 && wait < limits_.delay_max; --round)
    wait = std::min(wait * 2, limits_.delay_max);
  return std::max(wait, milliseconds{0});
}

reconnect_plan::attempt reconnect_plan::after_failure(steady_time at, std::uint64_t random,
                                                      std::optional<milliseconds> retry_after) {
  if (stands_since_ && at - *stands_since_ >= limits_.steady_after)
    failures_ = 0;
  // A link that stood and was lost is tried again at its own place first: most losses are short.
  bool same_place = stands_since_ && failures_ == 0 && !retry_after;
  stands_since_.reset();
  if (retry_after)
    not_before_[place_] = at + std::clamp(*retry_after, milliseconds{0}, limits_.retry_after_max);
  auto most = static_cast<std::uint64_t>(longest_wait().count());
  auto wake = at + milliseconds{static_cast<std::int64_t>(random % (most + 1))};
  ++failures_;
  if (same_place)
    return {place_, wake};
  // The next place that may be asked by then, else the one that may be asked first.
  auto places = not_before_.size();
  auto best = (place_ + 1) % places;
  for (std::size_t i = 1; i <= places; ++i) {
    auto candidate = (place_ + i) % places;
    if (not_before_[candidate] <= wake) {
      best = candidate;
      break;
    }
    if (not_before_[candidate] < not_before_[best])
      best = candidate;
  }
  place_ = best;
  // What a broker asks for is a floor under the random wait: it has asked all of them the same.
  auto floor = not_before_[best];
  return {best, floor <= wake ? wake : floor + (wake - at)};
}

} // namespace ringdown::client
