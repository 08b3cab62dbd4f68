// A certificate for a broker of one run on this machine.
#pragma once

#include <optional>
#include <string>

namespace ringdown::bench {

/// Makes one that signs itself, for localhost and 127.0.0.1 and a day, of an ECDSA key on P-256,
/// and writes both in PEM form. What went wrong, or nothing.
std::optional<std::string> make_certificate(const std::string& certificate_file,
                                            const std::string& key_file);

} // namespace ringdown::bench
