#include "broker/edge/link_signal.hpp"

namespace ringdown::edge {

void link_signal::visit() noexcept {
  if (loop_.host().is_current())
    mark();
  else
    loop_.host().post([self = shared_from_this()] { self->mark(); });
}

void link_signal::mark() {
  if (link_ != nullptr)
    loop_.mark(*link_);
}

} // namespace ringdown::edge
