#include "broker/edge/file_table.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace ringdown::edge {

void grow_file_table(std::size_t files) noexcept {
  rlimit most{};
  if (files == 0 || ::getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur == 0)
    return;
  auto last = std::min<rlim_t>(files, most.rlim_cur) - 1;
  // A descriptor with this number or a higher one; the table never shrinks.
  auto any = ::open("/", O_PATH | O_CLOEXEC);
  auto high = ::fcntl(any, F_DUPFD_CLOEXEC, static_cast<int>(last));
  for (auto one : {any, high})
    if (one >= 0)
      ::close(one);
}

} // namespace ringdown::edge
