// A request to the admin port and its answer, as values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::admin {

struct http_request {
  std::string method;
  std::string target;
  std::string host;          ///< empty: none was given, or several
  std::string authorization; ///< empty: none
  bool keeps_alive = false;
  std::string body;
  // What is known of the connection.
  std::string peer; ///< the visitor's address
  bool is_from_loopback = false;
  bool is_encrypted = false;
  std::string local_address; ///< where it came in
};

struct http_response {
  unsigned status = 200;
  std::string body;
  std::string_view type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// `{"error": text, "field": field or null, "accepted": accepted or null}`
http_response error_response(unsigned status, std::string_view text, std::string_view field = {},
                             std::string_view accepted = {});

} // namespace ringdown::admin
