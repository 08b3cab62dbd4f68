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

/// The DN must know what the session knows where nothing is known any more.
bool needs_state(const session_effect& effect) noexcept {
  return std::holds_alternative<say_unknown>(effect) || std::holds_alternative<end_session>(effect);
}

class session_impl final : public runtime::pinned_actor<session_actor>,
                           public runtime::callable_in_place<session_call> {
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

  void take(session_call& call) override {
    last_letter_ = call.number;
    carry_out(step(std::move(state_), call.event, now(), rules_), &call);
  }

  /// The DN's handle would keep the DN, and the DN's this.
  void on_exit() override { owner_ = nullptr; }

private:
  steady_ms now() {
    return std::chrono::duration_cast<steady_ms>(clock().now().time_since_epoch());
  }

  void arm(steady_ms at) {
    delayed_send(this, std::min(at - now(), tick_ahead_max), tick_atom::value, ++tick_generation_);
  }

  void carry_out(session_result result, session_call* call = nullptr) {
    state_ = std::move(result.state);
    auto& effects = result.effects;
    auto is_tick = [](const session_effect& e) { return std::holds_alternative<arm_tick>(e); };
    for (auto& effect : effects)
      if (is_tick(effect))
        arm(std::get<arm_tick>(effect).at);
    std::erase_if(effects, is_tick);
    if (effects.empty())
      return;
    session_report report{serial_, last_letter_, {}, std::move(effects)};
    if (std::any_of(report.effects.begin(), report.effects.end(), needs_state))
      report.state = state_;
    hand_over(std::move(report), call);
    if (state_.life == session_life::ended)
      quit();
  }

  /// The DN has the reports in their order, whichever way they come.
  void hand_over(session_report report, session_call* call) {
    if (call != nullptr && call->mail_read == mailed_)
      return call->reports.push_back(std::move(report));
    ++mailed_;
    send(owner_, std::move(report));
  }

  const session_rules rules_;
  dn_actor owner_;
  const std::uint64_t serial_;
  session_state state_;
  std::uint64_t last_letter_ = 0;
  std::uint64_t tick_generation_ = 0; // an armed tick cannot be taken back; an old one is ignored
  std::uint64_t mailed_ = 0;          // reports
};

} // namespace

session_ref spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                          dn_actor owner, std::uint64_t serial, session_state known) {
  return session_ref::of<session_impl>(system.spawn<session_impl, caf::lazy_init>(
    where, &context, std::move(owner), serial, std::move(known)));
}

} // namespace ringdown
