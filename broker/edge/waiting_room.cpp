#include "broker/edge/waiting_room.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringdown::edge {

std::unique_ptr<waiting_room::place> waiting_room::enter(std::string source, time_point now) {
  auto who = std::make_shared<guest>();
  who->source = std::move(source);
  who->since = now;
  std::lock_guard lock{mutex_};
  ++of_source_[who->source];
  auto at = guests_.insert(guests_.end(), std::move(who));
  return std::make_unique<place>(*this, at);
}

bool waiting_room::turn_one_out() {
  std::function<void()> turn_out;
  {
    std::lock_guard lock{mutex_};
    if (guests_.size() < 2)
      return false;
    auto most = most_of_a_source();
    auto last = std::prev(guests_.end());
    auto first = std::find_if(guests_.begin(), last,
                              [&](auto& g) { return of_source_.at(g->source) == most; });
    if (first == last) // it is alone with the most, which is one
      first = guests_.begin();
    turn_out = std::exchange((*first)->turn_out, nullptr);
    remove(first);
  }
  if (turn_out)
    turn_out();
  return true;
}

bool waiting_room::make_place_for(const std::string& source, time_point latest) {
  std::function<void()> turn_out;
  {
    std::lock_guard lock{mutex_};
    auto most = most_of_a_source();
    auto own = of_source_.find(source);
    auto has_less = (own == of_source_.end() ? 0 : own->second) + 1 < most;
    auto is_of_most = [&](auto& g) { return of_source_.at(g->source) == most; };
    auto first = std::find_if(guests_.begin(), guests_.end(), [&](auto& g) {
      return (g->is_stalling || g->since <= latest) && is_of_most(g);
    });
    if (first == guests_.end() && has_less)
      first = std::find_if(guests_.begin(), guests_.end(), is_of_most);
    if (first == guests_.end())
      return false;
    turn_out = std::exchange((*first)->turn_out, nullptr);
    remove(first);
  }
  if (turn_out)
    turn_out();
  return true;
}

std::size_t waiting_room::most_of_a_source() const {
  std::size_t most = 0;
  for (auto& [source, count] : of_source_)
    most = std::max(most, count);
  return most;
}

std::size_t waiting_room::size() const {
  std::lock_guard lock{mutex_};
  return guests_.size();
}

void waiting_room::remove(guests::iterator who) {
  auto of = of_source_.find((*who)->source);
  if (--of->second == 0)
    of_source_.erase(of);
  (*who)->is_in = false;
  guests_.erase(who);
}

void waiting_room::place::stalls(bool does) {
  std::lock_guard lock{room_.mutex_};
  who_->is_stalling = does;
}

waiting_room::place::~place() {
  std::function<void()> nobodys; // may hold anything: it goes after the lock
  std::lock_guard lock{room_.mutex_};
  if (who_->is_in)
    room_.remove(at_);
  nobodys.swap(who_->turn_out);
}

void waiting_room::place::when_turned_out(std::function<void()> what) {
  {
    std::lock_guard lock{room_.mutex_};
    if (who_->is_in) {
      who_->turn_out = std::move(what);
      return;
    }
  }
  what();
}

} // namespace ringdown::edge
