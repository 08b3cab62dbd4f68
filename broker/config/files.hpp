// Reading the two files of the configuration: the TOML file and the list of DNs. Thread-safe.
#pragma once

#include "broker/config/config.hpp"
#include "broker/config/toml_file.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

namespace ringdown::configuration {

/// A whole file of at most `bytes_max` bytes, or why it cannot be read. Larger: `file_too_large`.
/// Where it must not wait for a writer a pipe is refused with `invalid_seek`. For start and SIGHUP
/// only.
std::variant<std::string, std::error_code> read_file(const std::filesystem::path& path,
                                                     std::size_t bytes_max, bool may_wait);

/// One line of a list of DNs, without the space around it.
struct dn_line {
  std::string_view dn; ///< part of the text that was given
  position at;
};
/// The lines that name a DN, checked by nobody yet.
std::vector<dn_line> split_dn_file(std::string_view text);

} // namespace ringdown::configuration
