#include "broker/security/file_stamps.hpp"

#include <sys/stat.h>

#include <utility>

namespace ringdown::security {

file_stamp stamp_of(const std::string& path) noexcept {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return {};
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {about.st_dev, about.st_ino, about.st_size,
          about.st_mtim.tv_sec * ns_per_s + about.st_mtim.tv_nsec};
}

void file_watch::were_read(file_stamps as) {
  known_ = std::move(as);
  last_look_ = known_;
}

bool file_watch::have_changed(file_stamps now) {
  bool has_settled = now == last_look_;
  last_look_ = std::move(now);
  if (!has_settled || last_look_ == known_)
    return false;
  known_ = last_look_;
  return true;
}

} // namespace ringdown::security
