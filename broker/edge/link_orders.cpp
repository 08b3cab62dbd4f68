// What a connection's actor asks of its link, from whatever thread it runs on.
#include "broker/edge/client_link.hpp"

#include <utility>

namespace ringdown::edge {

void client_link::established(std::chrono::milliseconds heartbeat_interval,
                              std::chrono::milliseconds heartbeat_timeout) {
  auto apply = [self = shared_from_this(), heartbeat_interval, heartbeat_timeout] {
    if (!self->is_open())
      return; // it went while the directory was asked
    self->admitted_.leave_unsigned();
    self->watch_.established(self->loop_.now(), heartbeat_interval, heartbeat_timeout);
    self->loop_.look_soon(*self);
  };
  if (loop_.host().is_current())
    apply();
  else
    loop_.host().post(apply);
}

void client_link::wake_at(steady_time due) {
  auto apply = [self = shared_from_this(), due] {
    self->wake_at_ = due;
    if (self->is_open())
      self->loop_.look_soon(*self);
  };
  if (loop_.host().is_current())
    apply();
  else
    loop_.host().post(apply);
}

void client_link::close_after_flush() {
  auto apply = [self = shared_from_this()] {
    if (!self->is_open() || std::exchange(self->closing_, true))
      return;
    self->watch_.closing(self->loop_.now());
    self->loop_.look_soon(*self);
    self->loop_.mark(*self); // acts at the end of the turn, never within a read
  };
  if (loop_.host().is_current())
    apply();
  else
    loop_.host().post(apply);
}

} // namespace ringdown::edge
