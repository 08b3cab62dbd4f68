// What keys do to the screen of `ringdown top`: bytes to keys, a key to the next state. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::cli {

enum class top_view : std::uint8_t {
  trouble, ///< the first of each kind
  paused,  ///< all DNs that are paused, or that a pause stands at
  slow,    ///< all clients for which something waits
};

struct top_state {
  top_view view = top_view::trouble;
  std::string filter = {}; ///< rows of DNs and clients that have this in them; empty: all
  bool is_typing = false;  ///< the filter
  std::string chosen = {}; ///< the DN under the cursor; empty: none
  std::string opened = {}; ///< the DN whose `why` is shown; empty: none
  bool is_over = false;

  bool operator==(const top_state&) const = default;
};

/// So long a filter is no longer than a line.
inline constexpr std::size_t filter_bytes_max = 64;

enum class top_key : std::uint8_t { text, enter, escape, backspace, up, down, other };
struct top_press {
  top_key key = top_key::other;
  char byte = 0; ///< of a text

  bool operator==(const top_press&) const = default;
};

/// The keys of what was read from a terminal at once. An escape with nothing behind it is the key.
std::vector<top_press> keys_of(std::string_view bytes);
/// The state behind a key. `dns`: those on the screen, in their order.
top_state step(top_state now, top_press press, const std::vector<std::string>& dns);
/// The line that says which keys there are.
std::string keys_line(const top_state& now);

} // namespace ringdown::cli
