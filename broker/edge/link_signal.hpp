// How other threads reach a connection that may be gone.
#pragma once

#include "actors/outbox.hpp"
#include "broker/edge/edge_loop.hpp"

#include <memory>

namespace ringdown::edge {

/// The others hold this, and it forgets the connection on the edge thread.
class link_signal final : public edge_signal, public std::enable_shared_from_this<link_signal> {
public:
  explicit link_signal(edge_loop& loop) : loop_(loop) {}
  void outbox_ready() noexcept override { visit(); }
  void read_credit() noexcept override { visit(); }
  /// Edge thread only.
  void attach(client_link* to) noexcept { link_ = to; }

private:
  void visit() noexcept;
  void mark();

  edge_loop& loop_;
  client_link* link_ = nullptr; // edge thread only
};

} // namespace ringdown::edge
