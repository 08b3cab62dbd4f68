// What must hold between keys, and the search for keys by name. messages/limits.hpp asserts the
// first ones for the defaults; here they are checked for what an operator writes.
#include "broker/config/table.hpp"
#include "messages/nearest.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>

namespace ringdown::configuration {
namespace {

/// 127.0.0.0/8, also as an IPv6 address, or ::1.
bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1)
    return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

constexpr relation relations_[] = {
  {"listen.address", "listen.allow_unauthenticated",
   "listen.address may reach beyond this machine (127.0.0.0/8, ::1) only if "
   "listen.allow_unauthenticated is true, because plain TCP shows everything to the wire",
   [](const config& c) {
     return !c.listen.enabled || c.listen.allow_unauthenticated || is_loopback(c.listen.address);
   }},
  {"listen_tls.address", "auth.file",
   "listen_tls.address may reach beyond this machine (127.0.0.0/8, ::1) only with auth.file, or "
   "if listen_tls.allow_unauthenticated is true",
   [](const config& c) {
     return !c.listen_tls.enabled || c.listen_tls.allow_unauthenticated || !c.auth.file.empty() ||
            is_loopback(c.listen_tls.address);
   }},
  {"listen_tls.enabled", "tls.certificate_file",
   "listen_tls.enabled needs tls.certificate_file and tls.key_file",
   [](const config& c) {
     return !c.listen_tls.enabled || (!c.tls.certificate_file.empty() && !c.tls.key_file.empty());
   }},
  {"tls.client_certificates", "tls.client_ca_file",
   "tls.client_certificates other than none needs tls.client_ca_file",
   [](const config& c) {
     return c.tls.client_certificates == client_certificates::none || !c.tls.client_ca_file.empty();
   }},
  {"tls.crl_file", "tls.client_ca_file", "tls.crl_file needs tls.client_ca_file",
   [](const config& c) { return c.tls.crl_file.empty() || !c.tls.client_ca_file.empty(); }},
  {"admin.address", "auth.file",
   "admin.address may reach beyond this machine (127.0.0.0/8, ::1) only with auth.file",
   [](const config& c) {
     return !c.admin.enabled || !c.auth.file.empty() || is_loopback(c.admin.address);
   }},
  {"admin.address", "admin.tls",
   "admin.address may reach beyond this machine (127.0.0.0/8, ::1) only with admin.tls, or if "
   "admin.allow_plain is true, because plain HTTP shows tokens to the wire",
   [](const config& c) {
     return !c.admin.enabled || c.admin.tls || c.admin.allow_plain || is_loopback(c.admin.address);
   }},
  {"admin.tls", "tls.certificate_file", "admin.tls needs tls.certificate_file and tls.key_file",
   [](const config& c) {
     return !c.admin.enabled || !c.admin.tls ||
            (!c.tls.certificate_file.empty() && !c.tls.key_file.empty());
   }},
  {"limits.user_data_bytes_max", "limits.frame_bytes_max",
   "limits.user_data_bytes_max and 1534 bytes for the rest of a request must fit in "
   "limits.frame_bytes_max",
   [](const config& c) {
     static_assert(2 * dn_bytes_max + 1024 == 1534, "the sentence names this number");
     return c.limits.user_data_bytes_max + 1534 <= c.limits.frame_bytes_max;
   }},
  {"limits.recorders_per_dn_max", "limits.frame_bytes_max",
   "limits.recorders_per_dn_max times 256 bytes must fit in limits.frame_bytes_max, or no answer "
   "could tell of all recorders",
   [](const config& c) { return c.limits.recorders_per_dn_max * 256 <= c.limits.frame_bytes_max; }},
  {"limits.frame_bytes_max", "limits.outbox_low_water_bytes",
   "limits.frame_bytes_max must be below limits.outbox_low_water_bytes",
   [](const config& c) { return c.limits.frame_bytes_max < c.limits.outbox_low_water_bytes; }},
  {"limits.outbox_low_water_bytes", "limits.outbox_high_water_bytes",
   "limits.outbox_low_water_bytes must be below limits.outbox_high_water_bytes",
   [](const config& c) {
     return c.limits.outbox_low_water_bytes < c.limits.outbox_high_water_bytes;
   }},
  {"limits.outbox_high_water_bytes", "limits.outbox_bytes_max",
   "limits.outbox_high_water_bytes must be below limits.outbox_bytes_max",
   [](const config& c) { return c.limits.outbox_high_water_bytes < c.limits.outbox_bytes_max; }},
  {"limits.connections_unsigned_max", "limits.connections_max",
   "limits.connections_unsigned_max must not exceed limits.connections_max",
   [](const config& c) { return c.limits.connections_unsigned_max <= c.limits.connections_max; }},
  {"limits.frame_bytes_max", "limits.request_bytes_outstanding_max",
   "limits.frame_bytes_max must not exceed limits.request_bytes_outstanding_max, or the largest "
   "request would never be admitted",
   [](const config& c) {
     return c.limits.frame_bytes_max <= c.limits.request_bytes_outstanding_max;
   }},
  {"limits.outbox_bytes_max", "limits.memory_budget_bytes",
   "limits.outbox_bytes_max must not exceed limits.memory_budget_bytes",
   [](const config& c) { return c.limits.outbox_bytes_max <= c.limits.memory_budget_bytes; }},
  {"limits.heartbeat_interval_min", "limits.heartbeat_interval",
   "limits.heartbeat_interval_min must not exceed limits.heartbeat_interval",
   [](const config& c) { return c.limits.heartbeat_interval_min <= c.limits.heartbeat_interval; }},
  {"limits.heartbeat_interval", "limits.heartbeat_interval_max",
   "limits.heartbeat_interval must not exceed limits.heartbeat_interval_max",
   [](const config& c) { return c.limits.heartbeat_interval <= c.limits.heartbeat_interval_max; }},
  {"limits.confirm_timeout", "limits.confirm_timeout_max",
   "limits.confirm_timeout must not exceed limits.confirm_timeout_max",
   [](const config& c) { return c.limits.confirm_timeout <= c.limits.confirm_timeout_max; }},
  {"limits.confirm_timeout_max", "limits.command_id_window",
   "limits.confirm_timeout_max must be below limits.command_id_window, or a command id would be "
   "forgotten before its outcome",
   [](const config& c) { return c.limits.confirm_timeout_max < c.limits.command_id_window; }},
  {"limits.commands_pending_max", "limits.command_ids_per_dn_max",
   "limits.commands_pending_max and limits.commands_pending_reserve must be below "
   "limits.command_ids_per_dn_max",
   [](const config& c) {
     return c.limits.commands_pending_max + c.limits.commands_pending_reserve <
            c.limits.command_ids_per_dn_max;
   }},
  {"limits.linger_timeout", "limits.drain_timeout",
   "limits.linger_timeout must not exceed limits.drain_timeout",
   [](const config& c) { return c.limits.linger_timeout <= c.limits.drain_timeout; }},
};

/// Keys of earlier versions. They are refused, not passed over: who wrote one meant something.
struct retired {
  std::string_view key;
  std::string_view why;
};
constexpr retired retired_keys_[] = {
  {"log.levels.session", "is no key any more: capture sessions log under log.levels.dn"},
};

/// "RINGDOWN_LIMITS_OUTBOX_BYTES_MAX".
std::string variable_of(std::string_view key) {
  std::string result = "RINGDOWN_";
  for (const char c : key)
    result += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::string_view before_last_dot(std::string_view name) noexcept {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
}

std::string_view after_last_dot(std::string_view name) noexcept {
  return name.substr(name.rfind('.') + 1); // npos + 1 is 0: the whole name
}

template <class Matches>
std::optional<std::size_t> find_row(Matches matches) {
  const auto& rows = table();
  const auto found = std::find_if(rows.begin(), rows.end(), matches);
  if (found == rows.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - rows.begin());
}

/// A known key that has this last part in another section: who writes `port` means `listen.port`.
std::string same_leaf_elsewhere(std::string_view leaf) {
  const auto found = find_row([&](const key& k) { return k.leaf() == leaf; });
  return found ? table()[*found].name : std::string{};
}

} // namespace

std::span<const relation> relation_table() {
  return relations_;
}

std::string_view key::section() const noexcept {
  return before_last_dot(name);
}

std::string_view key::leaf() const noexcept {
  return after_last_dot(name);
}

std::string key::environment() const {
  return variable_of(name);
}

std::string_view retired_key(std::string_view name) noexcept {
  for (const auto& r : retired_keys_)
    if (r.key == name)
      return r.why;
  return {};
}

std::string_view retired_variable(std::string_view name) {
  for (const auto& r : retired_keys_)
    if (variable_of(r.key) == name)
      return r.why;
  return {};
}

std::optional<std::size_t> find_key(std::string_view name) {
  return find_row([&](const key& k) { return k.name == name; });
}

std::optional<std::size_t> find_short_flag(std::string_view name) {
  return find_row([&](const key& k) { return !name.empty() && k.short_flag == name; });
}

std::optional<std::size_t> find_environment(std::string_view name) {
  return find_row([&](const key& k) { return k.environment() == name; });
}

bool is_section(std::string_view name) {
  const std::string prefix = std::string{name} + '.';
  return find_row([&](const key& k) { return k.name.starts_with(prefix); }).has_value();
}

std::string nearest_key(std::string_view wrong) {
  const auto section = before_last_dot(wrong);
  std::vector<std::string_view> leaves;
  std::vector<std::string_view> names;
  std::vector<std::string_view> sections;
  for (const auto& k : table()) {
    if (k.section() == section)
      leaves.push_back(k.leaf());
    names.push_back(k.name);
    sections.push_back(k.section());
  }
  if (const auto near = nearest(after_last_dot(wrong), leaves); !near.empty())
    return std::string{near};
  if (auto name = same_leaf_elsewhere(after_last_dot(wrong)); !name.empty())
    return name;
  if (const auto near = nearest(wrong, sections); !near.empty())
    return std::string{near};
  return std::string{nearest(wrong, names)};
}

} // namespace ringdown::configuration
