// The process's open files: those it was started with, and how many it may have.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace ringdown {

/// Opens /dev/null for each of standard input, output and error that the process was started
/// without. The next file would get its number otherwise, a client's socket, and lines meant for
/// standard error would go into it. Before any other file is opened.
void keep_standard_files();

/// Raises the limit of open files so that `connections_max` sockets and the broker's own files
/// fit. Returns what is wrong, in one line, if it may not be raised so far.
std::optional<std::string> raise_open_files(std::size_t connections_max);

} // namespace ringdown
