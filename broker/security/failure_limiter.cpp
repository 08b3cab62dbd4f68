#include "broker/security/failure_limiter.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::security {

bool failure_limiter::bucket::has_room(std::chrono::nanoseconds interval, std::uint32_t burst,
                                       clock::time_point now) const noexcept {
  return std::max(full_at, now) + interval <= now + burst * interval;
}

void failure_limiter::bucket::take(std::chrono::nanoseconds interval,
                                   clock::time_point now) noexcept {
  full_at = std::max(full_at, now) + interval;
}

failure_limiter::failure_limiter(rules of, std::uint64_t seed)
  : rules_{of}, by_source_{0, source_hash{keyed_hash{seed}}} {}

failure_limiter::bucket& failure_limiter::bucket_of(std::string_view source) {
  if (const auto known = by_source_.find(source); known != by_source_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return entries_.front().left;
  }
  if (by_source_.size() >= std::max<std::size_t>(rules_.sources_max, 1)) {
    by_source_.erase(entries_.back().source);
    entries_.pop_back();
  }
  entries_.push_front({std::string{source}, {}});
  by_source_.emplace(entries_.front().source, entries_.begin());
  return entries_.front().left;
}

bool failure_limiter::has_credit(std::string_view source, clock::time_point now) const noexcept {
  const auto known = by_source_.find(source);
  return known == by_source_.end() ||
         known->second->left.has_room(rules_.source_interval, rules_.source_burst, now);
}

std::chrono::milliseconds failure_limiter::note_failure(std::string_view source,
                                                        clock::time_point now) {
  const auto interval_of_all =
    std::chrono::nanoseconds{std::chrono::seconds{1}} / std::max(rules_.per_second_max, 1u);
  auto* own = source.empty() ? nullptr : &bucket_of(source);
  // What waits takes nothing: who goes on failing finds its next second as good as any.
  if ((own != nullptr && !own->has_room(rules_.source_interval, rules_.source_burst, now)) ||
      !all_.has_room(interval_of_all, rules_.per_second_max, now))
    return rules_.wait;
  if (own != nullptr)
    own->take(rules_.source_interval, now);
  all_.take(interval_of_all, now);
  return std::chrono::milliseconds{0};
}

} // namespace ringdown::security
