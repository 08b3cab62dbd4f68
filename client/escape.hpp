// Text from the network on its way to a terminal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ringdown::client {

/// The text with everything that could steer a terminal or mislead a reader written as an
/// escape: control characters, bytes that are not UTF-8, and the marks that turn the direction of
/// writing. Ordinary UTF-8 passes.
std::string escaped(std::string_view text);

/// `escaped`, and in quotes unless it is a plain word.
std::string escaped_word(std::string_view text);

} // namespace ringdown::client
