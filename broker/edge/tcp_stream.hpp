// A client's bytes over TCP.
#pragma once

#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/stream.hpp"

namespace ringdown::edge {

/// Knows from the edge-triggered loop, and from what its own reads and writes get, whether the
/// socket has bytes or room: waiting for what is there costs no system call.
class tcp_stream final : public stream, private epoll_user {
public:
  /// Takes over an accepted socket; what it writes leaves at once (listener.cpp sets TCP_NODELAY).
  tcp_stream(epoll_loop& loop, int descriptor);
  ~tcp_stream() override;

  transport_result read_some(char* into, std::size_t size) noexcept override;
  transport_result write_some(std::string_view bytes) noexcept override;
  void await_read(std::shared_ptr<stream_user> user) override;
  void await_write(std::shared_ptr<stream_user> user) override;
  void end_writing() noexcept override;
  void close() noexcept override;

private:
  void ready(std::uint32_t events) override;
  void queue();

  epoll_loop& loop_;
  int descriptor_;         ///< -1: closed
  bool has_bytes_ = false; ///< what came before it was watched is told like news
  bool has_room_ = true;
  bool is_queued_ = false;   ///< hears of itself behind others: it left bytes the last time
  bool has_ended_ = false;   ///< the peer writes no more, or the socket failed: a read will say so
  bool end_is_read_ = false; ///< the peer writes no more, and a read has said so
  bool awaits_read_ = false;
  bool awaits_write_ = false;
  std::shared_ptr<stream_user> user_; ///< while it awaits
};

} // namespace ringdown::edge
