#include "broker/security/base64url.hpp"

namespace ringdown::security {
namespace {

/// 0 to 63, or -1.
int value_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

} // namespace

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned bits = 0; // that do not make a byte yet
  unsigned count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0)
      return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count < 8)
      continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count);
    bits &= (1u << count) - 1;
  }
  // One letter behind whole bytes has six bits: no byte. Two have four to spare, three two.
  if (count == 6 || bits != 0)
    return std::nullopt;
  return bytes;
}

} // namespace ringdown::security
