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

void link_watch::stood_still(std::chrono::nanoseconds time, steady_time now) noexcept {
  for (auto* since : {&high_since_, &frame_began_})
    if (*since != never)
      *since = std::min(now, *since + time);
  if (waits_since_ != never) // how long it took nothing counts anew
    waits_since_ = now;
  if (life_ != life::established)
    deadline_ += time;
}

steady_time link_watch::next_look(steady_time now) const noexcept {
  // An outbox above high water is noticed within a quarter of its time, and within a second.
  auto latest = now + std::min<std::chrono::milliseconds>(std::chrono::seconds{1},
                                                          bounds_->slow_consumer_timeout / 4);
  if (life_ != life::established)
    return std::min(latest, deadline_);
  auto next = std::min({latest, last_said_ + interval_, last_heard_ + timeout_});
  return frame_began_ == never ? next : std::min(next, frame_began_ + bounds_->frame_timeout);
}

/// Above high water, however much it takes; or taking nothing, however little waits.
bool link_watch::is_slow(steady_time now, const link_facts& facts) noexcept {
  high_since_ = facts.above_high_water ? std::min(high_since_, now) : never;
  waits_since_ = facts.sending ? std::min(waits_since_, now) : never;
  auto patience = bounds_->slow_consumer_timeout;
  return (facts.above_high_water && now - high_since_ >= patience) ||
         (facts.sending && now - std::max(waits_since_, last_said_) >= patience);
}

link_due link_watch::sweep(steady_time now, const link_facts& facts) noexcept {
  switch (life_) {
  case life::signing_on: return now >= deadline_ ? link_due::sign_on_late : link_due::nothing;
  case life::closing: return now >= deadline_ ? link_due::linger_over : link_due::nothing;
  case life::established: break;
  }
  if (is_slow(now, facts))
    return link_due::slow_consumer;
  if (facts.reading_paused)
    last_heard_ = now;
  if (facts.frame_may_wait && frame_began_ != never)
    frame_began_ = now;
  if (frame_age(now) >= bounds_->frame_timeout)
    return link_due::frame_late;
  if (now - last_heard_ >= timeout_)
    return link_due::peer_silent;
  if (!facts.sending && now - last_said_ >= interval_)
    return link_due::say_heartbeat;
  return link_due::nothing;
}

} // namespace ringdown::edge
