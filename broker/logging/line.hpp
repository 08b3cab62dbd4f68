// How a line of the log looks. Pure functions; not thread-safe for one `out`.
#pragma once

#include "broker/logging/journal.hpp"
#include "broker/logging/logging.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace ringdown::logging {

/// What one line says.
struct entry {
  std::chrono::system_clock::time_point at;
  component from;
  level importance;
  std::string_view message;
  std::span<const field> fields;
};

/// Appends the line without its newline. Human times are UTC with milliseconds, JSON times UTC
/// with microseconds. JSON is valid whatever the bytes are: a field whose key is one of the four
/// fixed ones gets a `_` before it. For the journal the line begins with its priority, and a human
/// one has no time: the journal shows its own.
void append_line(std::string& out, format f, const entry& e, reader who = reader::anybody);

} // namespace ringdown::logging
