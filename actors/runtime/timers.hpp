// Timers of the loop scheduler: a wheel per loop, and CAF's clock interface on top of the wheels.
#pragma once

#include "actors/runtime/event_loop.hpp"

#include <caf/detail/simple_actor_clock.hpp>

namespace ringdown::runtime {

class actor_loop;
class loop_scheduler;

/// The timers that one loop serves. Loop thread only (and the stopping thread once that has ended).
class timer_wheel final : public caf::detail::simple_actor_clock {
public:
  explicit timer_wheel(actor_loop& owner) : owner_(owner) {}

  /// The turn's cached time of the owning loop.
  time_point now() const noexcept override;

  /// When the earliest timer is due; `time_point::max()` without one.
  time_point next_due() const noexcept {
    return schedule().empty() ? time_point::max() : schedule().begin()->first;
  }

  /// As in CAF, but an older request that arrives late never replaces a newer one. Requests can
  /// overtake each other when they come from different threads; their ids only ever grow.
  void set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                            uint64_t id) override;

  // Cancellation by the actor's id: what a request from another thread can carry without a
  // reference.
  void cancel_ordinary(caf::actor_id id, caf::atom_value type);
  void cancel_request(caf::actor_id id, caf::message_id request);
  void cancel_all_of(caf::actor_id id);

private:
  actor_loop& owner_;
};

/// The `actor_clock` of a system on loops. Any thread.
///
/// Each actor has one loop that owns its timeouts: its home if it is pinned, else one chosen by its
/// id. So a timeout is cancelled and replaced where it was armed, whichever thread asks: the
/// owner's thread acts at once, any other posts to the owner. A cancellation that comes too late
/// leaves a timeout that its receiver recognises by its id and drops; until it is due it keeps the
/// actor's memory. Due times are never early with respect to `now()`, and late by at most a turn
/// and 1 ms.
class loop_clock final : public caf::actor_clock {
public:
  explicit loop_clock(loop_scheduler& scheduler) : scheduler_(scheduler) {}

  /// On a loop of this scheduler the cached time of its turn, elsewhere the present time.
  time_point now() const noexcept override;

  void set_ordinary_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                            uint64_t id) override;
  void set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                         uint64_t id) override;
  void set_request_timeout(time_point due, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;

  /// Delayed messages cannot be cancelled, so they wait on the calling loop if there is one.
  void schedule_message(time_point due, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;

  void cancel_all() override;

private:
  actor_loop& calling_loop_or(caf::actor_id id) const;
  template <class F>
  void on_owner(caf::abstract_actor* self, F act);

  loop_scheduler& scheduler_;
};

} // namespace ringdown::runtime
