// Where the log's lines go: a file of ours, or standard error, which belongs to others too. Nothing
// here waits for a reader longer than it is told. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::logging {

class destination;
using destination_ptr = std::shared_ptr<destination>;

class destination {
public:
  /// A descriptor of somebody else's, which is neither changed nor closed: its flags are those of
  /// every process that shares it, so it may be a blocking one.
  static destination_ptr borrowed(int descriptor);
  static destination_ptr standard_error();
  /// A file that is appended to, made if it is absent; or what is wrong, in words. A FIFO without a
  /// reader is refused: to open it would wait for one.
  static std::variant<destination_ptr, std::string> open(const std::filesystem::path& path);

  destination(int descriptor, bool is_own);
  ~destination();
  destination(const destination&) = delete;
  destination& operator=(const destination&) = delete;

  /// What became of the beginning of a text.
  struct result {
    std::size_t bytes = 0; ///< written
    int error = 0;         ///< an errno; EAGAIN: there was no room within the patience
  };
  /// Writes a beginning of `text`, whole lines if it can. Where a reader may be slow (a pipe, a
  /// socket, a terminal) it waits for room no longer than `patience`; a disk it waits for.
  result write_some(std::string_view text, std::chrono::milliseconds patience) noexcept;

  /// True if what was written last was no whole line.
  bool is_mid_line() const noexcept { return is_mid_line_; }

private:
  const int descriptor_;
  const bool is_own_;
  bool has_reader_ = true; ///< not a file on a disk: it takes what its reader leaves room for
  bool is_mid_line_ = false;
};

/// Writes to standard error if that takes it at once; nobody waits for it. For what the log itself
/// cannot say.
void say_on_standard_error(std::string_view text) noexcept;

} // namespace ringdown::logging
