#include "broker/logging/journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>

namespace ringdown::logging {

reader reader_of(int descriptor, const char* named) noexcept {
  struct stat about {};
  if (named == nullptr || ::fstat(descriptor, &about) != 0)
    return reader::anybody;
  const std::string_view text{named};
  const auto* end = text.data() + text.size();
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  const auto first = std::from_chars(text.data(), end, device);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':')
    return reader::anybody;
  const auto second = std::from_chars(first.ptr + 1, end, inode);
  const bool is_it = second.ec == std::errc{} && second.ptr == end && device == about.st_dev &&
                     inode == about.st_ino;
  return is_it ? reader::journal : reader::anybody;
}

reader reader_of_standard_error() noexcept {
  return reader_of(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
}

std::string_view priority(level l) noexcept {
  switch (l) {
  case level::trace:
  case level::debug: return "<7>";
  case level::info: return "<6>";
  case level::warn: return "<4>";
  case level::error:
  case level::off: break; // no line has it
  }
  return "<3>";
}

} // namespace ringdown::logging
