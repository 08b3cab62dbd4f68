// How often somebody may fail to sign on before its failures are answered slowly. Only failures
// count: ten thousand agents may come from one address at the start of a shift. Never by name, or
// anybody could lock an agent out.
//
// Two token buckets: one for each source, one for all. Pure; one thread.
#pragma once

#include "actors/keyed_hash.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ringdown::security {

class failure_limiter {
public:
  using clock = std::chrono::steady_clock;

  struct rules {
    /// Failures of one source that are answered at once; one more each `source_interval`. Ten: an
    /// office whose agents come in with an expired token is seen by its cause, not by its silence.
    std::uint32_t source_burst = 10;
    std::chrono::milliseconds source_interval{1'000};
    /// Sources that are remembered, the one that failed last the longest. Some 10 MiB.
    std::size_t sources_max = 65'536;
    /// Of all sources together: so many each second, and no more than that at once.
    std::uint32_t per_second_max = 200;
    /// How long a failure beyond that waits for its answer.
    std::chrono::milliseconds wait{1'000};
  };

  /// `seed`: of the hash of sources, random in a broker.
  failure_limiter(rules of, std::uint64_t seed);

  /// Counts a failure of this source (peer_facts::source; empty: nobody's, it counts for all
  /// alone). Returns how long its answer is to be held back: 0 or `wait`. The clock does not go
  /// back.
  std::chrono::milliseconds note_failure(std::string_view source, clock::time_point now);

  /// Whether a failure of this source would be answered at once, whatever others do. Always of an
  /// empty one.
  bool has_credit(std::string_view source, clock::time_point now) const noexcept;

  std::size_t sources() const noexcept { return by_source_.size(); }

private:
  /// A bucket by the time at which it will be full again.
  struct bucket {
    clock::time_point full_at{};

    bool has_room(std::chrono::nanoseconds interval, std::uint32_t burst,
                  clock::time_point now) const noexcept;
    void take(std::chrono::nanoseconds interval, clock::time_point now) noexcept;
  };
  struct source_entry {
    std::string source;
    bucket left;
  };
  struct source_hash {
    keyed_hash hash;
    std::size_t operator()(std::string_view source) const noexcept { return hash(source); }
  };

  bucket& bucket_of(std::string_view source);

  rules rules_;
  bucket all_;
  std::list<source_entry> entries_; ///< the one that failed last in front
  std::unordered_map<std::string_view, std::list<source_entry>::iterator, source_hash> by_source_;
};

} // namespace ringdown::security
