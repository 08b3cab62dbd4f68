// The lines of standard input, as they are.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace ringdown::cli {

class line_input {
public:
  /// Until there is input to read. False: nobody waits for it any more.
  using waiter = std::function<bool()>;

  /// The next line, without its end; nothing behind the last. Of one that is too long for a script
  /// so much is left that this can be seen.
  std::optional<std::string> next(const waiter& wait);

private:
  void read();

  std::string unread_;
  bool is_over_ = false;
};

} // namespace ringdown::cli
