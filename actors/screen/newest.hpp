// Lists of the newest so many, the newest last.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace ringdown {

/// Adds the newest; where `max` are there already the oldest goes.
template <class Value>
void add_newest(std::vector<Value>& all, std::size_t max, Value newest) {
  if (all.size() == max)
    all.erase(all.begin());
  all.push_back(std::move(newest));
}

} // namespace ringdown
