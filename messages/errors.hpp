// The error catalog and the answer it leads to. An error's code is API, its text is not.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ringdown {

/// What a client should do with an error. Values are those of the wire.
enum class retry_class : std::uint8_t {
  failed = 1,          ///< do not send it again as it is
  overloaded = 2,      ///< send it again after the stated time
  disconnected = 3,    ///< connect again first
  unknown_outcome = 4, ///< the reply was lost: send again under the same command id
};

/// T-Library's numbers under our names (messages/error_catalog.def).
enum class error_code : std::uint16_t {
#define RINGDOWN_ERROR(code, name, retry, text, when, action) name = code,
#include "messages/error_catalog.def"
#undef RINGDOWN_ERROR
};

/// One row of the catalog. All texts are static.
struct error_info {
  error_code code;
  std::string_view name;
  retry_class retry;
  std::string_view text;
  std::string_view when;
  std::string_view action;
};

/// All errors, by code.
std::span<const error_info> error_catalog() noexcept;
/// The row of a code; nothing for a number that is not in the catalog.
const error_info* find_error(std::uint32_t code) noexcept;
/// The row of a code of ours; every enumerator has one.
const error_info& info(error_code code) noexcept;

std::string_view to_string(retry_class r) noexcept;

/// The checks of a request in their order: where several fail, the first decides the answer
/// (docs/errors.md has them, too). A code may stand at more than one place.
enum class check : std::uint8_t {
  signed_on,     ///< 217
  version,       ///< 55
  request_known, ///< 51
  dn_valid,      ///< 53
  dn_configured, ///< 59
  registered,    ///< 41
  permitted,     ///< 165
  event_type,    ///< 51
  content,       ///< 53
  in_service,    ///< 58
  window,        ///< 111
  budget,        ///< 1186
  state,         ///< 43, 185
  recorder,      ///< 118
  queue_space,   ///< 238
};

/// A check's place in the order with the code it answers and its description.
struct check_info {
  check stage;
  error_code code;
  std::string_view text;
};
std::span<const check_info> check_order() noexcept;

/// A refusal: the catalog's code with what is wrong in this case. An empty `attribute` means that
/// no single field is at fault.
struct fault {
  error_code code = error_code::internal_error;
  std::string attribute;
  std::string accepted;
  /// Replaces the catalog's text if not empty.
  std::string text;
  std::optional<std::chrono::milliseconds> retry_after;

  bool operator==(const fault&) const = default;
};

} // namespace ringdown
