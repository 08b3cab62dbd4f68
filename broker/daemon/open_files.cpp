#include "broker/daemon/open_files.hpp"

#include "broker/edge/file_table.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ringdown {

void keep_standard_files() {
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(file, F_GETFD) == -1) // the lowest free number is this one
      static_cast<void>(::open("/dev/null", file == STDIN_FILENO ? O_RDONLY : O_WRONLY));
}

std::optional<std::string> raise_open_files(std::size_t connections_max) {
  auto wanted = static_cast<rlim_t>(connections_max + edge::own_files);
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0)
    return std::string{"cannot read the limit of open files: "} + std::strerror(errno);
  if (now.rlim_cur >= wanted)
    return std::nullopt;
  rlimit raised{wanted, now.rlim_max};
  if (wanted <= now.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0)
    return std::nullopt;
  return "limits.connections_max = " + std::to_string(connections_max) + " needs " +
         std::to_string(wanted) + " open files, and the process may have " +
         std::to_string(now.rlim_max) + ": lower the one or raise the other (ulimit -n)";
}

} // namespace ringdown
