#include "broker/edge/link_watch.hpp"

namespace ringdown::edge {

void link_watch::established(steady_time now, std::chrono::milliseconds interval,
                             std::chrono::milliseconds timeout) noexcept {
  if (life_ == life::closing)
    return;
  life_ = life::established;
  interval_ = interval;
  timeout_ = timeout;
  last_heard_ = now;
  last_said_ = now;
}

void link_watch::closing(steady_time now) noexcept {
  if (life_ == life::closing)
    return;
  life_ = life::closing;
  deadline_ = now + bounds_->linger_timeout;
}

link_due link_watch::sweep(steady_time now, const link_facts& facts) noexcept {
  switch (life_) {
  case life::signing_on: return now >= deadline_ ? link_due::sign_on_late : link_due::nothing;
  case life::closing: return now >= deadline_ ? link_due::linger_over : link_due::nothing;
  case life::established: break;
  }
  if (!facts.above_high_water)
    slow_since_.reset();
  else if (!slow_since_)
    slow_since_ = now;
  else if (now - *slow_since_ >= bounds_->slow_consumer_timeout)
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
