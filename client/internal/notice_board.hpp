// What a client's program is to be told, and who listens: notices, completions and timers that wait
// for their handlers, in their order. Internal: a part of t_client_impl. It runs no handler and
// destroys none while it is called: their destructors may call the client.
#pragma once

#include "client/internal/pending_requests.hpp"
#include "client/t_client_values.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::client {

class notice_board {
public:
  struct listener {
    std::weak_ptr<void> owner;
    bool forever = false;
    std::shared_ptr<notice_handler> handler;

    bool ended() const { return !forever && owner.expired(); }
  };
  /// A handler that waits for its time.
  struct timer {
    std::weak_ptr<void> owner;
    std::function<void()> handler;
  };
  /// Handlers to be called with what they are to be told: one of these three.
  struct call {
    finished_request finished;
    timer due;
    notice told;
    std::vector<std::pair<std::shared_ptr<void>, std::shared_ptr<notice_handler>>> listeners;
  };

  explicit notice_board(const t_client_bounds& limits) : limits_(limits) {}

  // ---- what is to be told

  void tell(notice n) { waiting_.emplace_back(std::move(n)); }
  void tell(std::vector<notice> all);
  void finish(finished_request f) { waiting_.emplace_back(std::move(f)); }
  void finish(std::vector<finished_request> all);
  /// The timers that are due.
  void ring(steady_time now);
  /// Nothing more of this DN is told.
  void forget(const std::string& dn);

  bool empty() const noexcept { return waiting_.empty(); }
  /// As much waits as may; what more there is has to wait elsewhere.
  bool is_full() const noexcept;
  /// The next handlers to be called.
  std::optional<call> take();

  // ---- who listens; what is given is taken only by a call that succeeds

  /// An empty DN: all of them. `ended`: what had to go to make room.
  bool listen(listener&& what, const std::string& dn, std::vector<listener>& ended);
  bool call_at(timer&& what, steady_time when);
  steady_time next_timer() const;

private:
  using entry = std::variant<finished_request, timer, notice>;

  static void collect(std::vector<listener>& from, call& into);
  std::vector<listener> take_ended();

  t_client_bounds limits_;
  std::deque<entry> waiting_;
  std::multimap<steady_time, timer> timers_;
  std::map<std::string, std::vector<listener>> listeners_; // by DN; "": everything
  std::size_t listener_count_ = 0;
};

} // namespace ringdown::client
