// Accepts connections at one door and gives each to an edge loop in turn. Survives running out of
// files: then it refuses with a spare one and pauses, instead of spinning.
#pragma once

#include "broker/edge/door.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/outside.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::edge {

class listener final : public std::enable_shared_from_this<listener>, private epoll_user {
public:
  /// Lives on the first loop's thread; `loops` and `who` outlive it.
  listener(door at, std::vector<edge_loop*> loops, broker_context& context, admission& who);
  ~listener();

  /// Binds and begins to accept. Any thread, before the first connection. Returns what went wrong,
  /// in one line.
  std::optional<std::string> open();
  /// The port it listens on; the kernel's choice if 0 was asked for.
  std::uint16_t port() const noexcept { return port_; }
  /// Stops accepting, soon. Any thread; returns at once. Until then its admission refuses.
  void close();

private:
  void ready(std::uint32_t events) override;
  std::optional<std::string> bind();
  void accept_all();
  bool accept_one();
  void place(int descriptor, const std::string& peer, std::string source);
  bool may_in(outside::newcomer& who);
  void let_in(outside::newcomer who);
  void look_outside_soon();
  void look_outside();
  void turn_away(int descriptor, const std::string& peer, const entrance& why);
  void refuse(int descriptor, const std::string& peer, disconnect_reason reason,
              std::string_view why);
  void out_of_files();
  void pause(std::chrono::milliseconds time);
  /// The first loop's: it accepts there.
  epoll_loop& sockets() { return epoll_loop::of(loops_.front()->host().loop()); }

  const door door_;
  std::vector<edge_loop*> loops_;
  broker_context& context_;
  admission& admission_;
  int acceptor_ = -1; // -1: closed
  bool is_queued_ = false;
  std::unique_ptr<io_loop::timer> pause_timer_;
  outside outside_; // who has been accepted, where newcomers wait for a place
  std::unique_ptr<io_loop::timer> outside_timer_;
  bool looks_outside_ = false; // soon
  int spare_ = -1;             // a file kept open, to be able to refuse when there are no more
  std::size_t next_loop_ = 0;
  std::uint16_t port_ = 0;
};

} // namespace ringdown::edge
