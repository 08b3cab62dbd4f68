#include "actors/directory/dn_register.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringdown {

dn_register::row* dn_register::find(const std::string& dn) noexcept {
  auto known = rows_.find(dn);
  return known == rows_.end() ? nullptr : &known->second;
}

dn_register::row& dn_register::add(dn_ref actor, dn_board_ptr board, const instance_id& maker) {
  auto& name = board->identity.name;
  in_order_.emplace(name, board);
  ++made_[maker];
  return rows_.emplace(name, row{std::move(actor), board, maker, {}}).first->second;
}

std::size_t dn_register::made_by(const instance_id& program) const noexcept {
  auto known = made_.find(program);
  return known == made_.end() ? 0 : known->second;
}

dn_register::row* dn_register::find(const caf::actor_addr& actor) noexcept {
  if (auto known = retiring_.find(actor.id()); known != retiring_.end())
    return find(known->second);
  auto found = std::find_if(rows_.begin(), rows_.end(), [&](const auto& one) {
    return one.second.actor.handle().address() == actor;
  });
  return found == rows_.end() ? nullptr : &found->second;
}

void dn_register::retires(row& one) {
  one.now = row_state::retiring;
  retiring_.emplace(one.actor.handle().id(), one.board->identity.name);
}

void dn_register::stays(row& one) noexcept {
  one.now = row_state::live;
  retiring_.erase(one.actor.handle().id());
}

void dn_register::erase(const row& gone) {
  retiring_.erase(gone.actor.handle().id());
  auto board = gone.board; // which has the name
  auto made = made_.find(gone.maker);
  if (--made->second == 0)
    made_.erase(made);
  in_order_.erase(board->identity.name);
  rows_.erase(board->identity.name);
}

void dn_register::clear() noexcept {
  rows_.clear();
  in_order_.clear();
  made_.clear();
  retiring_.clear();
}

namespace {

bool may_see(const list_request& wanted, std::string_view dn) {
  return (rights_on(wanted.may.get(), wanted.as, dn) & bit_of(action::monitor)) != 0;
}

/// Of what may be seen.
bool is_wanted(const dn_board& board, const list_request& wanted) {
  return (!wanted.light || board.light == *wanted.light) &&
         (!wanted.alarmed || board.alarms != 0) &&
         (!wanted.recorder_missing || board.recorders_active == 0);
}

} // namespace

list_page dn_register::list(const list_request& wanted) const {
  list_page page;
  std::string_view seen; // the last that may be named
  // Names that begin alike stand side by side.
  auto next = wanted.after < wanted.prefix ? in_order_.lower_bound(wanted.prefix)
                                           : in_order_.upper_bound(wanted.after);
  for (std::size_t looked_at = 0; next != in_order_.end() && next->first.starts_with(wanted.prefix);
       ++next, ++looked_at) {
    if (page.boards.size() == wanted.limit || looked_at == listed_in_a_turn_max) {
      page.next = seen.empty() ? std::prev(next)->first : seen;
      page.is_next_secret = seen.empty();
      break;
    }
    if (!may_see(wanted, next->first))
      continue;
    seen = next->first;
    if (is_wanted(*next->second, wanted))
      page.boards.push_back(next->second);
  }
  return page;
}

} // namespace ringdown
