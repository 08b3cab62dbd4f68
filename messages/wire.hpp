// Reading and writing Protobuf's wire format by hand, for the few fields that routing needs and
// for checks that a generated parser cannot make (a field given twice, which string is not UTF-8).
// Pure functions over bytes: no allocation, no exceptions, thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringdown::wire {

enum class wire_type : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  group = 3,
  group_end = 4,
  fixed32 = 5,
};

/// One field as it stands on the wire.
struct field {
  std::uint32_t number = 0;
  /// The value of a varint, fixed64 or fixed32.
  std::uint64_t value = 0;
  /// The content of a length-delimited field, or a group with its tags.
  std::string_view bytes;
  /// Not beside `number`: both would be asked for with one load, which has to wait for two stores.
  wire_type type = wire_type::varint;
};

enum class step : std::uint8_t { field, end, malformed };

/// Goes through the fields of one message. After `malformed` nothing more can be read.
class reader {
public:
  explicit reader(std::string_view message) noexcept
    : pos_(message.data()), end_(message.data() + message.size()) {}

  /// Reads the next field. A group is skipped as a whole; nested deeper than
  /// `unknown_group_depth_max` it is malformed. Always within its caller, so that `out` need not be
  /// memory: what is written there in parts and then copied as a whole is waited for.
  [[gnu::always_inline]] step next(field& out) noexcept {
    if (pos_ == end_)
      return step::end;
    if (short_field(out)) [[likely]]
      return step::field;
    field other; // nobody else may see the address of `out`
    auto result = any_field(other);
    out = other;
    return result;
  }

  /// True if `bytes` are whole varints, as the content of packed numbers is.
  static bool are_varints(std::string_view bytes) noexcept;

private:
  /// Reads the field if it is one of those that nearly all are: a tag of one byte, then a varint, a
  /// fixed64 or a length of at most two bytes. Else nothing has happened.
  [[gnu::always_inline]] bool short_field(field& out) noexcept {
    auto left = end_ - pos_;
    if (left < 2)
      return false;
    auto byte = [this](int i) -> std::uint32_t { return static_cast<unsigned char>(pos_[i]); };
    auto tag = byte(0);
    if (tag < 8 || tag >= 0x80)
      return false;
    out.number = tag >> 3;
    if ((tag & 7) == static_cast<std::uint32_t>(wire_type::varint) && byte(1) < 0x80) {
      out.type = wire_type::varint;
      out.value = byte(1);
      pos_ += 2;
      return true;
    }
    if ((tag & 7) != static_cast<std::uint32_t>(wire_type::bytes))
      return left > word_bytes && word_field(out, static_cast<wire_type>(tag & 7));
    bool is_short = byte(1) < 0x80;
    if (!is_short && (left < 3 || byte(2) >= 0x80))
      return false;
    auto size = is_short ? byte(1) : (byte(1) & 0x7f) | byte(2) << 7;
    auto* begin = pos_ + (is_short ? 2 : 3);
    if (static_cast<std::ptrdiff_t>(size) > end_ - begin)
      return false;
    out.type = wire_type::bytes;
    out.bytes = {begin, size};
    pos_ = begin + size;
    return true;
  }

  /// Reads a varint of two to eight bytes, or a fixed64, where the word behind the tag is there.
  [[gnu::always_inline]] bool word_field(field& out, wire_type type) noexcept {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t word = 0;
    std::memcpy(&word, pos_ + 1, word_bytes);
    std::ptrdiff_t size = word_bytes;
    if (type == wire_type::varint) {
      constexpr std::uint64_t marks = 0x8080808080808080u;
      auto ends = ~word & marks;
      if (ends == 0)
        return false;
      size = (std::countr_zero(ends) + 1) / 8;
      // What put_wide_varint spreads, brought together again.
      word &= ~marks & (ends ^ (ends - 1));
      word = (word & 0x7f007f007f007f00u) >> 1 | (word & 0x007f007f007f007fu);
      word = (word & 0x3fff00003fff0000u) >> 2 | (word & 0x00003fff00003fffu);
      word = (word & 0x0fffffff00000000u) >> 4 | (word & 0x000000000fffffffu);
    } else if (type != wire_type::fixed64) {
      return false;
    }
    out.type = type;
    out.value = word;
    pos_ += 1 + size;
    return true;
  }

  static constexpr std::ptrdiff_t word_bytes = 8;

  step any_field(field& out) noexcept;
  bool varint(std::uint64_t& value) noexcept;
  bool short_varint(std::uint64_t& value) noexcept;
  bool tag(field& out) noexcept;
  bool payload(field& out, int group_depth) noexcept;
  bool skip_group(std::uint32_t number, int depth) noexcept;

  const char* pos_;
  const char* end_;
};

/// True for well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool valid_utf8(std::string_view text) noexcept;
/// True for printable ASCII: then the two above and below need not be asked, and nearly all names
/// and many values are.
bool plain_ascii(std::string_view text) noexcept;
/// True if the text has a control character (C0, DEL or C1): refused in names because these end
/// up in logs and terminals. The text must be valid UTF-8.
bool has_control_character(std::string_view text) noexcept;
/// True if the text has a separator of lines or paragraphs, or a mark of direction (bidi): refused
/// in what is said for people, because these change how the text around is read. Valid UTF-8 as
/// well.
bool has_layout_character(std::string_view text) noexcept;
/// The length of a varint, 1 to 10 bytes.
inline std::size_t varint_size(std::uint64_t value) noexcept {
  auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
  return (bits + 6) / 7;
}

// Writers: put the bytes at `out` and return the place behind them. The caller has made room.

inline char* put_varint(char* out, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}
/// The same for what is long as a rule (times, epochs): without a loop over the bytes, and up to
/// `wide_varint_bytes_max` bytes of room are written, whatever the length.
inline constexpr std::size_t wide_varint_bytes_max = 10;
inline char* put_wide_varint(char* out, std::uint64_t value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t in_one_word = std::uint64_t{1} << 56;
  constexpr std::uint64_t marks = 0x8080808080808080u;
  // Each seven bits into a byte of their own: halves, quarters, eighths.
  auto spread = value & (in_one_word - 1);
  spread = (spread & 0x00fffffff0000000u) << 4 | (spread & 0x000000000fffffffu);
  spread = (spread & 0x0fffc0000fffc000u) << 2 | (spread & 0x00003fff00003fffu);
  spread = (spread & 0x3f803f803f803f80u) << 1 | (spread & 0x007f007f007f007fu);
  bool is_whole = value < in_one_word;
  auto size = is_whole ? varint_size(value) : 8;
  spread |= is_whole ? marks & ((std::uint64_t{1} << (8 * (size - 1))) - 1) : marks;
  std::memcpy(out, &spread, sizeof spread);
  return is_whole ? out + size : put_varint(out + 8, value >> 56);
}
/// A varint field of the wide kind; nothing for 0.
inline char* put_wide_number(char* out, std::uint32_t number, std::uint64_t value) noexcept {
  if (value == 0)
    return out;
  return put_wide_varint(put_varint(out, std::uint64_t{number} << 3), value);
}
inline char* put_tag(char* out, std::uint32_t number, wire_type type) noexcept {
  return put_varint(out, (std::uint64_t{number} << 3) | static_cast<std::uint64_t>(type));
}
/// A varint field; nothing for 0, as proto3 has it.
inline char* put_number(char* out, std::uint32_t number, std::uint64_t value) noexcept {
  if (value == 0)
    return out;
  return put_varint(put_tag(out, number, wire_type::varint), value);
}
/// A varint field that is written even when 0 (an `optional` one).
inline char* put_present(char* out, std::uint32_t number, std::uint64_t value) noexcept {
  return put_varint(put_tag(out, number, wire_type::varint), value);
}
/// A fixed64 field; nothing for 0.
inline char* put_fixed64(char* out, std::uint32_t number, std::uint64_t value) noexcept {
  if (value == 0)
    return out;
  static_assert(std::endian::native == std::endian::little);
  out = put_tag(out, number, wire_type::fixed64);
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}
/// A length-delimited field; nothing if empty.
[[gnu::always_inline]] inline char* put_bytes(char* out, std::uint32_t number,
                                              std::string_view bytes) noexcept {
  if (bytes.empty())
    return out;
  out = put_varint(put_tag(out, number, wire_type::bytes), bytes.size());
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

} // namespace ringdown::wire
