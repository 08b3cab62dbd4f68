// One request over HTTP/1.1 and its answer, on a connection of its own, within a time.
#pragma once

#include "client/cli/http_answer.hpp"
#include "client/connection.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace ringdown::cli {

struct http_request {
  std::string_view method = "GET";
  std::string target; ///< path and query, percent-encoded
  std::string token;  ///< shown as a bearer; empty: none
};

struct http_result {
  http_answer answer;
  std::string problem; ///< empty: there is an answer; it never holds the token
};

/// The text of a request. Nobody may put lines of his own into it: what is no token or no target
/// is left to the caller.
std::string to_text(const http_request& request, const client::endpoint& where);
/// Blocks for `patience` in all at most (but for the look-up of a host that is a name), or until a
/// stop signal comes.
http_result exchange(const client::endpoint& where, const http_request& request,
                     std::chrono::milliseconds patience);
/// A text as one segment of a path, or the value of a parameter.
std::string percent_encoded(std::string_view text);

} // namespace ringdown::cli
