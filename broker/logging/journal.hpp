// What the journal of systemd takes of a line: how much it matters, as sd-daemon(3) has it. When it
// came the journal knows itself. Pure but for a look at the descriptor; any thread.
#pragma once

#include "broker/logging/level.hpp"

#include <string_view>

namespace ringdown::logging {

/// Who reads the lines.
enum class reader : std::uint8_t { anybody, journal };

/// The journal, if that is what stands behind the descriptor: `named` is what systemd says of the
/// stream that it gave the process (JOURNAL_STREAM, "device:inode"); null: nothing. A descriptor
/// that was led elsewhere since, to a file or a pipe, is another one.
reader reader_of(int descriptor, const char* named) noexcept;

/// The same of standard error, with what the environment says.
reader reader_of_standard_error() noexcept;

/// What stands before a line of this level: "<3>" before an error.
std::string_view priority(level l) noexcept;

} // namespace ringdown::logging
