#include "actors/screen/session.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <utility>

namespace ringdown {

namespace {

/// An armed tick cannot be taken back and keeps its actor in memory, an ended one too; so a distant
/// time is reached in steps.
constexpr steady_ms tick_ahead_max{60'000};

class session_impl final : public runtime::pinned_actor<session_actor>, public capture_session {
public:
  session_impl(caf::actor_config& config, runtime::home where, broker_context* context,
               dn_actor owner, screen known)
    : pinned_to_home(config, where), context_(*context), owner_(std::move(owner)),
      mutex_(context->users), state_(std::move(known)) {}

  const char* name() const override { return "capture session"; }

  behavior_type make_behavior() override {
    return {[this](tick_atom, std::uint64_t generation) { tick(generation); }};
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
    auto result = step(std::move(state_), event, at, rules);
    state_ = std::move(result.state);
    std::erase_if(result.effects, [&](const screen_effect& effect) {
      auto* tick = std::get_if<arm_tick>(&effect);
      if (tick != nullptr)
        arm(tick->at - at.now);
      return tick != nullptr;
    });
    return std::move(result.effects);
  }

  /// An armed tick cannot be taken back; an old one is ignored. The DN's thread may be here, so the
  /// clock is asked and not the actor.
  void arm(steady_ms after) {
    auto due = clock().now() + std::min(after, tick_ahead_max);
    clock().schedule_message(due, caf::strong_actor_ptr{ctrl()},
                             caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                                                       tick_atom::value, ++tick_generation_));
  }

  void tick(std::uint64_t generation) {
    bool is_due = false;
    {
      std::lock_guard held{mutex_};
      if (generation != tick_generation_)
        return;
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
  std::uint64_t tick_generation_ = 0;
};

} // namespace

session_ref spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                          dn_actor owner, screen known) {
  auto handle = system.spawn<session_impl>(where, &context, std::move(owner), std::move(known));
  auto* session = static_cast<session_impl*>(caf::actor_cast<caf::abstract_actor*>(handle));
  return {std::move(handle), *session};
}

} // namespace ringdown
