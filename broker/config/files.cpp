#include "broker/config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ringdown::configuration {
namespace {

/// An open file that closes itself.
class descriptor {
public:
  explicit descriptor(int fd) : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

std::error_code last_error() {
  return {errno, std::generic_category()};
}

constexpr std::string_view spaces = " \t\r";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

} // namespace

std::variant<std::string, std::error_code> read_file(const std::filesystem::path& path,
                                                     std::size_t bytes_max, bool may_wait) {
  const descriptor file{
    ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (may_wait ? 0 : O_NONBLOCK))};
  if (file.get() < 0)
    return last_error();
  struct stat about {};
  if (!may_wait && ::fstat(file.get(), &about) == 0 && S_ISFIFO(about.st_mode))
    return std::make_error_code(std::errc::invalid_seek);
  std::string text;
  std::array<char, 64 * 1024> buffer;
  while (text.size() <= bytes_max) {
    const auto got = ::read(file.get(), buffer.data(), buffer.size());
    if (got == 0)
      return text;
    if (got > 0)
      text.append(buffer.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR)
      return last_error();
  }
  return std::make_error_code(std::errc::file_too_large);
}

std::vector<dn_line> split_dn_file(std::string_view text) {
  std::vector<dn_line> result;
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  for (int line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto first = content.find_first_not_of(spaces);
    if (first == std::string_view::npos || content[first] == '#')
      continue;
    const auto last = content.find_last_not_of(spaces);
    result.push_back(
      {content.substr(first, last - first + 1), {line, static_cast<int>(first) + 1}});
  }
  return result;
}

} // namespace ringdown::configuration
