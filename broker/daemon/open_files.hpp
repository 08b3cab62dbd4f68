// The process's limit of open files, against what the configuration asks for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace ringdown {

/// Raises the limit of open files so that `connections_max` sockets and the broker's own files
/// fit. Returns what is wrong, in one line, if it may not be raised so far.
std::optional<std::string> raise_open_files(std::size_t connections_max);

} // namespace ringdown
