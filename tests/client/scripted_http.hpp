// A server that says what a test wants, to one visitor after the other.
#pragma once

#include "client/cli/http_exchange.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ringdown::test {

inline std::string http_text_of(std::string_view body, std::string_view status = "200 OK",
                                std::string_view type = "application/json") {
  return "HTTP/1.1 " + std::string{status} +
         "\r\nServer: ringdown\r\nContent-Type: " + std::string{type} +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

class scripted_http {
public:
  enum class then : std::uint8_t { closes, stays_silent };

  /// Hears a whole request, says the pieces, each in a write of its own.
  explicit scripted_http(std::vector<std::string> pieces, then what = then::closes)
    : listener_(::socket(AF_INET, SOCK_STREAM, 0)), pieces_(std::move(pieces)), then_(what) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&at);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_, generic, size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, generic, &size) == 0);
    where.port = ntohs(at.sin_port);
    serving_ = std::thread{[this] { serve(); }};
  }
  ~scripted_http() { end(); }
  scripted_http(const scripted_http&) = delete;
  scripted_http& operator=(const scripted_http&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(where.port); }
  /// All that was heard, once nobody is served any more.
  const std::string& heard() {
    end();
    return heard_;
  }

  client::endpoint where;

private:
  void end() {
    is_over_ = true;
    if (serving_.joinable())
      serving_.join();
    if (listener_ >= 0)
      ::close(std::exchange(listener_, -1));
  }
  bool is_readable(int socket) {
    while (!is_over_) {
      pollfd one{socket, POLLIN, 0};
      if (::poll(&one, 1, 10) > 0)
        return true;
    }
    return false;
  }
  void serve() {
    while (is_readable(listener_)) {
      int visitor = ::accept(listener_, nullptr, nullptr);
      serve(visitor);
      ::close(visitor);
    }
  }
  void serve(int visitor) {
    char bytes[4096];
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      auto got = is_readable(visitor) ? ::recv(visitor, bytes, sizeof bytes, 0) : 0;
      if (got <= 0)
        return;
      request.append(bytes, static_cast<std::size_t>(got));
    }
    heard_ += request;
    for (auto& piece : pieces_)
      if (::send(visitor, piece.data(), piece.size(), MSG_NOSIGNAL) < 0)
        return; // the client has had enough
    if (then_ == then::stays_silent)
      is_readable(visitor); // until it goes
  }

  int listener_;
  std::vector<std::string> pieces_;
  then then_;
  std::string heard_;
  std::atomic<bool> is_over_{false};
  std::thread serving_;
};

} // namespace ringdown::test
