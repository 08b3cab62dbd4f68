// JSON of strangers, strictly. Pure, thread-safe.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string_view>

namespace ringdown::security {

/// Objects and arrays within each other; tokens of identity providers have four.
inline constexpr int json_depth_max = 16;

enum class json_fault : std::uint8_t { none, malformed, duplicate_key };

struct json_result {
  nlohmann::json object; ///< an object if there is no fault
  json_fault fault = json_fault::none;
};

/// One object of at most `json_depth_max`, with no name twice in any of its objects. The caller
/// bounds the text.
json_result parse_object(std::string_view text);

/// The string of this name; null if there is none.
const std::string* string_at(const nlohmann::json& object, const std::string& name);

} // namespace ringdown::security
