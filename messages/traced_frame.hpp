// A frame in the few words that a trace shows of it: what it is, of which DN, what it asks or says.
// Never a value of user data, never credentials, and no text that a person has written.
#pragma once

#include "messages/ids.hpp"
#include "messages/user_data.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

struct traced_frame {
  std::string_view kind; ///< the body's name in the schema; `unknown`, `malformed`
  std::string dn;        ///< the first, or the one that is looked for; `*`: every; empty: none
  std::size_t dns = 0;   ///< that it names
  capture_verb verb = capture_verb::none;
  std::optional<capture_state> light; ///< the DN's, as far as it is said
  reference_id reference;             ///< 0: unasked
  command_id command;                 ///< all zero: none
  std::string result;                 ///< such as `confirmed`, `165 access_restricted`; empty: none
  std::uint32_t bytes = 0;            ///< without its length
  bool is_request = false;
  bool is_answer = false;
  bool names_wanted = false; ///< the DN that is looked for
};

/// Reads a frame without its length, whatever its bytes are. `wanted_dn`: empty: any. Pure; less
/// than a microsecond, but for long lists of DNs.
traced_frame trace_of(std::string_view frame, std::string_view wanted_dn);

} // namespace ringdown
