// Who a client is: what is asked of it, what passes once its credentials have expired, and when
// something follows from their time. Pure.
#pragma once

#include "actors/batches.hpp"
#include "actors/connection/sign_on.hpp"
#include "messages/access_rules.hpp"
#include "messages/errors.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ringdown {

/// A sign-on or a renewal whose credentials are looked at.
struct proof_question {
  enum class kind : std::uint8_t { sign_on, renewal };
  kind what = kind::sign_on;
  reference_id reference;
  heartbeat_terms terms = {}; ///< of a sign-on
  instance_id instance = {};  ///< of a sign-on: as the program said it
};

/// The answer to a sign-on or a renewal that was not granted; nothing: it was not known in time.
fault describe(const std::optional<authenticated>& refused_by);

/// With credentials that have expired an agent can still hide a card number, a recorder still says
/// what is so, and both can renew them or leave. Nothing else passes.
bool passes_expired(const frame_ahead& next);
/// The answer to all else.
fault credentials_expired();
/// The answer to a renewal where nobody was asked who it is.
fault nobody_authenticates();

/// What follows from the time of a client's credentials.
enum class expiry : std::uint8_t {
  nothing, ///< they hold, or have no end
  grace,   ///< they are over; little passes
  end,     ///< the client must go
};
/// `expires_us`: their time in UTC; 0: none.
expiry expiry_at(std::int64_t expires_us, std::int64_t now_us, const access_rules& rules) noexcept;
/// When to look again, from now; nothing: never.
std::optional<std::chrono::milliseconds>
next_expiry_look(std::int64_t expires_us, std::int64_t now_us, const access_rules& rules) noexcept;

/// The EventACK of a renewal.
std::string encode_renewed(reference_id reference, std::int64_t expires_us, std::int64_t time_us);

} // namespace ringdown
