// What SIGHUP may take over: the sources read again, with doubt where a reload would do harm that
// nobody meant.
#pragma once

#include "broker/config/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringdown::configuration {

/// Reads a program's configuration again. Not thread-safe.
///
/// Two things look like a configuration and are an accident: the default file that is away for a
/// moment (an editor's rename), and a list of DNs that is only half written. The first is an error
/// once the file was there. The second is refused as well, with a word that the next reload is
/// believed if it finds the same list.
class reloader {
public:
  /// `first` is what the program started with, read from the same sources.
  reloader(sources from, const load_result& first);

  /// Reads all sources. With errors nothing of it may be taken over.
  load_result read(const config& running);

private:
  /// Why the new list is doubted, if it is.
  std::optional<config_error> doubt(const config& running, const config& next);

  sources from_;
  std::optional<std::vector<std::string>> doubted_; ///< the list that the last reload refused
};

} // namespace ringdown::configuration
