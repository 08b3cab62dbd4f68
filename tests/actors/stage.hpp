// Where a test runs its conversation.
#pragma once

#include <cstddef>
#include <iosfwd>

namespace ringdown::test {

enum class runs_on {
  virtual_time, ///< the product's loops, cranked by hand
  messages,     ///< CAF's testing scheduler: one message after the other, in virtual time
  loops,        ///< the product's loops, each with a thread
  stock,        ///< CAF's own scheduler, and threads for the edge
};

struct stage {
  runs_on scheduler = runs_on::virtual_time;
  std::size_t threads = 1; ///< or loops

  bool is_virtual() const {
    return scheduler == runs_on::virtual_time || scheduler == runs_on::messages;
  }
};
std::ostream& operator<<(std::ostream& out, const stage& s);

/// For conversations in which something happens between two actors' work, while one has mail.
inline constexpr stage message_by_message{runs_on::messages, 1};

} // namespace ringdown::test
