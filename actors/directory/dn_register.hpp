// The DNs that have an actor. A row stands until its actor has ended: a DN is never forgotten while
// it may still be somebody's.
//
//   live --(idle, and no handle has gone out lately: retire)--> retiring --(it has ended)--> no row
//    ^                                                             |
//    '-----------------------(it has something to do: stays)-------'
//
// Nobody gets the handle of one that is retiring: who asks for it waits for what it decides.
#pragma once

#include "actors/directory/placement.hpp"
#include "actors/interfaces.hpp"
#include "actors/keyed_hash.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <caf/actor_clock.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ringdown {

/// One thread at a time.
class dn_register {
public:
  using time_point = caf::actor_clock::time_point;
  enum class row_state : std::uint8_t { live, retiring };
  struct row {
    dn_ref actor;
    dn_board_ptr board; ///< with the DN's name and epoch
    instance_id maker;  ///< the program that brought it up
    time_point handed_out;
    row_state now = row_state::live;
  };

  explicit dn_register(const keyed_hash& hash) : rows_(0, name_hash{hash}) {}

  std::size_t size() const noexcept { return rows_.size(); }
  /// Null: there is none.
  row* find(const std::string& dn) noexcept;
  /// There must be none of this name.
  row& add(dn_ref actor, dn_board_ptr board, const instance_id& maker);
  /// DNs that this program brought up, and that still have an actor.
  std::size_t made_by(const instance_id& program) const noexcept;
  /// The row of an actor that has ended. One that was not retiring has failed: it is looked for
  /// among all, for that is rarer than a table of actors is large.
  row* find(const caf::actor_addr& actor) noexcept;
  /// Its actor is asked to end.
  void retires(row& one);
  /// It has something to do again.
  void stays(row& one) noexcept;
  void erase(const row& gone);
  void clear() noexcept;

  /// A page of what the request's filter leaves, in the order of the names.
  list_page list(const list_request& wanted) const;

  /// Calls `visit(row&)` for some rows behind the name `after`, in the order of their names; a
  /// visit may erase its row. Returns the last name, or nothing if there are no more.
  template <class Visit>
  std::optional<std::string> visit_some(const std::string& after, Visit visit) {
    auto next = in_order_.upper_bound(after);
    std::string last;
    for (std::size_t visited = 0; next != in_order_.end(); ++visited) {
      if (visited == visited_in_a_turn_max)
        return last;
      last = next->first;
      ++next; // the visit may end the one before it
      visit(*find(last));
    }
    return std::nullopt;
  }

  /// In no order that means anything; a visit changes no row's place.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [name, one] : rows_)
      visit(one);
  }

  /// Rows that one turn looks at: some microseconds each where they are all told something.
  static constexpr std::size_t visited_in_a_turn_max = 1'000;
  /// The same for a list, where it only looks.
  static constexpr std::size_t listed_in_a_turn_max = 10'000;

private:
  // In one piece: who looks for what is not there, as every newcomer does, touches a line or two.
  boost::unordered_flat_map<std::string, row, name_hash> rows_;
  std::map<std::string_view, dn_board_ptr> in_order_; // of the same names, for lists
  std::map<instance_id, std::size_t> made_;
  std::unordered_map<caf::actor_id, std::string> retiring_; // the names of their rows
};

} // namespace ringdown
