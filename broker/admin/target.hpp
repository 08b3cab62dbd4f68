// Paths and queries of the admin port, and whom a request names as its host. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringdown::admin {

/// A request's target, taken apart and decoded. A `/` within a segment was written `%2F`; `+` is
/// itself.
struct target {
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> parameters;
};
/// Why it is none.
struct bad_target {
  std::string_view text;
  std::string field; ///< the parameter; empty: the path
};
std::variant<target, bad_target> parse_target(std::string_view written);

/// Whether a request that names this host means us. A page of another site that has its name lead
/// here (DNS rebinding) names itself; so only `localhost`, addresses of this machine's loopback,
/// the configured address and the one that the request came in at are ours, with any port. Names
/// are not.
bool is_own_host(std::string_view host, std::string_view configured, std::string_view came_in_at);

} // namespace ringdown::admin
