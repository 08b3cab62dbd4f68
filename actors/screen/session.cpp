#include "actors/screen/session.hpp"

#include "actors/screen/armed_ticks.hpp"

#include <chrono>
#include <iterator>
#include <mutex>
#include <utility>

namespace ringdown {

namespace {

class session_impl final : public runtime::pinned_actor<session_actor>, public capture_session {
public:
  session_impl(caf::actor_config& config, runtime::home where, broker_context* context,
               dn_actor owner, screen known)
    : pinned_to_home(config, where), context_(*context), owner_(std::move(owner)),
      mutex_(context->users), state_(std::move(known)) {}

  const char* name() const override { return "capture session"; }

  behavior_type make_behavior() override {
    return {[this](tick_atom) { tick(); }};
  }

  /// The DN's handle would keep the DN, and the DN's this.
  void on_exit() override { owner_ = nullptr; }

private:
  void lock() noexcept override { mutex_.lock(); }
  void unlock() noexcept override { mutex_.unlock(); }
  const screen& state() const noexcept override { return state_; }
  std::vector<screen_effect> take_due() noexcept override { return std::exchange(due_, {}); }

  std::vector<screen_effect> tell(const screen_event& event, moment at) override {
    const screen_rules rules{context_.bounds, context_.confirm};
    auto effects = advance(state_, event, at, rules);
    std::erase_if(effects, [&](const screen_effect& effect) {
      auto* tick = std::get_if<arm_tick>(&effect);
      if (tick != nullptr)
        arm(tick->at, at.now);
      return tick != nullptr;
    });
    return effects;
  }

  /// The DN's thread may be here, so the clock is asked and not the actor.
  void arm(steady_ms due, steady_ms now) {
    auto at = ticks_.ask_for(due, now);
    if (!at)
      return;
    clock().schedule_message(
      clock().now() + (*at - now), caf::strong_actor_ptr{ctrl()},
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, tick_atom::value));
  }

  void tick() {
    bool is_due = false;
    {
      std::lock_guard held{mutex_};
      ticks_.came();
      auto now = std::chrono::duration_cast<steady_ms>(clock().now().time_since_epoch());
      auto effects = tell(tick_due{}, {now, context_.utc_now()});
      std::move(effects.begin(), effects.end(), std::back_inserter(due_));
      is_due = !due_.empty();
    }
    if (is_due)
      send(owner_, session_rang_atom::value);
  }

  broker_context& context_;
  dn_actor owner_;
  thread_mutex mutex_;
  screen state_;
  std::vector<screen_effect> due_; ///< of ticks, not taken yet: bounded by what is open
  armed_ticks ticks_;
};

} // namespace

session_ref spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                          dn_actor owner, screen known) {
  auto handle = system.spawn<session_impl>(where, &context, std::move(owner), std::move(known));
  auto* session = static_cast<session_impl*>(caf::actor_cast<caf::abstract_actor*>(handle));
  return {std::move(handle), *session};
}

} // namespace ringdown
