#include "messages/ids.hpp"

#include "messages/hex.hpp"

#include <charconv>

namespace ringdown {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

} // namespace

std::string to_hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4)
    text[i] = hex_digits[value & 15];
  return text;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    text += hex_digits[byte >> 4];
    text += hex_digits[byte & 15];
  }
  return text;
}

std::optional<conn_id> parse_conn_id(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X"))
    text.remove_prefix(2);
  if (text.empty() || text.size() > 16)
    return std::nullopt;
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return conn_id{value};
}

std::optional<command_id> parse_command_id(std::string_view text) {
  if (text.size() != 32)
    return std::nullopt;
  command_id id;
  for (std::size_t i = 0; i < 16; ++i) {
    auto high = hex_value(text[2 * i]);
    auto low = hex_value(text[2 * i + 1]);
    if (!high || !low)
      return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  return id;
}

std::string_view to_string(role r) {
  switch (r) {
  case role::unspecified: return "unspecified";
  case role::desktop: return "desktop";
  case role::recorder: return "recorder";
  case role::supervisor: return "supervisor";
  case role::admin: return "admin";
  case role::call_source: return "call_source";
  case role::node: return "node";
  case role::broker: return "broker";
  }
  return "unspecified";
}

std::string_view to_string(capture_state s) {
  switch (s) {
  case capture_state::unknown: return "unknown";
  case capture_state::enabled: return "enabled";
  case capture_state::disabled: return "disabled";
  case capture_state::paused: return "paused";
  }
  return "unknown";
}

std::string_view to_string(registration_mode m) {
  switch (m) {
  case registration_mode::share: return "share";
  case registration_mode::private_: return "private";
  case registration_mode::monitor: return "monitor";
  }
  return "share";
}

std::optional<role> parse_role(std::string_view text) {
  for (auto r : {role::desktop, role::recorder, role::supervisor, role::admin, role::call_source})
    if (text == to_string(r))
      return r;
  return std::nullopt;
}

std::optional<registration_mode> parse_registration_mode(std::string_view text) {
  for (auto m : {registration_mode::share, registration_mode::private_, registration_mode::monitor})
    if (text == to_string(m))
      return m;
  return std::nullopt;
}

} // namespace ringdown
