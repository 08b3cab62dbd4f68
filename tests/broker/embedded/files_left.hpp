// A process that is about to run out of files.
#pragma once

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>

namespace ringdown::test {

/// As long as it lives, this process may open so many more files.
class files_left {
public:
  explicit files_left(rlim_t count) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit now = before_;
    now.rlim_cur = 0; // a new file gets the lowest number that is free
    for (rlim_t free = 0; free < count || is_open(now.rlim_cur); ++now.rlim_cur)
      if (!is_open(now.rlim_cur))
        ++free;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  ~files_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  files_left(const files_left&) = delete;
  files_left& operator=(const files_left&) = delete;

private:
  static bool is_open(rlim_t number) { return ::fcntl(static_cast<int>(number), F_GETFD) != -1; }

  rlimit before_{};
};

} // namespace ringdown::test
