// What is refused, by name: so each reads the same wherever it is said, and nobody counts empty
// places. The code's own text (docs/errors.md) stands unless another is given.
#pragma once

#include "messages/errors.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

/// For no field's sake.
inline fault refused(error_code code, std::string text = {}) {
  return {code, {}, {}, std::move(text), {}};
}

/// For one field's sake: what it may hold.
inline fault refused(error_code code, std::string attribute, std::string accepted,
                     std::string text = {}) {
  return {code, std::move(attribute), std::move(accepted), std::move(text), {}};
}

/// 53 for one field.
inline fault invalid(std::string attribute, std::string accepted, std::string text = {}) {
  return refused(error_code::invalid_attribute, std::move(attribute), std::move(accepted),
                 std::move(text));
}

inline fault dn_not_configured() {
  return refused(error_code::dn_not_configured, "this_dn", "a configured DN");
}

inline fault not_registered() {
  return refused(error_code::not_registered, "this_dn", "a DN on which the client is registered");
}

/// What whoever runs the broker does not let this client do, in the words of the access file.
inline fault forbidden(std::string_view action) {
  return refused(error_code::access_restricted,
                 "the access list does not grant " + std::string{action});
}

} // namespace ringdown
