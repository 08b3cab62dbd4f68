// Under which names a client certificate speaks, and for how long.
#pragma once

#include "actors/authorize.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <memory>

namespace ringdown::edge {

/// A certificate with more names is a client of nobody's pattern: the rest is not looked at.
inline constexpr std::size_t certificate_names_max = 32;
/// A longer name is passed over: what follows it in a URI or a mail address has no such length.
inline constexpr std::size_t certificate_name_bytes_max = 512;

/// The certificate that the other side has shown and OpenSSL has verified; null without one. Its
/// names are the alternative ones: URIs, DNS names and mail addresses. A name that is not printable
/// ASCII is none: in a log or a pattern it could look like another. It ends with the first of its
/// chain: behind that the other side could not come in with it again.
std::shared_ptr<const client_certificate> verified_certificate(const SSL& ssl);

} // namespace ringdown::edge
