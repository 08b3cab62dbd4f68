#include "broker/edge/outside.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::edge {

void outside::add(newcomer who) {
  if (auto at = of_source_.find(who.peer.source); at != of_source_.end())
    return at->second->who.push_back(std::move(who));
  lines fresh; // for want of memory half-way no empty line may be left
  auto& one = fresh.emplace_back();
  one.source = who.peer.source;
  one.who.push_back(std::move(who));
  of_source_.emplace(one.source, fresh.begin());
  lines_.splice(lines_.end(), fresh);
}

outside::newcomer outside::take() {
  auto first = std::move(next());
  auto its_line = lines_.begin();
  its_line->who.pop_front();
  skip();
  forget_if_empty(its_line);
  return first;
}

std::optional<outside::newcomer> outside::make_room_for(const std::string& source) {
  auto longest = std::max_element(lines_.begin(), lines_.end(),
                                  [](auto& a, auto& b) { return a.who.size() < b.who.size(); });
  auto own = of_source_.find(source);
  auto own_length = own == of_source_.end() ? 0 : own->second->who.size();
  if (longest == lines_.end() || own_length + 1 > longest->who.size())
    return std::nullopt;
  std::optional<newcomer> last{std::move(longest->who.back())};
  longest->who.pop_back();
  forget_if_empty(longest);
  return last;
}

void outside::clear() noexcept {
  lines_.clear();
  of_source_.clear();
}

void outside::forget_if_empty(lines::iterator at) {
  if (!at->who.empty())
    return;
  of_source_.erase(at->source);
  lines_.erase(at);
}

} // namespace ringdown::edge
