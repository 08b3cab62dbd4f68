#include "client/escape.hpp"

#include "messages/ids.hpp"
#include "messages/wire.hpp"

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
  return wire::has_control_character(character) || wire::has_layout_character(character);
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
