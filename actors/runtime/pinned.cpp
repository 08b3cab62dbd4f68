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
  if (wanted) { // the usual case: no search for what the scheduler is
    if (&wanted.loop()->scheduler() != &system.scheduler())
      throw std::logic_error("a pinned actor's home must be a loop of its own actor system");
    return wanted;
  }
  auto* scheduler = loop_scheduler::of(system);
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

std::string pinned_base::full_name() const {
  std::string all{self_.name()};
  if (const auto* named = dynamic_cast<const has_a_name*>(&self_))
    if (auto name = named->called(); !name.empty())
      all += ' ' + name;
  return all;
}

bool pinned_base::is_free() const noexcept {
  return home_.is_current() && !running_ &&
         home_.loop()->in_place_depth_ < defaults::in_place_depth_max && self_.mailbox().blocked();
}

bool pinned_base::may_activate_in_place() const noexcept {
  // A blocked mailbox is empty, but for what the actor has skipped.
  return is_free() && self_.get_normal_queue().cache().empty() &&
         self_.get_urgent_queue().cache().empty();
}

pinned_base::in_place_scope::in_place_scope(pinned_base& actor) noexcept
  : running_(actor), loop_(*actor.home_.loop()), timed_(actor.is_timed(), &loop_, actor) {
  static_cast<void>(loop_.now()); // the watchdog counts from here if this is a turn's first work
  ++loop_.in_place_depth_;
  loop_.in_place_.store(loop_.in_place_.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
}

pinned_base::in_place_scope::~in_place_scope() {
  --loop_.in_place_depth_;
}

bool pinned_base::activate_in_place(caf::mailbox_element& element) noexcept {
  using result = caf::scheduled_actor::activation_result;
  in_place_scope scope{*this};
  handling_scope handling{*this};
  auto outcome = result::terminated;
  try {
    outcome = self_.activate(home_.loop(), element);
  } catch (...) {
    end_after(home_.loop());
  }
  return outcome != result::skipped;
}

/// What CAF does behind each message: an actor that has quit ends.
void pinned_base::end_after_quit() {
  self_.bhvr_stack().cleanup();
  self_.finalize();
}

/// What CAF does with an actor whose handler threw.
void pinned_base::end_after_throw() noexcept {
  try {
    self_.quit(caf::make_error(caf::sec::runtime_error));
    end_after_quit();
  } catch (...) { // on_exit threw too
    end_after(home_.loop());
  }
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
