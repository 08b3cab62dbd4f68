#include "broker/admin/routes.hpp"

#include <algorithm>
#include <optional>

namespace ringdown::admin {

namespace {

constexpr parameter of_connections[] = {
  {"after", "the id of the last row before: 1 to 16 hex digits"},
  {"limit", "1 to 1000"},
  {"role", "desktop, recorder, supervisor, admin or call_source"},
  {"slow", "true: those for which most waits first; false"},
};
constexpr parameter of_dns[] = {
  {"prefix", "the beginning of a DN"},
  {"light", "unknown, recording, off or paused"},
  {"recorder", "none"},
  {"after", "the last DN before"},
  {"limit", "1 to 1000"},
};
constexpr parameter of_alarms[] = {
  {"after", "the last DN before"},
  {"limit", "1 to 1000"},
};

constexpr parameter of_a_new_trace[] = {
  {"dn", "a DN, 1 to 255 bytes; in place of client"},
  {"client", "an id of /api/v1/connections; in place of dn"},
  {"for", "seconds, 1 to 600"},
};
constexpr parameter of_a_trace[] = {
  {"after", "the next of the page before"},
  {"limit", "1 to 1000"},
};

constexpr route all[] = {
  {route_id::livez, "GET", "/livez", right::none, {}},
  {route_id::readyz, "GET", "/readyz", right::none, {}},
  {route_id::metrics, "GET", "/metrics", right::read, {}},
  {route_id::summary, "GET", "/api/v1/summary", right::read, {}},
  {route_id::connections, "GET", "/api/v1/connections", right::read, of_connections},
  {route_id::connection, "GET", "/api/v1/connections/{id}", right::read, {}},
  {route_id::dns, "GET", "/api/v1/dns", right::read, of_dns},
  {route_id::dn, "GET", "/api/v1/dns/{dn}", right::read, {}},
  {route_id::queues, "GET", "/api/v1/queues", right::read, {}},
  {route_id::limits, "GET", "/api/v1/limits", right::read, {}},
  {route_id::alarms, "GET", "/api/v1/alarms", right::read, of_alarms},
  {route_id::config, "GET", "/api/v1/config", right::read, {}},
  // It changes nothing that anybody else sees: whoever may look may trace.
  {route_id::open_trace, "POST", "/api/v1/traces", right::read, of_a_new_trace},
  {route_id::read_trace, "GET", "/api/v1/traces/{id}", right::read, of_a_trace},
  {route_id::close_trace, "POST", "/api/v1/traces/{id}/close", right::read, {}},
  {route_id::disconnect, "POST", "/api/v1/connections/{id}/disconnect", right::write, {}},
  {route_id::drain, "POST", "/api/v1/drain", right::write, {}},
  {route_id::reload, "POST", "/api/v1/reload", right::write, {}},
};

/// The argument of a path that matches; empty where it has none.
std::optional<std::string> match(std::string_view path, const std::vector<std::string>& segments) {
  std::string argument;
  path.remove_prefix(1);
  for (auto& segment : segments) {
    auto part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.starts_with('{'))
      argument = segment;
    else if (part != segment)
      return std::nullopt;
  }
  return path.empty() ? std::optional{argument} : std::nullopt;
}

} // namespace

std::span<const route> routes() noexcept {
  return all;
}

found_route find_route(std::string_view method, const std::vector<std::string>& segments) {
  found_route found;
  for (auto& one : all) {
    auto argument = match(one.path, segments);
    if (!argument)
      continue;
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string{one.method};
    if (one.method == method) {
      found.at = &one;
      found.argument = std::move(*argument);
    }
  }
  return found;
}

} // namespace ringdown::admin
