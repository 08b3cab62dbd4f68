#include "client/internal/private_file.hpp"

#include "client/internal/socket.hpp"
#include "messages/limits.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>

namespace ringdown::client {

namespace {

std::string privacy_of(const struct stat& file, const std::string& path) {
  char mode[8] = {};
  std::snprintf(mode, sizeof mode, "%04o", file.st_mode & 07777u);
  if (file.st_uid != ::geteuid() && file.st_uid != 0)
    return "it belongs to another user; accepted is one of yours";
  if ((file.st_mode & 077u) != 0)
    return std::string{"others may read or write it (mode "} + mode +
           "); accepted is its owner alone: chmod 600 '" + path + "'";
  return {};
}

} // namespace

std::string privacy_problem(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) != 0 ? error_text(errno) : privacy_of(file, path);
}

file_text read_private_file(const std::string& path, std::size_t bytes_max) {
  unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat file {};
  if (!fd || ::fstat(fd.get(), &file) != 0)
    return {{}, error_text(errno)};
  if (auto problem = privacy_of(file, path); !problem.empty())
    return {{}, std::move(problem)};
  file_text found;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(fd.get(), bytes, sizeof bytes)) != 0;) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return {{}, error_text(errno)};
    found.text.append(bytes, static_cast<std::size_t>(got));
    if (found.text.size() > bytes_max)
      return {{}, "longer than " + std::to_string(bytes_max) + " bytes"};
  }
  return found;
}

std::string write_private_file(const std::string& path, const std::string& text) {
  auto beside = path + ".new";
  ::unlink(beside.c_str()); // of one that was interrupted
  unique_fd fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!fd)
    return error_text(errno);
  for (std::string_view left = text; !left.empty();) {
    auto written = ::write(fd.get(), left.data(), left.size());
    if (written < 0 && errno != EINTR)
      return error_text(errno);
    left.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (::fsync(fd.get()) != 0 || std::rename(beside.c_str(), path.c_str()) != 0)
    return error_text(errno);
  return {};
}

file_text read_token(const std::string& path) {
  constexpr std::string_view blanks{" \t\r\n"};
  constexpr std::size_t blanks_max = 256; // around it
  auto found = read_private_file(path, credentials_bytes_max + blanks_max);
  auto& text = found.text;
  if (!found.problem.empty())
    return found;
  text.erase(text.find_last_not_of(blanks) + 1);
  text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
  if (text.empty())
    found.problem = "there is no token in it";
  else if (text.size() > credentials_bytes_max)
    found.problem = "a token has at most " + std::to_string(credentials_bytes_max) + " bytes";
  else if (text.find_first_of(blanks) != std::string::npos)
    found.problem = "a token is one word";
  if (!found.problem.empty())
    text.clear();
  return found;
}

} // namespace ringdown::client
