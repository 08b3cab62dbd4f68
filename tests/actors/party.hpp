// One T-Client of an office, at the other end of a wire from its link.
#pragma once

#include "actors/t_client.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

using lines = std::vector<std::string>;

class memory_wire;
class office;

class party {
public:
  party(office& where, std::string name);
  ~party();

  /// What a single read brings: these frames, in this order.
  template <class... Frames>
  void says(const Frames&... frames) {
    read({frames...});
  }
  void read(const std::vector<v1::Frame>& frames);
  /// A read of any bytes as frames; then, if it is to end so (a `stream_end`), of what cannot be
  /// cut.
  void read_bytes(const std::vector<std::string>& frames, int end = 0);
  /// A read of any bytes. The party says no heartbeats any more: its stream is the caller's.
  void read_stream(std::string_view bytes);

  /// All that the client was sent since it was last asked, heartbeats left out. In real time it
  /// waits until there are so many lines.
  lines hears(std::size_t at_least = 0);
  std::vector<v1::Frame> frames(std::size_t at_least = 0);
  /// The single frame it was sent.
  v1::Frame frame();

  /// From now on until it is asked what it hears, it reads no more than so many bytes.
  void reads_only(std::size_t bytes);
  void stops_reading() { reads_only(0); }
  /// It reads all again, as at the beginning.
  void reads_all();
  /// It says no heartbeats from now on.
  void falls_silent() { is_silent_ = true; }
  /// The heartbeats that it was sent so far.
  std::size_t heartbeats();

  /// It closes its side: it says no more, and still listens.
  void says_no_more();
  /// Its program ends: what it said before is read.
  void vanishes();
  /// The link breaks: what was not read yet is lost.
  void is_cut_off();
  /// The same when what it said last has been read, while it takes nothing.
  void is_cut_off_behind_that();
  /// A rule closes the connection.
  void is_closed(v1::DisconnectReason reason);
  /// The broker drains.
  void drains();

  std::uint64_t id() const;
  const std::string& name() const { return name_; }
  t_client& client() { return *client_; }
  outbox& box() { return client().box; }
  /// The broker says no more.
  bool closing() const;
  /// Read batches that have not come back.
  std::uint32_t reads_in_flight() const;

private:
  friend class office;
  void write(std::string bytes);
  void absorb();
  void say_heartbeat(std::chrono::steady_clock::time_point now);
  /// When it has to say a heartbeat, if it does.
  std::optional<std::chrono::steady_clock::time_point> heartbeat_due() const {
    if (is_silent_ || heartbeat_interval_.count() == 0 || closing())
      return std::nullopt;
    return said_last_ + heartbeat_interval_;
  }

  office& office_;
  std::string name_;
  std::shared_ptr<memory_wire> wire_;
  client_ptr client_;
  std::string received_; // the beginning of a frame
  std::vector<v1::Frame> heard_;
  std::size_t heartbeats_ = 0;
  std::chrono::milliseconds heartbeat_interval_{0}; // 0: not signed on
  std::chrono::steady_clock::time_point said_last_;
  bool is_silent_ = false;
};

} // namespace ringdown::test
