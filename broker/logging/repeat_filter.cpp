#include "broker/logging/repeat_filter.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringdown::logging {
namespace {

bool is_over(repeat_filter::time_point since, repeat_filter::time_point now) noexcept {
  return now < since || now - since >= std::chrono::seconds{1};
}

} // namespace

bool repeat_filter::admit(component c, level l, std::string_view message, time_point now) {
  const bool is_unbounded = l < level::warn ? bytes_per_second_max_ == 0 : per_second_max_ == 0;
  if (is_unbounded)
    return true;
  if (is_over(bytes_since_, now)) {
    bytes_since_ = now;
    bytes_ = 0;
  }
  auto& e = find_or_make(c, l, message, now);
  if (e.written < per_second_max_ || (l < level::warn && bytes_ < bytes_per_second_max_)) {
    ++e.written;
    return true;
  }
  ++e.counted.suppressed;
  return false;
}

repeat_filter::entry& repeat_filter::find_or_make(component c, level l, std::string_view message,
                                                  time_point now) {
  auto same = [&](const entry& e) {
    return e.counted.from == c && e.counted.at == l && e.counted.message == message;
  };
  auto found = std::find_if(entries_.begin(), entries_.end(), same);
  if (found != entries_.end() && !is_over(found->since, now))
    return *found;
  if (found == entries_.end() && entries_.size() == repeat_kinds_max) {
    auto older = [](const entry& a, const entry& b) { return a.since < b.since; };
    found = std::min_element(entries_.begin(), entries_.end(), older);
  }
  if (found == entries_.end())
    found = entries_.insert(found, entry{});
  else if (found->counted.suppressed > 0 && evicted_.size() < repeat_kinds_max)
    evicted_.push_back(std::move(found->counted)); // told by the next `collect`
  *found = {{c, l, std::string{message}, 0}, now, 0};
  return *found;
}

void repeat_filter::collect(time_point now, std::vector<summary>& out) {
  std::move(evicted_.begin(), evicted_.end(), std::back_inserter(out));
  evicted_.clear();
  auto over = [&](const entry& e) { return is_over(e.since, now); };
  for (auto& e : entries_)
    if (over(e) && e.counted.suppressed > 0)
      out.push_back(e.counted);
  std::erase_if(entries_, over);
}

void repeat_filter::collect_all(std::vector<summary>& out) {
  std::move(evicted_.begin(), evicted_.end(), std::back_inserter(out));
  evicted_.clear();
  for (auto& e : entries_)
    if (e.counted.suppressed > 0)
      out.push_back(std::move(e.counted));
  entries_.clear();
}

} // namespace ringdown::logging
