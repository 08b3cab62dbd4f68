// The admin port of a broker, as the verbs for operators ask it (docs/openapi.json). Each failure
// is told in words: where, why, and which right is missing.
#pragma once

#include "client/cli/access.hpp"
#include "client/cli/http_exchange.hpp"
#include "client/cli/json.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ringdown::cli {

struct admin_answer {
  json body; ///< an object, unless there is a problem
  exit_status status = all_well;
  std::string problem = {};  ///< empty: none
  bool is_not_there = false; ///< the problem is that what was asked for does not exist
};

/// What an answer says; `wanted`: the right that the request takes, `where` the port's address.
admin_answer read_answer(http_result&& heard, std::string_view wanted, const std::string& where);

/// A verb's end of it. One request at a time.
class admin_port {
public:
  /// How one request gets its answer: over a socket, but for tests.
  using asker = std::function<http_result(const http_request&)>;

  admin_port(const admin_access& access, const settings& common);
  admin_port(asker ask, std::string where) : ask_(std::move(ask)), where_(std::move(where)) {}

  const std::string& where() const noexcept { return where_; }
  admin_answer get(const std::string& target) const;
  /// `wanted`: the right that it takes.
  admin_answer post(const std::string& target, std::string_view wanted = "admin_write") const;
  /// The rows `name` of a list, page by page, up to `rows_max`. `target`: with its parameters, but
  /// for limit and after. `more` says whether there were others.
  struct rows_answer {
    json rows = json::array();
    bool has_more = false;
    admin_answer failed = {}; ///< its problem is empty if all is well
  };
  rows_answer rows(const std::string& target, const std::string& name, std::size_t rows_max) const;

private:
  asker ask_;
  std::string where_;
};

/// With the port that settings and contexts name; what is wrong is said, and is the exit status.
int with_admin_port(const settings& common, const std::function<int(const admin_port&)>& then);
/// Says it to standard error; its status.
int complain(const admin_answer& failed);

// Fields of what the port has said. A newer or older broker's may be absent or of another kind:
// then they are empty, 0, or false.
std::string text_of(const json& object, const char* key);
std::int64_t number_of(const json& object, const char* key);
bool flag_of(const json& object, const char* key);
const json& list_of(const json& object, const char* key);
const json& object_of(const json& object, const char* key);

} // namespace ringdown::cli
