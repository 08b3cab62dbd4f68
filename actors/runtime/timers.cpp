#include "actors/runtime/timers.hpp"

#include "actors/runtime/loop_scheduler.hpp"
#include "actors/runtime/pinned.hpp"

#include <caf/group.hpp>

#include <memory>
#include <utility>

namespace ringdown::runtime {

// -- timer_wheel
// ------------------------------------------------------------------------------------

time_point timer_wheel::now() const noexcept {
  return owner_.now();
}

void timer_wheel::set_ordinary_timeout(time_point due, caf::abstract_actor* self,
                                       caf::atom_value type, uint64_t id) {
  const auto [first, last] = actor_lookup_.equal_range(self->id());
  for (auto i = first; i != last; ++i) {
    const auto& armed = *i->second->second;
    if (armed.subtype != ordinary_timeout_type)
      continue;
    const auto& other = static_cast<const ordinary_timeout&>(armed);
    if (other.type == type && other.id > id)
      return;
  }
  simple_actor_clock::set_ordinary_timeout(due, self, type, id);
}

void timer_wheel::cancel_ordinary(caf::actor_id id, caf::atom_value type) {
  handle(ordinary_timeout_cancellation{id, type});
}

void timer_wheel::cancel_request(caf::actor_id id, caf::message_id request) {
  handle(request_timeout_cancellation{id, request});
}

void timer_wheel::cancel_all_of(caf::actor_id id) {
  handle(timeouts_cancellation{id});
}

// -- loop_clock
// -------------------------------------------------------------------------------------

// Runs `act(wheel)` on the loop that owns the timeouts of `self`. An actor without a home moves
// between loops; with more than one its requests all take the way through the owner's inbox, so
// that none overtakes an earlier one that is still in there.
template <class F>
void loop_clock::on_owner(caf::abstract_actor* self, F act) {
  const auto* pinned = dynamic_cast<const pinned_base*>(self);
  auto* home_loop = pinned != nullptr ? pinned->where().loop() : nullptr;
  const bool stays = home_loop != nullptr || scheduler_.loops() == 1;
  auto& owner =
    home_loop != nullptr ? *home_loop : scheduler_.loop(self->id() % scheduler_.loops());
  if (stays && owner.is_current())
    act(owner.timers_);
  else
    owner.post([&owner, act = std::move(act)]() mutable { act(owner.timers_); });
}

actor_loop& loop_clock::calling_loop_or(caf::actor_id id) const {
  auto* here = scheduler_.current();
  return here != nullptr ? *here : scheduler_.loop(id % scheduler_.loops());
}

time_point loop_clock::now() const noexcept {
  auto* here = scheduler_.current();
  return here != nullptr ? here->now() : scheduler_.read_clock();
}

void loop_clock::set_ordinary_timeout(time_point due, caf::abstract_actor* self,
                                      caf::atom_value type, uint64_t id) {
  on_owner(self, [due, actor = caf::strong_actor_ptr{self->ctrl()}, type, id](timer_wheel& wheel) {
    wheel.set_ordinary_timeout(due, actor->get(), type, id);
  });
}

void loop_clock::set_multi_timeout(time_point due, caf::abstract_actor* self, caf::atom_value type,
                                   uint64_t id) {
  on_owner(self, [due, actor = caf::strong_actor_ptr{self->ctrl()}, type, id](timer_wheel& wheel) {
    wheel.set_multi_timeout(due, actor->get(), type, id);
  });
}

void loop_clock::set_request_timeout(time_point due, caf::abstract_actor* self,
                                     caf::message_id id) {
  on_owner(self, [due, actor = caf::strong_actor_ptr{self->ctrl()}, id](timer_wheel& wheel) {
    wheel.set_request_timeout(due, actor->get(), id);
  });
}

// Cancellations carry the id and no reference: they are also called while an actor is destroyed.

void loop_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  on_owner(self, [id = self->id(), type](timer_wheel& wheel) { wheel.cancel_ordinary(id, type); });
}

void loop_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id request) {
  on_owner(self,
           [id = self->id(), request](timer_wheel& wheel) { wheel.cancel_request(id, request); });
}

void loop_clock::cancel_timeouts(caf::abstract_actor* self) {
  on_owner(self, [id = self->id()](timer_wheel& wheel) { wheel.cancel_all_of(id); });
}

void loop_clock::schedule_message(time_point due, caf::strong_actor_ptr receiver,
                                  caf::mailbox_element_ptr content) {
  auto& loop = calling_loop_or(receiver->id());
  if (loop.is_current()) {
    loop.timers_.schedule_message(due, std::move(receiver), std::move(content));
    return;
  }
  // A posted task must be copyable, a mailbox element is not.
  auto box = std::make_shared<caf::mailbox_element_ptr>(std::move(content));
  loop.post([&loop, due, receiver = std::move(receiver), box] {
    loop.timers_.schedule_message(due, receiver, std::move(*box));
  });
}

void loop_clock::schedule_message(time_point due, caf::group target, caf::strong_actor_ptr sender,
                                  caf::message content) {
  auto& loop = calling_loop_or(0);
  if (loop.is_current())
    loop.timers_.schedule_message(due, std::move(target), std::move(sender), std::move(content));
  else
    loop.post([&loop, due, target = std::move(target), sender = std::move(sender),
               content = std::move(content)] {
      loop.timers_.schedule_message(due, target, sender, content);
    });
}

void loop_clock::cancel_all() {
  for (size_t i = 0; i < scheduler_.loops(); ++i) {
    auto& loop = scheduler_.loop(i);
    loop.post([&loop] { loop.timers_.cancel_all(); });
  }
}

} // namespace ringdown::runtime
