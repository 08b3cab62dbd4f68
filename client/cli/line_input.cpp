#include "client/cli/line_input.hpp"

#include "client/script.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ringdown::cli {

std::optional<std::string> line_input::next(const waiter& wait) {
  for (;;) {
    if (auto end = unread_.find('\n'); end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (is_over_)
      return unread_.empty() ? std::nullopt : std::optional{std::exchange(unread_, {})};
    if (!wait())
      return std::nullopt;
    read();
  }
}

void line_input::read() {
  char bytes[4096];
  auto got = ::read(STDIN_FILENO, bytes, sizeof bytes);
  is_over_ = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
  if (got <= 0)
    return;
  constexpr auto line_bytes_max = client::script_bytes_max + 1;
  auto* end = bytes + got;
  auto* first_end = std::find(bytes, end, '\n');
  auto room = line_bytes_max - std::min(line_bytes_max, unread_.size());
  unread_.append(bytes, std::min(static_cast<std::size_t>(first_end - bytes), room));
  unread_.append(first_end, end);
}

} // namespace ringdown::cli
