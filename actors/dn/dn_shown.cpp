// What a DN shows of itself: to a client that asks, and to an operator.
#include "actors/dn/dn.hpp"

#include "actors/dn/shown.hpp"
#include "actors/dn/snapshot.hpp"
#include "messages/frame.hpp"
#include "messages/refusals.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <utility>

namespace ringdown {

namespace {

/// Within a scope of the screen.
void fill_address(v1::EventAddressInfo& out, const dn_state& dn, const dn_screen& screen,
                  const clock_offset& clock) {
  out.set_this_dn(dn.name());
  fill_snapshot(*out.mutable_snapshot(), dn, screen.known(), clock);
  fill_recorders(out, dn.clients);
  if (screen.book() != nullptr)
    fill_outcomes(out, *screen.book());
}

} // namespace

void dn_impl::query(dn_batch& batch, const dn_request& request) {
  if (state_.clients.find(*batch.client()) == nullptr)
    return batch.refuse(not_registered(), about(batch));
  dn_screen::scope within{screen_};
  v1::Frame frame;
  frame.set_reference_id(request.reference.value);
  auto& address = *frame.mutable_event_address_info();
  address.set_time_us(batch.time_us());
  fill_address(address, state_, screen_, {state_.now_us(), steady_now()});
  auto& outcomes = *address.mutable_recent_outcomes();
  while (!outcomes.empty() && frame.ByteSizeLong() > state_.context.bounds.frame_bytes_max)
    outcomes.DeleteSubrange(0, 1); // the oldest
  batch.answer(delimited(frame));
}

/// A look is no use of the DN: it may end as idle as before.
void dn_impl::show(const look_at_dn& asked) {
  auto info = std::make_shared<v1::EventAddressInfo>();
  info->set_time_us(state_.now_us());
  auto all = std::make_shared<dn_shown>();
  {
    dn_screen::scope within{screen_};
    fill_address(*info, state_, screen_, {state_.now_us(), steady_now()});
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
