// An operator's look at all connections: each loop walks over its own, a slice in a turn, and what
// they found comes together where the last one ends.
//
//   admin thread              loop 0                       loop 1
//     | walk_all(visit) ------> | 256 connections            | 256 connections
//     |                         | (others have their turn)   | (others have their turn)
//     |                         | the rest                   | the rest; done(parts)
#pragma once

#include "broker/admin/view.hpp"
#include "broker/edge/client_link.hpp"
#include "broker/edge/edge_loop.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ringdown {

/// Connections that a slice looks at: some 50 us of a loop's turn.
inline constexpr std::size_t connections_of_a_slice = 256;

/// Visits all connections of a loop, and calls `done` in the last turn. For want of memory it ends
/// without a word, and whoever asked hears nothing.
class walk final : public std::enable_shared_from_this<walk> {
public:
  walk(edge::edge_loop& over, std::function<void(edge::client_link&)> visit,
       std::function<void()> done)
    : loop_(over), visit_(std::move(visit)), done_(std::move(done)) {}

  /// Any thread.
  void begin();

private:
  void step();

  edge::edge_loop& loop_;
  const std::function<void(edge::client_link&)> visit_;
  const std::function<void()> done_;
  std::size_t below_ = 0;
};

/// A part of an answer from each loop; with the last one it is called. Any thread.
template <class Part>
class gathering {
public:
  gathering(std::size_t parts, std::function<void(std::vector<Part>)> done)
    : left_(parts), done_(std::move(done)) {
    parts_.reserve(parts);
  }

  void put(Part part) {
    {
      std::scoped_lock lock{mutex_};
      parts_.push_back(std::move(part));
      if (--left_ != 0)
        return;
    }
    done_(std::move(parts_));
  }

private:
  std::mutex mutex_;
  std::size_t left_;
  std::vector<Part> parts_;
  const std::function<void(std::vector<Part>)> done_;
};

/// Walks over all loops; `visit(part, link)` for each connection that has signed on and stands,
/// then `done(parts)`, one of each loop.
template <class Part, class Visit>
void walk_all(const std::vector<edge::edge_loop*>& loops, Visit visit,
              std::function<void(std::vector<Part>)> done) {
  auto all = std::make_shared<gathering<Part>>(loops.size(), std::move(done));
  for (auto* loop : loops) {
    auto part = std::make_shared<Part>();
    std::make_shared<walk>(
      *loop,
      [part, visit](edge::client_link& link) {
        if (link.watch().is_established()) // who it is stands
          visit(*part, link);
      },
      [part, all] { all->put(std::move(*part)); })
      ->begin();
  }
}

admin::connection_row row_of(edge::client_link& link, std::chrono::steady_clock::time_point now);

/// The first so many rows, by what was asked for.
class best_rows {
public:
  void offer(const admin::connection_query& wanted, admin::connection_row row);
  /// In order, each client once: a walk may see one twice.
  std::vector<admin::connection_row> take(const admin::connection_query& wanted);

private:
  void cut(const admin::connection_query& wanted);

  std::vector<admin::connection_row> rows_; // twice the limit at most
};

/// What waits for clients.
struct waiting_sums {
  std::size_t outbox_bytes = 0;
  std::size_t outbox_bytes_most = 0;
  std::size_t outbox_frames_most = 0;
  std::size_t outstanding_most = 0;
  std::size_t above_high_water = 0;

  void add(const t_client& client);
  void add(const waiting_sums& other) noexcept;
};
waiting_sums sum_of(const std::vector<waiting_sums>& parts) noexcept;

} // namespace ringdown
