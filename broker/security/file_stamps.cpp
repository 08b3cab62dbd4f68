#include "broker/security/file_stamps.hpp"

#include <sys/stat.h>

namespace ringdown::security {

file_stamp stamp_of(const std::string& path) noexcept {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return {};
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {about.st_dev, about.st_ino, about.st_size,
          about.st_mtim.tv_sec * ns_per_s + about.st_mtim.tv_nsec};
}

} // namespace ringdown::security
