// The broker's side of one client's link: reads batches of whole frames for the connection actor,
// sends what the outbox holds, and keeps the link's clocks. It lives on one edge thread; an idle
// one owns no buffer. Whether the bytes come from a socket or from a program that the broker is
// part of, is the stream's business.
//
//   readable -> read -> cut frames -> deliver(read_batch) to the actor      (in place on a loop)
//   outbox_ready -> (end of turn) take -> write -> sent
#pragma once

#include "actors/batches.hpp"
#include "actors/connection.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/link_signal.hpp"
#include "broker/edge/link_watch.hpp"
#include "broker/edge/send_buffer.hpp"
#include "broker/edge/slow_watch.hpp"
#include "broker/edge/stream.hpp"
#include "broker/edge/work_share.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown::edge {

/// Why a link ends where the broker threw, as for want of memory, and its place is lost.
inline constexpr std::string_view failed_half_way = "the broker failed at it half-way";

class client_link final : public socket_side,
                          public stream_user,
                          public std::enable_shared_from_this<client_link> {
public:
  client_link(edge_loop& loop, std::unique_ptr<stream> bytes, peer_facts peer, ticket admitted);
  ~client_link() override;

  /// Makes the actor and begins to read. Edge thread.
  void start();

  // -- link: any thread the actor runs on
  void established(std::chrono::milliseconds heartbeat_interval,
                   std::chrono::milliseconds heartbeat_timeout) override;
  void wake_at(steady_time due) override;
  void close_after_flush() override;

  // -- edge thread
  /// End of turn: sends what waits, and reads again if it may.
  void flush(steady_time now);
  /// Looks at the clocks; returns when to look again.
  steady_time sweep(steady_time now);
  /// Ask the actor to finish in order.
  void drain();
  /// Closes the stream now. The operator hears why, in a literal, unless the connection has told
  /// its end. Without a reason it was lost.
  void shut(std::string_view why, disconnect_reason reason = disconnect_reason::unspecified);
  /// Others want its place among those that have not signed on: tells it so, as far as its stream
  /// takes that at once, and shuts.
  void turn_out();
  /// The buffers of a burst go, if nothing is in them.
  void trim();
  /// Bytes of the broker's memory that wait for the client: to take them, or to finish a frame that
  /// it began some time ago.
  std::size_t held_for_it(steady_time now) const;
  /// The broker's memory is spent, and this one holds much of it: shuts.
  void give_way();
  /// The rest of what was read may have its turn.
  void hear_more();
  /// Reads what comes, if it may: again, where the broker's memory is back.
  void arm_read();
  /// Who it is, as the actors know it.
  const client_ptr& client() const noexcept { return client_; }
  /// Its clocks. Once it is established, who it is stands, on every thread.
  link_watch& watch() noexcept { return watch_; }
  /// Its actor; none any more when it is shut.
  const connection_ref& connection() const noexcept { return actor_; }

  std::uint32_t place = 0; // in the edge loop's list of connections
  bool marked = false;     // in the edge loop's list of connections to flush

  // -- stream_user
  void readable() override;
  void writable() override;

private:
  bool read_once();
  void input_ends();
  void pass_on(read_batch_ptr batch, std::size_t bytes);
  void begin_parts(read_batch_ptr whole);
  void hear_parts();
  void pass_part();
  /// Something is on its way to the client.
  bool sends() const noexcept;
  bool may_read() const;
  bool has_memory_to_read() const;
  std::size_t read_share() const;
  void count_beginning();
  bool refill();
  void send_waiting(steady_time now);
  void arm_write();
  void act_on(link_due due);
  void begin_linger();
  void discard_input();
  void close_with(disconnect_reason reason, std::string text);
  void lose();
  bool is_open() const noexcept { return stream_ != nullptr; }

  edge_loop& loop_;
  std::unique_ptr<stream> stream_;
  ticket admitted_;
  std::shared_ptr<link_signal> signal_;
  client_ptr client_;
  connection_ref actor_;
  link_watch watch_;
  slow_watch slow_;
  frame_cutter cutter_;
  memory_share begun_; // a frame that is not whole yet
  send_buffer sending_;
  work_share share_;
  read_batch_ptr in_parts_;                  // what was read and not heard to its end
  std::size_t next_part_ = 0;                // its first frame that has not had its turn
  steady_time wake_at_ = steady_time::max(); // its actor
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool input_ended_ = false; // the client says no more; it may still listen
  bool paused_ = false;      // unread because its own outbox is above high water
  bool closing_ = false;     // close when the outbox is flushed
  bool lingering_ = false;   // all is sent; waiting for the client to close
  bool idle_since_sweep_ = true;
  bool trimmed_ = true; // the idle connection's buffers were given back
};

} // namespace ringdown::edge
