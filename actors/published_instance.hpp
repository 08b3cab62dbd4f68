// What others are told of a program's instance id. The id itself is the program's proof that it is
// the same one over its reconnects, so nobody else may learn it.
#pragma once

#include "messages/ids.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace ringdown {

/// The broker's secret; random in a broker, fixed in a test.
using instance_secret = std::array<std::uint8_t, 32>;

/// The same for one program of one principal as long as the broker runs, another for every other;
/// tells nothing of the id. HMAC-SHA-256 over all three, its first half.
instance_id published_instance(const instance_secret& secret, std::string_view application,
                               const instance_id& instance, std::string_view principal = {});

} // namespace ringdown
