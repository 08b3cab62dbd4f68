// Protobuf bytes put together by hand: what no generated code would write. Kept apart from
// messages/wire so that a mistake there cannot hide itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::test {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
/// A varint that takes `bytes` bytes although its value would need fewer.
inline std::string long_varint(std::uint64_t value, std::size_t bytes) {
  auto out = varint(value);
  while (out.size() < bytes) {
    out.back() = static_cast<char>(out.back() | 0x80);
    out += '\0';
  }
  return out;
}
inline std::string tag(std::uint32_t number, std::uint32_t wire_type) {
  return varint(std::uint64_t{number} << 3 | wire_type);
}
inline std::string number_field(std::uint32_t number, std::uint64_t value) {
  return tag(number, 0) + varint(value);
}
inline std::string fixed64_field(std::uint32_t number, std::uint64_t value) {
  auto out = tag(number, 1);
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string fixed32_field(std::uint32_t number, std::uint32_t value) {
  auto out = tag(number, 5);
  for (int i = 0; i < 4; ++i)
    out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string bytes_field(std::uint32_t number, std::string_view content) {
  return tag(number, 2) + varint(content.size()) + std::string{content};
}
inline std::string group(std::uint32_t number, std::string_view content) {
  return tag(number, 3) + std::string{content} + tag(number, 4);
}
/// `levels` groups, each within the one before.
inline std::string nested_groups(std::uint32_t number, int levels) {
  std::string out;
  for (; levels > 0; --levels)
    out = group(number, out);
  return out;
}

// User data: Pair {key 1, int 2, string 3, binary 4, list 5} in UserData {pairs 1}.
inline std::string pair(std::string_view content) {
  return bytes_field(1, content);
}
inline std::string text_pair(std::string_view key, std::string_view value) {
  return pair(bytes_field(1, key) + bytes_field(3, value));
}
inline std::string capture_pair(std::string_view value) {
  return text_pair("screen-capture", value);
}

} // namespace ringdown::test
