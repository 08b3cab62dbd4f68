// How other threads reach a connection that may be gone.
#pragma once

#include "actors/outbox.hpp"
#include "broker/edge/edge_loop.hpp"

#include <atomic>
#include <memory>

namespace ringdown::edge {

/// The others hold this, and it forgets the connection on the edge thread.
class link_signal final : public edge_signal, public std::enable_shared_from_this<link_signal> {
public:
  explicit link_signal(edge_loop& loop) : loop_(loop) {}
  void outbox_ready() noexcept override { visit(); }
  void read_credit() noexcept override { visit(); }
  void note_refusal(const refused_request& refused) noexcept override;
  void note_end(disconnect_reason reason) noexcept override {
    auto none = still_open;
    end_.compare_exchange_strong(none, reason);
  }
  /// Why the connection ended; unspecified: nobody ended it.
  disconnect_reason end() const noexcept {
    auto noted = end_.load();
    return noted == still_open ? disconnect_reason::unspecified : noted;
  }
  /// Edge thread only.
  void attach(client_link* to) noexcept { link_ = to; }

private:
  void visit() noexcept;
  void mark();

  edge_loop& loop_;
  client_link* link_ = nullptr; // edge thread only
  static constexpr disconnect_reason still_open{0xff};
  std::atomic<disconnect_reason> end_{still_open};
};

} // namespace ringdown::edge
