#include "messages/wire.hpp"

#include "messages/limits.hpp"

namespace ringdown::wire {

namespace {

/// Generated parsers read tags and lengths from 5 bytes at most; what we pass on, they must read.
constexpr std::ptrdiff_t short_varint_bytes_max = 5;

} // namespace

bool reader::varint(std::uint64_t& value) noexcept {
  if (pos_ != end_ && (*pos_ & 0x80) == 0) { // nearly always one byte
    value = static_cast<unsigned char>(*pos_++);
    return true;
  }
  value = 0;
  for (int shift = 0; shift < 70 && pos_ != end_; shift += 7) {
    auto byte = static_cast<unsigned char>(*pos_++);
    value |= std::uint64_t{byte & 0x7fu} << (shift < 64 ? shift : 63);
    if (byte < 0x80)
      return shift < 63 || byte <= 1; // a tenth byte holds one bit
  }
  return false;
}

bool reader::short_varint(std::uint64_t& value) noexcept {
  auto* begin = pos_;
  return varint(value) && pos_ - begin <= short_varint_bytes_max;
}

bool reader::tag(field& out) noexcept {
  std::uint64_t tag = 0;
  if (!short_varint(tag) || tag >> 3 == 0 || tag > 0xffffffffu || (tag & 7) > 5)
    return false;
  out.number = static_cast<std::uint32_t>(tag >> 3);
  out.type = static_cast<wire_type>(tag & 7);
  return true;
}

bool reader::payload(field& out, int group_depth) noexcept {
  auto left = static_cast<std::size_t>(end_ - pos_);
  switch (out.type) {
  case wire_type::varint: return varint(out.value);
  case wire_type::fixed64:
  case wire_type::fixed32: {
    std::size_t size = out.type == wire_type::fixed64 ? 8 : 4;
    if (left < size)
      return false;
    out.value = 0;
    for (std::size_t i = size; i-- > 0;)
      out.value = out.value << 8 | static_cast<unsigned char>(pos_[i]);
    pos_ += size;
    return true;
  }
  case wire_type::bytes: {
    std::uint64_t size = 0;
    if (!short_varint(size) || size > static_cast<std::size_t>(end_ - pos_))
      return false;
    out.bytes = {pos_, static_cast<std::size_t>(size)};
    pos_ += size;
    return true;
  }
  case wire_type::group: {
    auto* begin = pos_;
    if (!skip_group(out.number, group_depth + 1))
      return false;
    out.bytes = {begin, static_cast<std::size_t>(pos_ - begin)};
    return true;
  }
  case wire_type::group_end: return false; // one that nothing began
  }
  return false;
}

bool reader::skip_group(std::uint32_t number, int depth) noexcept {
  if (depth > unknown_group_depth_max)
    return false;
  for (;;) {
    field inner;
    if (!tag(inner))
      return false;
    if (inner.type == wire_type::group_end)
      return inner.number == number;
    if (!payload(inner, depth))
      return false;
  }
}

step reader::any_field(field& out) noexcept {
  if (!tag(out) || !payload(out, 0)) {
    pos_ = end_;
    return step::malformed;
  }
  return step::field;
}

bool reader::are_varints(std::string_view bytes) noexcept {
  reader numbers{bytes};
  std::uint64_t value = 0;
  while (numbers.pos_ != numbers.end_)
    if (!numbers.varint(value))
      return false;
  return true;
}

namespace {

/// The length of the well-formed multi-byte character at `text`, or 0.
std::size_t multi_byte_length(const unsigned char* text, std::size_t left) noexcept {
  auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < left && text[i] >= low && text[i] <= high;
  };
  auto lead = text[0];
  if (lead >= 0xc2 && lead <= 0xdf)
    return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    unsigned low = lead == 0xe0 ? 0xa0 : 0x80;  // overlong
    unsigned high = lead == 0xed ? 0x9f : 0xbf; // surrogates
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    unsigned low = lead == 0xf0 ? 0x90 : 0x80;  // overlong
    unsigned high = lead == 0xf4 ? 0x8f : 0xbf; // above U+10FFFF
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

} // namespace

namespace {

constexpr std::uint64_t every_byte(std::uint8_t value) {
  return value * std::uint64_t{0x0101010101010101};
}

bool is_ascii_word(std::uint64_t word) noexcept {
  return (word & every_byte(0x80)) == 0;
}

/// Whether all eight bytes are from 0x20 to 0x7e.
bool is_plain_word(std::uint64_t word) noexcept {
  auto high = word & every_byte(0x80);
  auto below_space = (word - every_byte(0x20)) & every_byte(0x80); // exact where no byte is high
  auto del = (word + every_byte(0x01)) & every_byte(0x80);         // the same
  return (high | below_space | del) == 0;
}

/// One to seven bytes as a word: some of them twice, the rest blanks. Not a copy of so many bytes:
/// the word would be read where parts of it were just written.
std::uint64_t short_word(std::string_view text) noexcept {
  constexpr std::size_t half = sizeof(std::uint32_t);
  auto size = text.size();
  if (size >= half) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, text.data(), half);
    std::memcpy(&last, text.data() + size - half, half);
    return std::uint64_t{last} << 32 | first;
  }
  auto byte = [text](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(text[i])}; };
  constexpr auto blanks = every_byte(' ') << 24;
  return blanks | byte(size - 1) << 16 | byte(size / 2) << 8 | byte(0);
}

/// Whether each eight bytes are `good`, the last of them taken again with those before.
template <class Good>
bool all_words(std::string_view text, Good good) noexcept {
  constexpr std::size_t step = sizeof(std::uint64_t);
  if (text.empty())
    return true; // its data may be null
  if (text.size() < step)
    return good(short_word(text));
  std::uint64_t word = 0;
  for (std::size_t i = 0; i + step < text.size(); i += step) {
    std::memcpy(&word, text.data() + i, step);
    if (!good(word))
      return false;
  }
  std::memcpy(&word, text.data() + text.size() - step, step);
  return good(word);
}

} // namespace

bool plain_ascii(std::string_view text) noexcept {
  return all_words(text, is_plain_word);
}

bool valid_utf8(std::string_view text) noexcept {
  if (all_words(text, is_ascii_word))
    return true;
  auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = text.size();
  std::size_t i = 0;
  while (i < size) {
    if (size - i >= 8) { // eight ASCII characters at a time
      std::uint64_t word;
      std::memcpy(&word, bytes + i, 8);
      if (is_ascii_word(word)) {
        i += 8;
        continue;
      }
    }
    if (bytes[i] < 0x80) {
      ++i;
      continue;
    }
    auto length = multi_byte_length(bytes + i, size - i);
    if (length == 0)
      return false;
    i += length;
  }
  return true;
}

bool has_control_character(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f)
      return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true; // U+0080 to U+009F
  }
  return false;
}

bool has_layout_character(std::string_view text) noexcept {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (byte(i) == 0xd8 && byte(i + 1) == 0x9c)
      return true; // U+061C
    if (byte(i) != 0xe2 || i + 2 >= text.size())
      continue;
    auto last = byte(i + 2);
    if (byte(i + 1) == 0x80 && (last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae)))
      return true; // U+200E, U+200F, U+2028 to U+202E
    if (byte(i + 1) == 0x81 && last >= 0xa6 && last <= 0xa9)
      return true; // U+2066 to U+2069
  }
  return false;
}

} // namespace ringdown::wire
