// All connections of a run on one epoll, in one thread: opened a few at a time, then driven. Leaner
// than client/connection.hpp, because it must cost far less than the broker that it measures: one
// read buffer serves all links, and a link writes once for each turn. Streams are sockets, or an
// embedded broker's own.
#pragma once

#include "bench/load/histogram.hpp"
#include "bench/speak/protocol.hpp"
#include "client/internal/socket.hpp"
#include "client/internal/tls_transport.hpp"
#include "messages/transport.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>

namespace ringdown::bench {

/// A stream that stands already, or none. Empty function: sockets.
using stream_source = std::function<std::unique_ptr<transport>()>;

class link_set final : public link_port {
public:
  struct options {
    client::socket_address address;
    stream_source streams;
    /// Sockets speak TLS; null: they speak plain.
    std::shared_ptr<const client::tls_context> secured = {};
    std::string server_name = {}; ///< whose certificate is expected then
    /// The broker begins with a line in plain, and TLS follows: NATS.
    bool greets_in_plain = false;
    /// Not up yet at a time; below the broker's `connections_unsigned_max`.
    std::size_t opening_max = 256;
    /// So many are up before the others begin.
    std::size_t first = 0;
    /// Links that are refused come again, when the broker says or after `untold_pause`. Else one
    /// that is refused ends the run. Only for protocols that begin anew in `on_open`: ours.
    bool come_again = false;
    /// Links that come from one address of this machine. The kernel looks for a free port of an
    /// address pair one by one, which takes long once most of its 28,000 are taken; to a broker in
    /// 127.0.0.0/8 more links come from 127.0.0.2 and so on.
    std::size_t links_of_a_source_max = 4'000;
    /// Once a second while they come up.
    std::function<void(const link_set& so_far, std::chrono::nanoseconds time)> on_opening;
  };
  static constexpr std::chrono::milliseconds untold_pause{1'000};
  static constexpr std::chrono::milliseconds tell_every{1'000};

  /// What became of links that came too early.
  struct refusals {
    std::map<std::string, std::uint64_t> by_reason; ///< attempts
    std::uint64_t told = 0;                         ///< attempts that were told when to come again
    std::uint64_t links = 0;                        ///< refused at least once
  };

  /// How the links came up.
  struct arrivals {
    histogram opening_times; ///< from a link's first connect to its being up, in nanoseconds
    histogram sign_on_times; ///< the same from the first byte out of the attempt that succeeded
    std::string tls;         ///< what the first link has agreed on with the broker; empty: plain
  };

  link_set(options o, protocol& spoken, std::size_t links);

  std::size_t size() const noexcept { return links_.size(); }

  /// Brings all up. What went wrong, or nothing.
  std::optional<std::string> bring_up(std::chrono::milliseconds timeout,
                                      const std::function<bool()>& stopped, run_sink& sink);
  /// Writes what was said, waits for up to `timeout`, takes what came. To be called in a loop.
  /// False once a link was lost that must not be; see `lost_text`.
  bool turn(std::chrono::nanoseconds timeout, run_sink& sink);

  /// Room for bytes to send; `written` says how many were used. They go out before the next wait.
  char* room(std::size_t link, std::size_t bytes);
  void written(std::size_t link, std::size_t bytes) noexcept;

  /// A link that reads no more than so many bytes a second: a slow receiver. 0: it reads nothing,
  /// and its kernel keeps little for it. Its loss is no fault.
  void make_slow(std::size_t link, std::size_t bytes_per_second);
  /// It reads all again, and still may be lost.
  void make_fast(std::size_t link);

  /// When the bytes came that are being taken.
  clock::time_point now() const noexcept { return now_; }
  const std::string& lost_text() const noexcept { return lost_text_; }
  std::size_t slow_links_lost() const noexcept { return slow_links_lost_; }
  bool stands(std::size_t index) const noexcept { return links_[index].at == phase::up; }
  std::uint64_t reads() const noexcept { return reads_; }
  const arrivals& arrived() const noexcept { return arrived_; }
  const refusals& refused() const noexcept { return refused_; }
  std::size_t up() const noexcept { return up_; }

  void say(std::size_t link, std::string_view bytes) override;
  void came_up(std::size_t link) override;
  void lose(std::size_t link, const std::string& why) override;
  void turn_away(std::size_t link, const std::string& why,
                 std::chrono::milliseconds retry_after) override;

private:
  enum class phase : std::uint8_t { planned, connecting, shaking_hands, opening, up, lost };

  struct link {
    phase at = phase::planned;
    bool touched = false; ///< to be written and armed before the next wait
    std::uint32_t watched = 0;
    client::unique_fd connecting;
    std::unique_ptr<client::tls_transport> shaking;
    std::unique_ptr<transport> stream;
    const client::tls_transport* secure = nullptr; ///< the stream, if it is one by TLS
    std::string rest; ///< the beginning of a frame; before TLS, of the greeting
    std::string out;  ///< allocated bytes; the first `out_used` are to be sent
    std::size_t out_used = 0;
    clock::time_point last_sent;
    clock::time_point opened; ///< for the first time
    clock::time_point signed_on;
    bool was_refused = false;
    std::optional<std::size_t> slow_bytes_per_second; ///< none: as fast as it can
    clock::time_point reads_again;
  };

  bool open_some();
  std::optional<std::size_t> next_to_open();
  void open(std::size_t index);
  void failed(std::size_t index, const std::string& why);
  void come_again(std::size_t index, const std::string& why, std::chrono::milliseconds pause);
  void begin(std::size_t index, std::unique_ptr<transport> stream);
  void connected(std::size_t index, run_sink& sink);
  void shake_hands(std::size_t index, run_sink& sink);
  bool read(std::size_t index, run_sink& sink);
  void read_all(std::size_t index, run_sink& sink);
  void touch(std::size_t index);
  void flush(std::size_t index);
  void arm(std::size_t index);
  void watch(std::size_t index, int descriptor, std::uint32_t events);
  void settle();
  void wake_slow(run_sink& sink);
  void send_heartbeats();
  void serve(std::chrono::nanoseconds timeout, run_sink& sink);
  void close(std::size_t index);

  options options_;
  protocol& protocol_;
  client::unique_fd epoll_;
  std::vector<link> links_;
  std::vector<std::size_t> touched_;
  std::vector<std::size_t> slow_;
  std::vector<std::size_t> unread_; ///< by TLS: what is there, their descriptors do not say
  std::string buffer_;
  std::string lost_text_;
  /// Source addresses, in turns; empty: the kernel's choice.
  std::vector<client::socket_address> sources_;
  std::size_t next_ = 0; ///< the first link that was not opened yet
  using appointment = std::pair<clock::time_point, std::size_t>;
  std::priority_queue<appointment, std::vector<appointment>, std::greater<>> again_;
  std::size_t opening_ = 0;
  std::size_t up_ = 0;
  std::size_t slow_links_lost_ = 0;
  clock::time_point now_;
  clock::time_point heartbeats_due_;
  std::uint64_t reads_ = 0;
  arrivals arrived_;
  refusals refused_;
};

} // namespace ringdown::bench
