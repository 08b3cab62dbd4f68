// One pair of user data as people write it: `key=value` (text), `s:key=value` (text, for a key
// with a colon in front), `n:key=5` (int), `b:key=00ff` (binary in hex). Pure.
#pragma once

#include "messages/user_data.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace ringdown::client {

struct data_item_error {
  std::string text; ///< says what is accepted
};
std::variant<user_data_pair, data_item_error> parse_data_item(std::string_view text);

} // namespace ringdown::client
