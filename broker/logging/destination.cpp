#include "broker/logging/destination.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace ringdown::logging {
namespace {

/// One write to a disk: long enough to be cheap, short enough that the end of the program is seen
/// between two.
constexpr std::size_t disk_write_bytes_max = 64 * 1024;

/// A beginning of at most `bytes_max`, up to the end of a line if there is one in it.
std::string_view whole_lines(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max)
    return text;
  const auto end = text.substr(0, bytes_max).rfind('\n');
  return text.substr(0, end == std::string_view::npos ? bytes_max : end + 1);
}

/// True if the descriptor takes PIPE_BUF bytes without waiting, or has a fault to tell.
bool has_room(int descriptor, std::chrono::milliseconds patience) noexcept {
  pollfd one{descriptor, POLLOUT, 0};
  return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
}

std::string why_not(const std::filesystem::path& path, int error) {
  if (error == ENXIO)
    return path.string() + ": nobody reads this FIFO";
  return path.string() + ": " + std::strerror(error);
}

} // namespace

destination::destination(int descriptor, bool is_own) : descriptor_{descriptor}, is_own_{is_own} {
  struct stat about {};
  if (::fstat(descriptor_, &about) == 0)
    has_reader_ = !S_ISREG(about.st_mode);
}

destination::~destination() {
  if (is_own_)
    ::close(descriptor_);
}

destination_ptr destination::borrowed(int descriptor) {
  return std::make_shared<destination>(descriptor, false);
}

destination_ptr destination::standard_error() {
  return borrowed(STDERR_FILENO);
}

std::variant<destination_ptr, std::string> destination::open(const std::filesystem::path& path) {
  std::error_code ignored;
  if (auto folder = path.parent_path();
      !folder.empty() && !std::filesystem::is_directory(folder, ignored))
    return path.string() + ": " + folder.string() + " is no directory";
  const int descriptor =
    ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  if (descriptor < 0)
    return why_not(path, errno);
  return std::make_shared<destination>(descriptor, true);
}

destination::result destination::write_some(std::string_view text,
                                            std::chrono::milliseconds patience) noexcept {
  // Behind poll a write of PIPE_BUF bytes does not wait even where the descriptor is a blocking
  // one, and a line that fits in them is not mixed with those of other processes.
  if (has_reader_ && !has_room(descriptor_, patience))
    return {0, EAGAIN};
  const auto part = whole_lines(text, has_reader_ ? PIPE_BUF : disk_write_bytes_max);
  ssize_t written = 0;
  do
    written = ::write(descriptor_, part.data(), part.size());
  while (written < 0 && errno == EINTR);
  if (written < 0)
    return {0, errno == EWOULDBLOCK ? EAGAIN : errno};
  const auto bytes = static_cast<std::size_t>(written);
  if (bytes > 0)
    is_mid_line_ = part[bytes - 1] != '\n';
  return {bytes, 0};
}

void say_on_standard_error(std::string_view text) noexcept {
  pollfd one{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&one, 1, 0) != 1 || one.revents != POLLOUT) // a reader that has gone is a signal
    return;
  const auto part = whole_lines(text, PIPE_BUF);
  // What is left unsaid stays so: there is no other place.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, part.data(), part.size());
}

} // namespace ringdown::logging
