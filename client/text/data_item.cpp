#include "client/text/data_item.hpp"

#include "messages/hex.hpp"
#include "messages/wire.hpp"

#include <charconv>
#include <optional>

namespace ringdown::client {

namespace {

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    auto high = hex_value(text[i]);
    auto low = hex_value(text[i + 1]);
    if (!high || !low)
      return std::nullopt;
    bytes += static_cast<char>(*high * 16 + *low);
  }
  return bytes;
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

} // namespace

std::variant<user_data_pair, data_item_error> parse_data_item(std::string_view text) {
  char kind = 's';
  if (text.size() >= 2 && text[1] == ':' && (text[0] == 'n' || text[0] == 'b' || text[0] == 's')) {
    kind = text[0];
    text.remove_prefix(2);
  }
  auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return data_item_error{"expected key=value, n:key=NUMBER or b:key=HEX"};
  if (!wire::valid_utf8(text))
    return data_item_error{"not UTF-8; give other bytes as b:key=HEX"};
  std::string key{text.substr(0, equals)};
  auto value = text.substr(equals + 1);
  switch (kind) {
  case 'n':
    if (auto number = number_of(value))
      return user_data_pair{std::move(key), *number};
    return data_item_error{"n: takes a whole number of 64 bits, for example n:case=17"};
  case 'b':
    if (auto bytes = from_hex(value))
      return user_data_pair{std::move(key), binary_value{std::move(*bytes)}};
    return data_item_error{"b: takes pairs of hex digits, for example b:token=00ff"};
  default: return user_data_pair{std::move(key), std::string{value}};
  }
}

} // namespace ringdown::client
