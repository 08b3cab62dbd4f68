// What can be asked of the admin port: paths, parameters and rights, as data. docs/openapi.json
// says the same to programs; a test compares them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::admin {

enum class route_id : std::uint8_t {
  livez,
  readyz,
  metrics,
  summary,
  connections,
  connection,
  dns,
  dn,
  queues,
  limits,
  alarms,
  config,
  open_trace,
  read_trace,
  close_trace,
  disconnect,
  drain,
  reload,
};

/// What a visitor must have the right to.
enum class right : std::uint8_t { none, read, write };

/// A parameter of a query, and what it may be, in words.
struct parameter {
  std::string_view name;
  std::string_view accepted;
};

struct route {
  route_id id;
  std::string_view method;
  std::string_view path; ///< a segment in braces stands for any
  right needs;
  std::span<const parameter> parameters;
};
std::span<const route> routes() noexcept;

/// What a request leads to.
struct found_route {
  const route* at = nullptr; ///< null: nowhere
  std::string argument;      ///< what stands for the segment in braces
  std::string allowed;       ///< the methods of this path, if it is one
};
found_route find_route(std::string_view method, const std::vector<std::string>& segments);

} // namespace ringdown::admin
