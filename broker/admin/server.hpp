// The admin port: HTTP/1.1, by TLS where it is to be, on a thread of its own, so that nothing an
// operator does, or a stuck tool, takes a loop's time. Boost.Beast and Boost.Asio, behind this
// header.
//
// What one visitor may take from others: `connections_max` in all, for one more the one goes that
// has been idle longest; ten seconds for a request and for the writing of an answer; a minute of
// silence between requests, and a thousand requests on one connection.
#pragma once

#include "broker/admin/access.hpp"
#include "broker/admin/view.hpp"

#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ringdown::admin {

/// Some consoles and a few tools, each with some connections; 8 KiB each while they say nothing, by
/// TLS some 80.
inline constexpr std::size_t connections_max = 256;
/// From a request's first byte to its last, and for an answer to be taken: a slow line, a page of
/// 1,000 rows.
inline constexpr std::chrono::seconds request_timeout{10};
/// Between two requests: above the interval of a scrape.
inline constexpr std::chrono::seconds idle_timeout{60};
/// Then the connection is closed with its answer, and whoever goes on opens another.
inline constexpr std::size_t requests_per_connection_max = 1000;

/// What the next visitor's TLS is made with. Called on the port's thread.
using secured_function = std::function<std::shared_ptr<SSL_CTX>()>;

class server {
public:
  /// `shown` outlives it. `secured`: empty: plain HTTP.
  server(view& shown, admin_access_function access, secured_function secured = {});
  /// Stops.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Listens and begins to serve, once. Returns what went wrong, in one line.
  std::optional<std::string> start(const std::string& address, std::uint16_t port);
  /// Where it listens; 0 if it does not.
  std::uint16_t port() const noexcept;
  /// Closes all connections and joins the thread. From then on the view is not called. Idempotent;
  /// not on the port's own thread.
  void stop() noexcept;

private:
  class state;
  std::unique_ptr<state> state_;
};

} // namespace ringdown::admin
