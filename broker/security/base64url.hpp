// Bytes as RFC 7515 writes them. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::security {

/// The bytes of a text without padding. Nothing for any other letter, for a length that no bytes
/// have, and for bits left over: so there is one text for the same bytes.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace ringdown::security
