// Under which names a client certificate speaks.
#pragma once

#include "actors/authorize.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace ringdown::edge {

/// A certificate with more names is a client of nobody's pattern: the rest is not looked at.
inline constexpr std::size_t certificate_names_max = 32;
/// A longer name is passed over: what follows it in a URI or a mail address has no such length.
inline constexpr std::size_t certificate_name_bytes_max = 512;

/// The alternative names of the certificate that the other side has shown and OpenSSL has verified:
/// URIs, DNS names and mail addresses, in the certificate's order; null without one. A name that is
/// not printable ASCII is none: in a log or a pattern it could look like another.
std::shared_ptr<const std::vector<certificate_name>> verified_names(const SSL& ssl);

/// UTC in microseconds: when the first certificate of the chain that OpenSSL has verified ends, and
/// the other side could not come in with it again. Only where `verified_names` are not null.
std::int64_t verified_until_us(const SSL& ssl);

} // namespace ringdown::edge
