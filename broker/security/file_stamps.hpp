// How files look from outside, to notice that they have changed without reading them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringdown::security {

/// One file: whose content is the same as long as this is. All zero: it is not there.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;

  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

using file_stamps = std::vector<file_stamp>;

/// Of the file that a path leads to. Any thread.
file_stamp stamp_of(const std::string& path) noexcept;

/// Notices that files have changed once that has settled: whoever writes several, or one in pieces,
/// is not read half-way. One thread at a time.
class file_watch {
public:
  /// They were read as they looked then.
  void were_read(file_stamps as);
  /// How they look now: another content than was read, or than this was true for, and the same at
  /// the last look.
  bool have_changed(file_stamps now);

private:
  file_stamps known_;
  file_stamps last_look_;
};

} // namespace ringdown::security
