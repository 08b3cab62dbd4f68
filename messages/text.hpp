// Other people's bytes made safe for a terminal, a log line, a JSON string or a TOML string. Pure
// functions, thread-safe; they throw only for want of memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringdown {

/// What becomes of a byte that is not UTF-8.
enum class bad_bytes : unsigned char {
  shown,    ///< written as \xNN: for people
  replaced, ///< U+FFFD: for parsers, which know no \x
};

/// Appends `text` with quotes and backslashes escaped, and every character that could move a
/// cursor, end a line or turn the reading direction (C0, DEL, C1, line separators, bidirectional
/// controls) as \n, \t or \uNNNN. The result stands between quotes in JSON and TOML alike.
void append_escaped(std::string& out, std::string_view text, bad_bytes bad);

/// The same for a text that stands without quotes: quotes and backslashes stay as they are.
void append_printable(std::string& out, std::string_view text);

/// `append_printable` into a string of its own.
std::string printable(std::string_view text);

/// A plain word as it is; all else between quotes, by `append_escaped`.
std::string printable_word(std::string_view text);

/// The longest beginning of at most `bytes_max` bytes that cuts no UTF-8 character in two.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept;

} // namespace ringdown
