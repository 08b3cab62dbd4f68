#include "broker/epochs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>

namespace ringdown {

namespace {

namespace fs = std::filesystem;

std::string because_of_errno(const fs::path& file, const char* what) {
  return file.string() + ": " + what + ": " + std::strerror(errno);
}

/// 0 if there is none yet.
std::optional<std::uint64_t> read_number(const fs::path& file) {
  std::error_code failed;
  if (!fs::exists(file, failed))
    return failed ? std::nullopt : std::optional<std::uint64_t>{0};
  std::ifstream in{file};
  std::string text;
  if (!std::getline(in, text))
    return std::nullopt;
  std::uint64_t number = 0;
  auto* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(to, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(to) == 0;
}

/// Whole or not at all, also if the machine fails meanwhile. What went wrong, or nothing.
std::string write_number(const fs::path& file, std::uint64_t number) {
  auto made = file;
  made += ".new";
  int to = ::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (to < 0)
    return because_of_errno(made, "cannot be written");
  bool is_written = write_all(to, std::to_string(number) + "\n");
  auto wrong = is_written ? std::string{} : because_of_errno(made, "cannot be written");
  ::close(to);
  if (wrong.empty() && ::rename(made.c_str(), file.c_str()) != 0)
    wrong = because_of_errno(file, "cannot be replaced");
  return wrong;
}

} // namespace

reserved_epochs reserve_epochs(const fs::path& file, std::int64_t now_us) {
  auto known = read_number(file);
  if (!known)
    return {{}, file.string() + ": is no file of epochs: a number was expected"};
  auto last = std::max(*known, static_cast<std::uint64_t>(std::max<std::int64_t>(now_us, 0)));
  return {{last}, write_number(file, last + epochs_reserved)};
}

} // namespace ringdown
