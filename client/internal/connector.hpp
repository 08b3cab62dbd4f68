// From the addresses of a place to a stream that stands: the first that answers, each within its
// share of the time, its TLS handshake included. Internal to client/. Time comes in with each call.
#pragma once

#include "client/connection.hpp"
#include "client/internal/socket.hpp"
#include "client/internal/tls_transport.hpp"

namespace ringdown::client {

class connector {
public:
  enum class progress : std::uint8_t { under_way, stands, failed };

  connector() = default;
  /// Looks up hosts that are names, and reads TLS files unless `look_up` has done so.
  explicit connector(const numeric_endpoints& where);

  /// From now, until then.
  progress begin(steady_time now, steady_time until);
  /// Does what can be done without waiting.
  progress go_on(steady_time now);
  /// The stream, once, when it `stands`.
  std::unique_ptr<transport> take() noexcept { return std::move(stream_); }
  /// Why it has `failed`.
  const stream_fault& fault() const noexcept { return fault_; }

  // While it is under way: what to wait for, and until when.
  int descriptor() const noexcept;
  short poll_events() noexcept;
  steady_time next_deadline() const noexcept { return share_until_; }

private:
  /// Where one attempt goes.
  struct target {
    socket_address address;
    std::shared_ptr<const tls_context> secured; ///< null: plain TCP
    std::string server_name;
  };

  void add(const endpoint& where, std::shared_ptr<const tls_context> secured);
  progress try_next(steady_time now);
  progress advance();
  progress shake_hands();
  void note(stream_fault fault);

  std::vector<target> targets_;
  std::size_t next_ = 0;
  unique_fd socket_;                      ///< while it connects
  std::unique_ptr<tls_transport> secure_; ///< then, while hands are shaken
  std::unique_ptr<transport> stream_;     ///< then
  stream_fault fault_;
  steady_time until_;
  steady_time share_until_; ///< the present address's share of that
};

} // namespace ringdown::client
