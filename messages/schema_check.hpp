// The check that a generated parser cannot make, for every message that is not on the path of an
// event: what is wrong with received bytes, by the name of the field. Protobuf merges a field
// given twice and says nothing of which string is not UTF-8; a reader in another language may see
// something else than we do.
#pragma once

#include "messages/errors.hpp"

#include <optional>
#include <string_view>

namespace google::protobuf {
class Descriptor;
}

namespace ringdown {

/// What is wrong with `bytes` as a message of this type, or nothing: a singular field given twice,
/// a string that is not UTF-8, messages nested deeper than `depth_max`, or no Protobuf at all (then
/// the fault's attribute is "frame"). If nothing is wrong, the generated parser accepts the bytes.
std::optional<fault> check_message(const google::protobuf::Descriptor& type, std::string_view bytes,
                                   int depth_max);

} // namespace ringdown
