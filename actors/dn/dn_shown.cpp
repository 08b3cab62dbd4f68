// What a DN shows of itself: to a client that asks, and to an operator.
#include "actors/dn/dn.hpp"

#include "actors/dn/shown.hpp"
#include "actors/dn/snapshot.hpp"
#include "messages/frame.hpp"
#include "messages/refusals.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <utility>

namespace ringdown {

void dn_impl::query(dn_batch& batch, const dn_request& request) {
  if (state_.clients.find(*batch.client()) == nullptr)
    return batch.refuse(not_registered(), about(batch));
  dn_screen::scope within{screen_};
  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& address = *frame.mutable_event_address_info();
  address.set_time_us(batch.time_us());
  describe(address);
  auto& outcomes = *address.mutable_recent_outcomes();
  while (!outcomes.empty() && frame.ByteSizeLong() > state_.context.bounds.frame_bytes_max)
    outcomes.DeleteSubrange(0, 1); // the oldest
  batch.answer(delimited(frame));
}

/// Within a scope.
void dn_impl::describe(v1::EventAddressInfo& address) {
  address.set_this_dn(state_.name());
  describe(*address.mutable_snapshot());
  fill_recorders(address, state_.clients);
  if (screen_.book() != nullptr)
    fill_outcomes(address, *screen_.book());
}

void dn_impl::describe(v1::Snapshot& snapshot) {
  snapshot.set_dn_sequence(state_.sequence.value);
  snapshot.set_dn_epoch(state_.epoch.value);
  snapshot.set_version(state_.version.value);
  snapshot.set_effective_state(static_cast<v1::CaptureState>(state_.light));
  if (screen_.has_session())
    fill_session(*snapshot.add_sessions(), screen_.shown(), state_.clients,
                 {state_.now_us(), steady_now()});
  snapshot.set_recorders_active(static_cast<std::uint32_t>(state_.clients.recorders_active()));
  snapshot.set_recorders_standby(static_cast<std::uint32_t>(state_.clients.recorders_standby()));
  snapshot.set_clients_registered(static_cast<std::uint32_t>(state_.clients.size()));
}

/// A look is no use of the DN: it may end as idle as before.
void dn_impl::show(const look_at_dn& asked) {
  auto info = std::make_shared<v1::EventAddressInfo>();
  info->set_time_us(state_.now_us());
  auto all = std::make_shared<dn_shown>();
  {
    dn_screen::scope within{screen_};
    describe(*info);
  }
  all->info = std::move(info);
  for (auto& r : state_.clients) {
    auto& who = r.client->who;
    all->registrations.push_back(
      {who.id, who.application, who.principal, who.peer.name, who.role, r.mode, r.standby});
  }
  if (state_.saw_closed)
    drop_closed();
  asked.shown(std::move(all));
}

} // namespace ringdown
