// What becomes of a process that does something: for tests of what ends it.
#pragma once

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace ringdown::test {

struct ending {
  int signal = 0; ///< 0: it went on
  std::string said;
};

/// What becomes of a process that does this.
template <class Act>
ending child_that(Act act) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL); // Catch2 has its own
    act();
    ::_exit(0);
  }
  ::close(pipe[1]);
  ending how;
  char part[256];
  for (ssize_t got; (got = ::read(pipe[0], part, sizeof part)) > 0;)
    how.said.append(part, static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  how.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return how;
}

} // namespace ringdown::test
