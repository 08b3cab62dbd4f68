#include "bench/micro/mute_dns.hpp"

#include <unordered_map>

namespace ringdown::bench {

namespace {

/// A heartbeat: the shortest frame there is.
constexpr std::string_view shortest_frame{"\3\xc2\x0c\0", 4};

class mute_dn final : public runtime::pinned_actor<dn_actor>,
                      public runtime::callable_in_place<dn_batch> {
public:
  using pinned_to_home::pinned_to_home;

  void handle(dn_batch& batch) override {
    while (batch.front() != nullptr)
      batch.answer(shortest_frame);
    if (batch.report_awaited())
      batch.report(true, registration_mode::share);
  }

  behavior_type make_behavior() override {
    return {
      [this](const dn_batch_ptr& batch) { handle(*batch); },
      [](client_gone_atom, const client_ptr&) {},
      [](access_changed_atom, const client_ptr&) {},
      [](session_rang_atom) {},
      [](remove_atom) {},
      [](tick_atom) {},
      [](ask_atom) {},
      [](drain_atom) {},
      [](retire_atom) {},
      [](const look_at_dn&) {},
    };
  }
};

class mute_directory final : public runtime::pinned_actor<directory_actor> {
public:
  using pinned_to_home::pinned_to_home;

  behavior_type make_behavior() override {
    return {
      [this](const dns_wanted& wanted) {
        dn_handles found;
        for (auto& name : wanted.names) {
          auto [place, is_new] = dns_.try_emplace(name);
          if (is_new)
            place->second = dn_ref::of<mute_dn>(system().spawn<mute_dn>(where()));
          found.push_back({name, place->second});
        }
        return found;
      },
      [](const list_request&) { return list_page{}; },
      [this](const sign_on_wanted&) { return client_id{++clients_}; },
      [](client_gone_atom, const client_ptr&) {},
      [](idle_atom, const std::string&, dn_epoch) {},
      [](stays_atom, const std::string&, dn_epoch) {},
      [](reload_atom) {},
      [](drain_atom) {},
      [](go_on_atom) {},
      [](tick_atom) {},
      [](sign_on_atom) {},
      [](const look_at_dns&) {},
      [](const look_at_dn&) {},
    };
  }

  void on_exit() override {
    for (auto& [name, dn] : dns_)
      caf::anon_send_exit(dn.handle(), caf::exit_reason::user_shutdown);
    dns_.clear();
  }

private:
  std::unordered_map<std::string, dn_ref> dns_;
  std::uint64_t clients_ = 0;
};

} // namespace

directory_ref spawn_mute_directory(caf::actor_system& system, broker_context&) {
  return directory_ref{runtime::pinned_ref{
    directory_actor{system.spawn<mute_directory>(runtime::home::at(system, 0))}}};
}

} // namespace ringdown::bench
