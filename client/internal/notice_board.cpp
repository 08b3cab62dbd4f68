#include "client/internal/notice_board.hpp"

#include <algorithm>
#include <iterator>

namespace ringdown::client {

namespace {

/// Null: it is about the link.
const std::string* dn_of(const notice& told) {
  return std::visit(
    [](const auto& n) -> const std::string* {
      if constexpr (requires { n.this_dn; })
        return &n.this_dn;
      else
        return nullptr;
    },
    told);
}

} // namespace

// ---- what is to be told --------------------------------------------------------------------

void notice_board::tell(std::vector<notice> all) {
  for (auto& n : all)
    tell(std::move(n));
}

void notice_board::finish(std::vector<finished_request> all) {
  for (auto& f : all)
    finish(std::move(f));
}

void notice_board::ring(steady_time now) {
  for (; !timers_.empty() && timers_.begin()->first <= now; timers_.erase(timers_.begin()))
    waiting_.emplace_back(std::move(timers_.begin()->second));
}

void notice_board::forget(const std::string& dn) {
  std::erase_if(waiting_, [&](const entry& w) {
    auto* n = std::get_if<notice>(&w);
    auto* about = n != nullptr ? dn_of(*n) : nullptr;
    return about != nullptr && *about == dn;
  });
}

bool notice_board::is_full() const noexcept {
  return waiting_.size() >= std::max<std::size_t>(1, limits_.waiting_max);
}

void notice_board::collect(std::vector<listener>& from, call& into) {
  for (auto& l : from) {
    auto owner = l.owner.lock();
    if (l.forever || owner)
      into.listeners.emplace_back(std::move(owner), l.handler);
  }
}

std::optional<notice_board::call> notice_board::take() {
  if (waiting_.empty())
    return std::nullopt;
  call next;
  auto first = std::move(waiting_.front());
  waiting_.pop_front();
  if (auto* finished = std::get_if<finished_request>(&first)) {
    next.finished = std::move(*finished);
    return next;
  }
  if (auto* due = std::get_if<timer>(&first)) {
    next.due = std::move(*due);
    return next;
  }
  next.told = std::move(std::get<notice>(first));
  auto* dn = dn_of(next.told);
  for (auto& [name, all] : listeners_)
    if (dn == nullptr)
      collect(all, next);
  if (dn != nullptr)
    for (auto& name : {std::string{}, *dn})
      if (auto found = listeners_.find(name); found != listeners_.end())
        collect(found->second, next);
  return next;
}

// ---- who listens ---------------------------------------------------------------------------

bool notice_board::listen(listener&& what, const std::string& dn, std::vector<listener>& ended) {
  if (listener_count_ >= limits_.listeners_max)
    ended = take_ended();
  if (listener_count_ >= limits_.listeners_max)
    return false;
  ++listener_count_;
  listeners_[dn].push_back(std::move(what));
  return true;
}

std::vector<notice_board::listener> notice_board::take_ended() {
  std::vector<listener> ended;
  for (auto i = listeners_.begin(); i != listeners_.end();) {
    auto& all = i->second;
    auto first =
      std::stable_partition(all.begin(), all.end(), [](const listener& l) { return !l.ended(); });
    ended.insert(ended.end(), std::move_iterator{first}, std::move_iterator{all.end()});
    all.erase(first, all.end());
    i = all.empty() ? listeners_.erase(i) : std::next(i);
  }
  listener_count_ -= ended.size();
  return ended;
}

bool notice_board::call_at(timer&& what, steady_time when) {
  if (timers_.size() >= limits_.timers_max)
    return false;
  timers_.emplace(when, std::move(what));
  return true;
}

steady_time notice_board::next_timer() const {
  return timers_.empty() ? steady_time::max() : timers_.begin()->first;
}

} // namespace ringdown::client
