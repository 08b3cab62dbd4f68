// A plain client of the admin port, which can also do what no client should.
#pragma once

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::test {

/// Bounds a failure.
inline constexpr int http_patience_ms = 30'000;

struct http_answer {
  int status = 0;
  std::string head;
  std::string body;

  bool has(std::string_view field) const { return head.find(field) != std::string::npos; }
  nlohmann::json json() const { return nlohmann::json::parse(body); }
};

/// One connection.
class http_client {
public:
  explicit http_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  }
  ~http_client() {
    if (socket_ >= 0)
      ::close(socket_);
  }
  http_client(http_client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  http_client& operator=(http_client&&) = delete;

  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      auto did = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (did <= 0)
        return; // the port has closed; what it said is read
      bytes.remove_prefix(static_cast<std::size_t>(did));
    }
  }

  /// The next answer; status 0 if the connection ended.
  http_answer hear() {
    http_answer answer;
    std::size_t end = 0;
    while ((end = kept_.find("\r\n\r\n")) == std::string::npos)
      if (!read_some())
        return {};
    answer.head = kept_.substr(0, end);
    kept_.erase(0, end + 4);
    answer.status = std::atoi(answer.head.c_str() + std::string_view{"HTTP/1.1 "}.size());
    auto length = answer.head.find("Content-Length: ");
    REQUIRE(length != std::string::npos);
    auto bytes = std::strtoul(answer.head.c_str() + length + 16, nullptr, 10);
    while (kept_.size() < bytes)
      if (!read_some())
        return {};
    answer.body = kept_.substr(0, bytes);
    kept_.erase(0, bytes);
    return answer;
  }
  bool has_ended() { return kept_.empty() && !read_some(); }

private:
  bool read_some() {
    pollfd one{socket_, POLLIN, 0};
    REQUIRE(::poll(&one, 1, http_patience_ms) == 1);
    char bytes[4096];
    auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0)
      return false;
    kept_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  std::string kept_;
};

inline std::string http_text(std::string_view method, std::string_view target,
                             std::string_view token = {}, std::string_view more = {}) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!token.empty())
    text.append("Authorization: Bearer ").append(token).append("\r\n");
  return text.append(more).append("\r\n");
}

/// One request on a connection of its own.
inline http_answer ask(std::uint16_t port, std::string_view method, std::string_view target,
                       std::string_view token = {}) {
  http_client client{port};
  client.say(http_text(method, target, token, "Connection: close\r\n"));
  return client.hear();
}
inline http_answer get(std::uint16_t port, std::string_view target) {
  return ask(port, "GET", target);
}

} // namespace ringdown::test
