// Traces as the admin port opens and reads them: one on every loop, whose lines come together in
// the order of their times. The loops end a trace; this knows how many there are.
//
//   admin thread                 loop 0                loop 1
//     | open ------------------> | opens               | opens; done(id)
//     | read(after 17.40) -----> | lines behind 17     | lines behind 40; done(page, next 20.41)
//
// Pages and a cursor, no answer that goes on: a visitor's connection has one answer at a time
// within its deadline, a page that was lost on the way is asked for again, and a reader that has
// gone holds nothing.
#pragma once

#include "broker/admin/view.hpp"
#include "broker/edge/edge_loop.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace ringdown {

/// Puts a page together. `after` has a number for each part. Pure.
admin::trace_page page_of(std::vector<trace_part> parts, const admin::trace_cursor& after,
                          std::size_t limit);

/// One thread, the admin port's.
class admin_traces {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit admin_traces(std::vector<edge::edge_loop*> loops) : loops_(std::move(loops)) {}

  /// Nothing if it was opened: then `done(id)` is called on a loop when it is everywhere. Else how
  /// long to wait for a place.
  std::optional<std::chrono::seconds> open(trace_wanted wanted, time_point now,
                                           std::function<void(std::uint64_t)> done);
  void read(std::uint64_t id, const admin::trace_cursor& after, std::size_t limit,
            std::function<void(std::optional<admin::trace_page>)> done) const;
  bool close(std::uint64_t id);
  /// How many have a place.
  std::size_t count(time_point now);

private:
  struct opened {
    std::uint64_t id;
    time_point gone;
  };
  void forget_gone(time_point now);

  const std::vector<edge::edge_loop*> loops_;
  std::vector<opened> open_; // `traces_max` at most
  std::uint64_t last_id_ = 0;
};

} // namespace ringdown
