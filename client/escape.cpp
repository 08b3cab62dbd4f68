#include "client/escape.hpp"

#include "messages/ids.hpp"
#include "messages/wire.hpp"

#include <cstdint>

namespace ringdown::client {

namespace {

/// The length of the character at the front, or 0 if the bytes are not UTF-8.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length)
    if (wire::valid_utf8(text.substr(0, length)))
      return length;
  return 0;
}

/// Controls (C0, DEL, C1), separators of lines, and marks of direction.
bool is_harmful(std::string_view character) {
  if (wire::has_control_character(character))
    return true;
  if (character.size() != 3 || character[0] != '\xe2')
    return false;
  auto second = static_cast<unsigned char>(character[1]);
  auto third = static_cast<unsigned char>(character[2]);
  bool line_or_direction = second == 0x80 && (third == 0x8e || third == 0x8f ||  // U+200E, U+200F
                                              (third >= 0xa8 && third <= 0xae)); // U+2028..202E
  bool isolate = second == 0x81 && third >= 0xa6 && third <= 0xa9;               // U+2066..2069
  return line_or_direction || isolate;
}

bool is_plain_word(std::string_view text) {
  constexpr std::string_view marks = "-_.:@/+";
  for (char c : text)
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
        marks.find(c) == std::string_view::npos)
      return false;
  return !text.empty();
}

} // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto length = character_length(text);
    auto character = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_harmful(character)) {
      for (char c : character)
        (out += "\\x") += to_hex(std::string_view{&c, 1});
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

std::string escaped_word(std::string_view text) {
  if (is_plain_word(text))
    return std::string{text};
  std::string with_marks;
  for (char c : text) {
    if (c == '"' || c == '\\')
      with_marks += '\\';
    with_marks += c;
  }
  return '"' + escaped(with_marks) + '"';
}

} // namespace ringdown::client
