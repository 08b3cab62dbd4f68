// What somebody speaks, by the first bytes that came: so that who has taken the wrong port is told.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringdown::edge {

enum class first_bytes : std::uint8_t { tls, http, other };

/// Needs two bytes to know TLS and four to know HTTP; with less it is other. No frame of the
/// protocol begins as TLS does: its first field would have the number 0.
constexpr first_bytes look_at_first(std::string_view bytes) noexcept {
  constexpr std::string_view handshake_record{"\x16\x03", 2};
  if (bytes.starts_with(handshake_record))
    return first_bytes::tls;
  for (std::string_view method : {"GET ", "POST", "HEAD", "PUT ", "OPTI", "CONN"})
    if (bytes.starts_with(method))
      return first_bytes::http;
  return first_bytes::other;
}

/// What one who speaks TLS to a plain port understands: the alert handshake_failure.
inline constexpr std::string_view tls_refusal{"\x15\x03\x01\x00\x02\x02\x28", 7};

} // namespace ringdown::edge
