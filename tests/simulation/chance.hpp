// All chance of a run, from its seed. The standard's distributions differ between libraries; these
// do not, so a seed means the same everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace ringdown::sim {

class chance {
public:
  explicit chance(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t any() { return engine_(); }
  /// 0 to n - 1.
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  T& of(std::vector<T>& all) {
    return all[below(all.size())];
  }

private:
  std::mt19937_64 engine_;
};

} // namespace ringdown::sim
