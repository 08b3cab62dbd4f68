// A T-Client that speaks bytes: it sends whatever a test likes, right or wrong, and knows nothing
// of the client library. One thread at a time. Everything that must happen is waited for with
// `patience`, and throws std::runtime_error when it does not.
#pragma once

#include "tests/e2e/harness/daemon.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::e2e {

class raw_client {
public:
  struct options {
    /// The kernel's buffer for what the broker sends, in bytes; 0: as the kernel has it. A small
    /// one makes a client that does not read show sooner.
    int receive_buffer = 0;
  };

  /// Connects, and says nothing.
  explicit raw_client(std::uint16_t port) : raw_client(port, options{}) {}
  raw_client(std::uint16_t port, options how);
  ~raw_client();
  raw_client(raw_client&& other) noexcept;
  raw_client& operator=(raw_client&&) = delete;

  // ---- bytes

  /// Returns when all are with the kernel. False if the connection is gone.
  bool send_bytes(std::string_view bytes);
  /// Says that nothing more will be sent.
  void end_sending();
  void close();
  /// Closes without a goodbye: the broker's kernel is told that the connection is reset.
  void reset();
  int descriptor() const noexcept { return socket_; }
  /// Gives a client with a small receive buffer a large one: it has been slow for long enough. With
  /// a window of a few bytes the kernels would wait for each other's probes, for minutes in all.
  void read_wide();

  // ---- frames out

  bool send(const v1::Frame& frame);
  /// Gives the frame the next ReferenceID, sends it and returns the number.
  std::uint32_t request(v1::Frame frame);
  /// A number not used yet, for frames that a test builds by hand.
  std::uint32_t next_reference() noexcept { return ++last_reference_; }
  /// Sends a Heartbeat while it waits. A client that stays silent does not.
  bool keeps_alive = true;

  // ---- frames in; Heartbeats are counted and left out

  /// The next frame in the order of arrival; nothing at the connection's end.
  std::optional<v1::Frame> next();
  /// The same, but throws at the connection's end.
  v1::Frame expect();
  /// The answer to a request; other frames are kept for later, in their order.
  v1::Frame answer(std::uint32_t reference);
  /// The next frame without a ReferenceID; others are kept.
  v1::Frame unasked();
  /// Sends a request and waits for its answer.
  v1::Frame ask(const v1::Frame& frame) { return answer(request(frame)); }
  /// The same where the broker may close instead: then the last frame, or an empty one.
  v1::Frame ask_or_end(const v1::Frame& frame);
  /// Everything up to the connection's end.
  std::vector<v1::Frame> rest();
  /// Reads nothing for this long but what is there; the next frame if there is one.
  std::optional<v1::Frame> next_within(std::chrono::milliseconds time);
  /// The next frame's bytes without the length, Heartbeats too; nothing at the connection's end.
  std::optional<std::string> next_bytes();

  std::size_t heartbeats_heard() const noexcept { return heartbeats_heard_; }
  /// The connection ended with a reset and not in order.
  bool was_reset() const noexcept { return was_reset_; }

  // ---- what most tests do first

  /// Signs on; throws if it is refused.
  const v1::EventLinkConnected& sign_on(const v1::Frame& how);
  const v1::EventLinkConnected& link() const noexcept { return link_; }
  /// Registers on one DN; throws if it is refused.
  v1::Snapshot register_on(const std::string& dn,
                           v1::RegistrationMode mode = v1::REGISTRATION_MODE_SHARE);

private:
  using clock = std::chrono::steady_clock;
  std::optional<v1::Frame> take_buffered();
  std::optional<std::string> cut();
  /// False at the connection's end or the deadline.
  bool read_more(clock::time_point deadline);

  int socket_ = -1;
  std::string in_;
  std::size_t in_used_ = 0;
  std::deque<v1::Frame> kept_;
  std::uint32_t last_reference_ = 0;
  std::size_t heartbeats_heard_ = 0;
  bool ended_ = false;
  bool was_reset_ = false;
  v1::EventLinkConnected link_;
  clock::time_point last_sent_ = clock::now();
};

/// A client that has signed on, with an instance id of its own.
raw_client signed_on(const running_broker& broker, v1::Role role, raw_client::options how = {});
/// The same, and registered on a DN.
raw_client registered(const running_broker& broker, v1::Role role, const std::string& dn,
                      v1::RegistrationMode mode = v1::REGISTRATION_MODE_SHARE);

} // namespace ringdown::e2e
