// Whether one more client may come in, over whatever stream, and how many are in. Asked before
// anything is made for it; whoever is in holds a ticket.
#pragma once

#include "actors/context.hpp"
#include "broker/edge/waiting_room.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::edge {

/// Who is in, over all edge threads: it is what decides about one more. What is only told to an
/// operator is counted by each loop for itself (actors/meters.hpp).
struct edge_counters {
  std::atomic<std::size_t> connections{0};
};

/// One client that is in: counted among the connections while this lives, and one of those that
/// have not signed on until it says otherwise. One thread at a time.
class ticket {
public:
  ticket() = default;
  /// Counts it in.
  explicit ticket(edge_counters& counters) noexcept;
  ticket(edge_counters& counters, waiting_room& room, std::string source,
         waiting_room::time_point now);
  ~ticket() { leave(); }
  ticket(ticket&& other) noexcept
    : counters_(std::exchange(other.counters_, nullptr)), waiting_(std::move(other.waiting_)) {}
  ticket& operator=(ticket&&) = delete;

  /// Called once, on any thread, if its place is given to another before it has signed on.
  void when_turned_out(std::function<void()> what);
  /// Whether it is on no good way to sign on (waiting_room.hpp).
  void stalls(bool does);
  /// It has signed on. However often.
  void leave_unsigned() noexcept { waiting_ = nullptr; }
  /// Counts it out. However often.
  void leave() noexcept;

private:
  friend class admission;

  edge_counters* counters_ = nullptr; // null: counted out
  std::unique_ptr<waiting_room::place> waiting_;
};

/// The answer to one more client.
struct [[nodiscard]] entrance {
  ticket admitted = {};
  std::string_view why_not = {}; ///< empty: it is in
  disconnect_reason reason = disconnect_reason::unspecified;
  refusal_cause cause = refusal_cause::draining; ///< the same for who counts

  explicit operator bool() const noexcept { return why_not.empty(); }
};

/// A handshake and a sign-on are some round trips, and a login storm's queue of
/// `connections_unsigned_max` handshakes takes a second and a half with client certificates. Who
/// takes longer is on no good way, and others wait.
inline constexpr std::chrono::seconds stalling_min{3};

/// Any thread. Lives longer than every ticket.
class admission {
public:
  admission(const broker_context& context, edge_counters& counters) noexcept
    : context_(context), counters_(counters) {}

  /// From an address, or from another source of clients. Two that come at once are both counted, so
  /// the bounds hold but for threads that race for the last place and both step back.
  entrance enter(std::string source,
                 waiting_room::time_point now = std::chrono::steady_clock::now());
  /// The same in two steps, for one who may wait in between. This counts it; while others wait, a
  /// full house turns nobody out for it.
  entrance come(const std::string& source, bool others_wait);
  /// Gives one who has come its place among those who have not signed on: a free one, or another's
  /// (`waiting_room::make_place_for`), who stalls or has been in for `stalling_min`. False: not
  /// now.
  bool seat(ticket& one, const std::string& source, waiting_room::time_point now);
  /// The answer to whom a full house has no room for.
  static entrance too_many();
  bool is_full() const noexcept {
    return counters_.connections.load() >= context_.bounds.connections_max;
  }
  std::size_t unsigned_connections() const { return waiting_.size(); }
  /// Nobody comes in from now on: when this returns, all who are in or ever will be are counted.
  void close() noexcept { closed_.store(true); }
  bool is_closed() const noexcept { return closed_.load(); }

private:
  /// Why one who has been counted may not stay, but for a full house.
  entrance why_nobody_may() const;

  const broker_context& context_;
  edge_counters& counters_;
  waiting_room waiting_;
  std::atomic<bool> closed_{false};
};

} // namespace ringdown::edge
