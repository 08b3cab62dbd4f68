// Who has come to a door and waits outside, in a line for each source of clients, until there is a
// place in the waiting room. The lines have their turns one after the other, so that a long one
// does not stand before the others.
#pragma once

#include "broker/edge/admission.hpp"
#include "broker/edge/owned_descriptor.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace ringdown::edge {

/// One thread's. Bounded by who asks: each who waits is counted among the connections.
class outside {
public:
  struct newcomer {
    owned_descriptor socket;
    peer_facts peer; ///< with its source
    ticket counted;
  };

  bool is_empty() const noexcept { return lines_.empty(); }
  std::size_t sources() const noexcept { return lines_.size(); }
  bool has(const std::string& source) const { return of_source_.contains(source); }
  /// It stands last in its source's line.
  void add(newcomer who);
  /// The first of the line whose turn it is. There is one.
  newcomer& next() { return lines_.front().who.front(); }
  /// The same, who leaves. The next turn is another line's.
  newcomer take();
  /// The next turn is another line's.
  void skip() { lines_.splice(lines_.end(), lines_, lines_.begin()); }
  /// The last of the longest line leaves, for one of a source whose line is shorter; else nobody.
  std::optional<newcomer> make_room_for(const std::string& source);
  void clear() noexcept;

private:
  struct line {
    std::string source;
    std::deque<newcomer> who; // never empty
  };
  using lines = std::list<line>; // in the order of their turns

  void forget_if_empty(lines::iterator at);

  lines lines_;
  std::unordered_map<std::string, lines::iterator> of_source_;
};

} // namespace ringdown::edge
