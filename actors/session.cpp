#include "actors/session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ringdown {

namespace {

/// An armed tick cannot be taken back and keeps its actor in memory, an ended one too; so a distant
/// time is reached in steps. With 10 calls an hour a desk this holds a fifth of a session for each,
/// and not the 80 that end within session_idle_max.
constexpr steady_ms tick_ahead_max{60'000};

class session_impl : public runtime::pinned_actor<session_actor> {
public:
  session_impl(caf::actor_config& config, runtime::home where, broker_context* context,
               dn_actor owner, std::uint64_t serial, session_state known)
    : pinned_to_home(config, where), rules_(context->bounds, context->confirm),
      owner_(std::move(owner)), serial_(serial), state_(std::move(known)) {}

  const char* name() const override { return "capture session"; }

  behavior_type make_behavior() override {
    carry_out(begin_session(std::move(state_), now(), rules_));
    return {
      [this](const session_letter& letter) {
        last_letter_ = letter.number;
        carry_out(step(std::move(state_), letter.event, now(), rules_));
      },
      [this](tick_atom, std::uint64_t generation) {
        if (generation == tick_generation_)
          carry_out(step(std::move(state_), tick_due{}, now(), rules_));
      },
    };
  }

  /// The DN's handle would keep the DN, and the DN's this.
  void on_exit() override { owner_ = nullptr; }

private:
  steady_ms now() {
    return std::chrono::duration_cast<steady_ms>(clock().now().time_since_epoch());
  }

  void carry_out(session_result result) {
    state_ = std::move(result.state);
    std::vector<session_effect> for_dn;
    for (auto& effect : result.effects) {
      if (auto* tick = std::get_if<arm_tick>(&effect))
        delayed_send(this, std::min(tick->at - now(), tick_ahead_max), tick_atom::value,
                     ++tick_generation_);
      else
        for_dn.push_back(std::move(effect));
    }
    if (for_dn.empty())
      return;
    send(owner_, session_report{serial_, last_letter_, state_, std::move(for_dn)});
    if (state_.life == session_life::ended)
      quit();
  }

  const session_rules rules_;
  dn_actor owner_;
  const std::uint64_t serial_;
  session_state state_;
  std::uint64_t last_letter_ = 0;
  std::uint64_t tick_generation_ = 0; // an armed tick cannot be taken back; an old one is ignored
};

} // namespace

session_actor spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                            dn_actor owner, std::uint64_t serial, session_state known) {
  return system.spawn<session_impl, caf::lazy_init>(where, &context, std::move(owner), serial,
                                                    std::move(known));
}

} // namespace ringdown
