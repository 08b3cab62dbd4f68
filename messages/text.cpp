#include "messages/text.hpp"

#include <algorithm>
#include <cstdint>

namespace ringdown {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// A character at the front of a text. `length` 0: the first byte is no UTF-8.
struct character {
  char32_t code = 0;
  std::size_t length = 0;
};

/// Decodes strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
character decode(std::string_view text) noexcept {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80)
    return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length)
    return {};
  char32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80)
      return {};
    code = (code << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff)
    return {};
  return {code, length};
}

/// Characters that do something to the reader's screen instead of being read.
bool is_unsafe(char32_t code) noexcept {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

void append_unicode_escape(std::string& out, char32_t code) {
  switch (code) {
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  default: break;
  }
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += hex_digits[(code >> shift) & 0xf];
}

void append_bad_byte(std::string& out, char c, bad_bytes bad) {
  if (bad == bad_bytes::replaced) {
    out += "\xef\xbf\xbd";
    return;
  }
  auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 0xf];
}

void append(std::string& out, std::string_view text, bad_bytes bad, bool quoted) {
  auto is_plain = [quoted](char c) {
    return c >= 0x20 && c < 0x7f && !(quoted && (c == '"' || c == '\\'));
  };
  for (;;) {
    // Nearly all of it, in one piece.
    auto odd = std::find_if_not(text.begin(), text.end(), is_plain);
    out.append(text.begin(), odd);
    text.remove_prefix(static_cast<std::size_t>(odd - text.begin()));
    if (text.empty())
      return;
    auto c = decode(text);
    if (c.length == 0) {
      append_bad_byte(out, text.front(), bad);
      text.remove_prefix(1);
      continue;
    }
    if (is_unsafe(c.code)) {
      append_unicode_escape(out, c.code);
    } else {
      if (quoted && (c.code == '"' || c.code == '\\'))
        out += '\\';
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
}

/// What no shell and no reader takes apart.
bool is_plain_word(std::string_view text) noexcept {
  constexpr std::string_view marks = "-_.:@/+";
  auto is_plain = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_plain);
}

} // namespace

void append_escaped(std::string& out, std::string_view text, bad_bytes bad) {
  append(out, text, bad, true);
}

void append_printable(std::string& out, std::string_view text) {
  append(out, text, bad_bytes::shown, false);
}

std::string printable(std::string_view text) {
  std::string result;
  append_printable(result, text);
  return result;
}

std::string printable_word(std::string_view text) {
  if (is_plain_word(text))
    return std::string{text};
  std::string result = "\"";
  append_escaped(result, text, bad_bytes::shown);
  return result += '"';
}

std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max)
    return text;
  auto end = bytes_max;
  // A character has at most three continuation bytes; more of them are no UTF-8 anyway.
  for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80; ++i)
    --end;
  return text.substr(0, end);
}

} // namespace ringdown
