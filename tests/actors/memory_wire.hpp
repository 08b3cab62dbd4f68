// A client's socket and the broker's end of it, in memory: what the client writes is read by the
// broker's link as it was written, a piece for each read, and what the link writes the client has
// at once, as long as it takes anything.
#pragma once

#include "broker/edge/client_link.hpp"
#include "broker/edge/stream.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace ringdown::test {

/// Calls a function soon on the link's thread, never within this call.
using call_soon = std::function<void(std::function<void()>)>;

/// What a network does to a stream; empty: nothing.
struct network_habits {
  /// How many of so many bytes it takes, or gives, at once.
  std::function<std::size_t(std::size_t)> takes_at_once;
  /// Whether a read brings the next piece, too, if that has come.
  std::function<bool()> joins;
};

/// Any thread, but that one thread writes, and one end is the link's thread's.
class memory_wire : public std::enable_shared_from_this<memory_wire> {
public:
  explicit memory_wire(call_soon soon, network_habits habits = {})
    : soon_(std::move(soon)), habits_(std::move(habits)) {}

  /// The broker's end; once.
  std::unique_ptr<edge::stream> broker_end();
  /// The link that reads there, once it has begun and until it is gone.
  std::shared_ptr<edge::client_link> link() const;

  // ---- the client's end

  void write(std::string piece);
  /// What it received since it was last asked.
  std::string take();
  /// It receives no more than so many bytes from now on: it does not read, and its kernel's buffer
  /// is full.
  void takes_only(std::size_t bytes);
  void takes_all();
  /// It is closed. What was written before is read; what is written to it is lost, and by that the
  /// broker's end notices.
  void hang_up();
  /// It says no more, and still listens.
  void close_own_side();
  /// It fails: neither end has anything of it any more.
  void break_off();
  /// The same as soon as what was written has been read, and just where the broker's end has found
  /// room to write what waits.
  void break_off_behind_read();
  /// The broker writes no more.
  bool has_ended() const;

private:
  class broker_stream;
  enum class client_life : std::uint8_t { here, listens, gone, broken };
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  transport_result read_some(char* into, std::size_t size);
  transport_result write_some(std::string_view bytes);
  void await_read(std::shared_ptr<edge::stream_user> user);
  void await_write(std::shared_ptr<edge::stream_user> user);
  void end_writing();
  void close();
  void end(client_life how);
  void close_what_is_heard();

  // With mutex_ held; who is told hears later, so it may be held.
  bool has_news() const;
  void tell_reader();
  void tell_writer();
  std::size_t at_once(std::size_t bytes) const;

  mutable std::mutex mutex_;
  const call_soon soon_;
  const network_habits habits_;
  std::deque<std::string> pieces_; // from the client, not read yet
  std::string received_;           // by the client
  std::size_t room_ = unlimited;
  client_life client_ = client_life::here;
  bool ended_ = false;
  bool end_is_read_ = false; // that of the client's words
  std::shared_ptr<edge::stream_user> reader_;
  std::shared_ptr<edge::stream_user> writer_;
  std::weak_ptr<edge::client_link> link_;
};

} // namespace ringdown::test
