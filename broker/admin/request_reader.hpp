// Makes requests of a connection's bytes, within the port's limits. Boost.Beast reads HTTP; what it
// finds is a value. No sockets.
#pragma once

#include "broker/admin/http.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::admin {

/// A request's line and fields: room for a token of an identity provider with many groups.
inline constexpr std::size_t header_bytes_max = 8 * 1024;
/// No request has a body that anybody reads; what a program sends out of habit fits.
inline constexpr std::size_t body_bytes_max = 64 * 1024;

class request_reader {
public:
  request_reader();
  ~request_reader();
  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;

  /// Bytes as they come.
  void put(std::string_view bytes);
  /// What they amount to: nothing whole yet, a request (what is behind it stays), or the answer to
  /// what is none; then the connection is to end.
  struct nothing_yet {};
  using taken = std::variant<nothing_yet, http_request, http_response>;
  taken take();
  /// Some of a request is here.
  bool has_begun() const noexcept { return has_begun_; }

private:
  struct parser;

  std::unique_ptr<parser> parser_;
  std::string kept_; ///< what the parser has not taken: a header that is not whole, or what follows
  bool has_begun_ = false;
};

} // namespace ringdown::admin
