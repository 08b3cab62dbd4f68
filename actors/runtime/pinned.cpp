#include "actors/runtime/pinned.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include <stdexcept>

namespace ringdown::runtime {

// -- home
// -------------------------------------------------------------------------------------------

home home::here(caf::actor_system& system) noexcept {
  auto* scheduler = loop_scheduler::of(system);
  auto* loop = scheduler != nullptr ? scheduler->current() : nullptr;
  return loop != nullptr ? home{*loop} : home{};
}

home home::at(caf::actor_system& system, size_t index) noexcept {
  auto* scheduler = loop_scheduler::of(system);
  return scheduler != nullptr ? home{scheduler->loop(index % scheduler->loops())} : home{};
}

home home::next(caf::actor_system& system) noexcept {
  auto* scheduler = loop_scheduler::of(system);
  return scheduler != nullptr ? home{scheduler->next_loop()} : home{};
}

// -- pinned_base
// ------------------------------------------------------------------------------------

namespace {

home choose_home(caf::actor_system& system, const caf::actor_config& config, home wanted) {
  if ((config.flags & caf::abstract_actor::is_detached_flag) != 0)
    return {};
  auto* scheduler = loop_scheduler::of(system);
  if (wanted) {
    if (&wanted.loop()->scheduler() != scheduler)
      throw std::logic_error("a pinned actor's home must be a loop of its own actor system");
    return wanted;
  }
  if (scheduler == nullptr)
    return {};
  const auto* spawner = dynamic_cast<actor_loop*>(config.host);
  if (spawner != nullptr && &spawner->scheduler() == scheduler)
    return home{scheduler->loop(spawner->index())};
  const auto here = home::here(system);
  return here ? here : home::next(system);
}

} // namespace

pinned_base::pinned_base(caf::scheduled_actor& self, caf::actor_config& config, home wanted)
  : self_(self), home_(choose_home(self.home_system(), config, wanted)) {}

caf::execution_unit* pinned_base::unit(caf::execution_unit* offered) const noexcept {
  if (home_)
    return home_.loop();
  if (offered != nullptr && &offered->system() != &self_.home_system())
    return nullptr;
  return offered;
}

bool pinned_base::may_activate_in_place() const noexcept {
  if (!home_.is_current() || running_ ||
      home_.loop()->in_place_depth_ >= defaults::in_place_depth_max)
    return false;
  // A blocked mailbox is empty, but for what the actor has skipped.
  return self_.mailbox().blocked() && self_.get_normal_queue().cache().empty() &&
         self_.get_urgent_queue().cache().empty();
}

bool pinned_base::activate_in_place(caf::mailbox_element& element) noexcept {
  using result = caf::scheduled_actor::activation_result;
  auto& loop = *home_.loop();
  static_cast<void>(loop.now()); // the watchdog counts from here if this is a turn's first work
  running_scope running{*this};
  ++loop.in_place_depth_;
  loop.in_place_.store(loop.in_place_.load(std::memory_order_relaxed) + 1,
                       std::memory_order_relaxed);
  auto outcome = result::terminated;
  try {
    outcome = self_.activate(&loop, element);
  } catch (...) {
    end_after(&loop);
  }
  --loop.in_place_depth_;
  return outcome != result::skipped;
}

void pinned_base::end_after(caf::execution_unit* unit) noexcept {
  try {
    self_.quit(caf::make_error(caf::sec::runtime_error));
  } catch (...) {
    // Whatever it was: below the actor ends without another chance to object.
  }
  self_.cleanup(caf::make_error(caf::sec::runtime_error), unit);
}

} // namespace ringdown::runtime
