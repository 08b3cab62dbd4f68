// All connections of a load run on one epoll, in one thread: brought up (connect, sign on,
// register within the granted limits), then driven frame by frame. Leaner than
// client/connection.hpp, because it must cost far less than the broker that it measures: frames
// come as bytes, and one read buffer serves all connections.
#pragma once

#include "client/connection.hpp"
#include "client/socket.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::load {

using clock = std::chrono::steady_clock;

/// Where frames of a connection that is up go.
class frame_sink {
public:
  virtual ~frame_sink() = default;
  virtual void on_frame(std::size_t link, std::string_view frame, clock::time_point now) = 0;
  /// All frames of one read were given; what is appended now goes out with one write.
  virtual void on_read_end(std::size_t link, clock::time_point now) = 0;
};

/// A connection to be.
struct link_plan {
  ringdown::role role = ringdown::role::desktop;
  std::vector<std::string> dns; ///< to register on, mode share
};

class link_set {
public:
  struct options {
    client::socket_address address;
    std::string application_name = "ringdown-load";
    std::optional<std::chrono::milliseconds> heartbeat_interval;
    /// Not signed on yet at a time; below the broker's `connections_unsigned_max`.
    std::size_t opening_max = 256;
  };

  explicit link_set(options o);

  void add(link_plan plan);
  std::size_t size() const noexcept { return links_.size(); }

  /// Brings all up. What went wrong, or nothing.
  std::optional<std::string> bring_up(std::chrono::milliseconds timeout,
                                      const std::function<bool()>& stopped);

  /// Waits for up to `timeout`, gives what came to `sink`, writes what is due, sends heartbeats.
  /// False once a connection was lost; see `lost_text`.
  bool turn(std::chrono::milliseconds timeout, frame_sink& sink);

  /// Room for bytes to send; `written` says how many were used. Goes out at the end of the turn,
  /// or with `flush`.
  char* room(std::size_t link, std::size_t bytes);
  void written(std::size_t link, std::size_t bytes) noexcept;
  void flush(std::size_t link);

  const client::event_link_connected& granted() const noexcept { return granted_; }
  const std::string& lost_text() const noexcept { return lost_text_; }
  std::uint64_t reads() const noexcept { return reads_; }
  std::uint64_t frames() const noexcept { return frames_; }

private:
  enum class phase : std::uint8_t { planned, connecting, signing_on, registering, up };

  struct link {
    link_plan plan;
    client::unique_fd fd;
    phase at = phase::planned;
    bool wants_write = false;
    std::size_t registered = 0; ///< answers to registrations so far
    std::size_t asked = 0;      ///< DNs asked for so far
    std::string rest;           ///< the beginning of a frame
    std::string out;            ///< allocated bytes; the first `out_used` are to be sent
    std::size_t out_used = 0;
    clock::time_point last_sent;
  };

  bool open(std::size_t index);
  void begin(std::size_t index);
  void read(std::size_t index, frame_sink* sink);
  std::size_t cut(std::size_t index, std::string_view bytes, frame_sink* sink,
                  clock::time_point now);
  void opening_frame(std::size_t index, std::string_view frame);
  void register_more(std::size_t index);
  void append(std::size_t index, std::string_view bytes);
  void send_heartbeats(clock::time_point now);
  void watch(std::size_t index, bool write);
  void serve(int timeout_ms, frame_sink* sink);
  void lose(std::size_t index, const std::string& text);

  options options_;
  client::unique_fd epoll_;
  std::vector<link> links_;
  std::string buffer_;
  client::event_link_connected granted_;
  std::string lost_text_;
  std::size_t opening_ = 0;
  std::size_t up_ = 0;
  clock::time_point heartbeats_due_;
  std::uint64_t reads_ = 0;
  std::uint64_t frames_ = 0;
};

} // namespace ringdown::load
