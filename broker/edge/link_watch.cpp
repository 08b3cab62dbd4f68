#include "broker/edge/link_watch.hpp"

#include <algorithm>

namespace ringdown::edge {

void link_watch::established(steady_time now, std::chrono::milliseconds interval,
                             std::chrono::milliseconds timeout) noexcept {
  if (life_ == life::closing)
    return;
  life_ = life::established;
  interval_ = std::chrono::duration_cast<short_ms>(interval);
  timeout_ = std::chrono::duration_cast<short_ms>(timeout);
  last_heard_ = now;
  last_said_ = now;
}

void link_watch::closing(steady_time now) noexcept {
  if (life_ == life::closing)
    return;
  life_ = life::closing;
  deadline_ = now + bounds_->linger_timeout;
}

steady_time link_watch::next_look(steady_time now) const noexcept {
  // An outbox above high water is noticed within a quarter of its time, and within a second.
  auto latest = now + std::min<std::chrono::milliseconds>(std::chrono::seconds{1},
                                                          bounds_->slow_consumer_timeout / 4);
  if (life_ != life::established)
    return std::min(latest, deadline_);
  return std::min({latest, last_said_ + interval_, last_heard_ + timeout_});
}

link_due link_watch::sweep(steady_time now, const link_facts& facts) noexcept {
  switch (life_) {
  case life::signing_on: return now >= deadline_ ? link_due::sign_on_late : link_due::nothing;
  case life::closing: return now >= deadline_ ? link_due::linger_over : link_due::nothing;
  case life::established: break;
  }
  if (!facts.above_high_water)
    slow_since_ = never_slow;
  else if (slow_since_ == never_slow)
    slow_since_ = now;
  else if (now - slow_since_ >= bounds_->slow_consumer_timeout)
    return link_due::slow_consumer;
  if (facts.reading_paused)
    last_heard_ = now;
  if (now - last_heard_ >= timeout_)
    return link_due::peer_silent;
  if (!facts.sending && now - last_said_ >= interval_)
    return link_due::say_heartbeat;
  return link_due::nothing;
}

} // namespace ringdown::edge
