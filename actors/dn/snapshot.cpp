#include "actors/dn/snapshot.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <span>

namespace ringdown {

namespace {

v1::CaptureState wire_state(capture_state state) {
  return static_cast<v1::CaptureState>(state);
}

v1::Command wire_command(capture_verb verb) {
  return static_cast<v1::Command>(verb); // a test holds the numbers together
}

void fill_calls(v1::CaptureSession& out, const screen& s) {
  for (auto& call : s.calls) {
    auto& one = *out.add_calls();
    one.set_connection_id(call.connection.value);
    one.set_wants_recording(call.wants != wish::none);
    one.set_stopped(call.stopped);
    one.set_version(call.version.value);
    for (auto former : call.former)
      one.add_former_connection_ids(former.value);
  }
}

void fill_pauses(v1::CaptureSession& out, const screen& s) {
  for (auto& pause : s.pauses) {
    auto& one = *out.add_pauses();
    one.set_connection_id(pause.covers.value);
    one.set_application_name(pause.holder.application);
    one.set_agent_id(pause.holder.agent_id);
    one.set_client_id(pause.holder.client.value);
    one.set_reason(pause.reason);
    one.set_since_time_us(pause.since_us);
    one.set_version(pause.version.value);
    one.set_holder_gone(pause.gone_since.has_value());
  }
  if (!s.pauses.empty() && !s.held.empty()) // they wait for all, and are shown with the newest
    out.mutable_pauses(out.pauses_size() - 1)
      ->set_waiting(static_cast<std::uint32_t>(s.held.size()));
}

void fill_words(v1::CaptureSession& out, const screen& s, const roster& who) {
  for (auto& r : s.recorders) {
    auto& one = *out.add_recorders();
    one.set_client_id(r.id.value);
    if (auto* known = who.find(r.id))
      one.set_application_name(known->client->who.application);
    if (r.said)
      one.set_said(wire_state(*r.said));
    one.set_connection_id(r.said_of.value);
    one.set_time_us(r.said_us);
    one.set_owes(static_cast<std::uint32_t>(r.owes.size()));
    one.set_per_call(r.per_call);
  }
}

void fill_orders(v1::CaptureSession& out, const screen& s, const clock_offset& clock) {
  for (auto& held : s.held) {
    auto& one = *out.add_orders();
    one.set_dn_sequence(held.sequence.value);
    one.set_command(wire_command(held.verb));
    one.set_connection_id(held.connection.value);
    one.set_version(held.version.value);
    one.set_held(true);
  }
  auto shown = std::min(s.orders.size(), orders_shown_max);
  for (auto& order : std::span{s.orders}.first(shown)) {
    auto& one = *out.add_orders();
    one.set_dn_sequence(order.sequence.value);
    one.set_command(wire_command(order.verb));
    one.set_connection_id(order.connection.value);
    one.set_version(order.version.value);
    one.set_deadline_time_us(clock.utc_of(order.deadline));
    one.set_broker_reason(static_cast<v1::BrokerReason>(order.cause));
  }
}

void fill_alarms(v1::CaptureSession& out, const screen& s) {
  for (auto& alarm : s.alarms) {
    auto& one = *out.add_alarms();
    one.set_broker_reason(static_cast<v1::BrokerReason>(alarm.reason));
    one.set_since_time_us(alarm.since_us);
    one.set_recorder_client_id(alarm.recorder.value);
  }
}

void fill_session(v1::CaptureSession& out, const screen& s, const roster& who,
                  const clock_offset& clock) {
  out.set_connection_id(s.connection.value);
  if (auto wanted = desired(s))
    out.set_desired(wire_state(*wanted));
  out.set_observed(wire_state(light(s)));
  out.set_version(s.version.value);
  out.set_changed_time_us(s.changed_us);
  out.set_desired_time_us(s.commanded_us);
  out.set_desired_by_client_id(s.last_commander.client.value);
  out.set_desired_by_application(s.last_commander.application);
  out.set_held(!s.held.empty());
  out.set_pending(static_cast<std::uint32_t>(s.orders.size()));
  if (!s.orders.empty())
    out.set_deadline_time_us(clock.utc_of(s.orders.back().deadline));
  fill_calls(out, s);
  fill_pauses(out, s);
  fill_words(out, s, who);
  fill_orders(out, s, clock);
  fill_alarms(out, s);
}

} // namespace

void fill_snapshot(v1::Snapshot& out, const dn_state& dn, const screen* session,
                   const clock_offset& clock) {
  out.set_dn_sequence(dn.sequence.value);
  out.set_dn_epoch(dn.epoch.value);
  out.set_version(dn.version.value);
  out.set_effective_state(static_cast<v1::CaptureState>(dn.light));
  if (session != nullptr)
    fill_session(*out.add_sessions(), *session, dn.clients, clock);
  out.set_recorders_active(static_cast<std::uint32_t>(dn.clients.recorders_active()));
  out.set_recorders_standby(static_cast<std::uint32_t>(dn.clients.recorders_standby()));
  out.set_clients_registered(static_cast<std::uint32_t>(dn.clients.size()));
}

void fill_recorders(v1::EventAddressInfo& out, const roster& who) {
  for (auto& r : who) {
    if (!r.is_recorder() || !r.is_open())
      continue;
    auto& recorder = *out.add_recorders();
    recorder.set_client_id(r.client->who.id.value);
    recorder.set_application_name(r.client->who.application);
    recorder.set_standby(r.standby);
    recorder.set_exact_versions(r.client->who.exact_versions);
    recorder.set_per_call(r.client->who.per_call);
  }
}

void fill_outcomes(v1::EventAddressInfo& out, const command_book& book) {
  for (auto& outcome : book.outcomes()) {
    auto content = outcome.content();
    static_cast<void>(
      out.add_recent_outcomes()->ParseFromArray(content.data(), static_cast<int>(content.size())));
  }
}

pause_facts facts_of(const screen_pause& pause, std::size_t waiting) noexcept {
  return {pause.covers,
          pause.holder.application,
          pause.holder.agent_id,
          pause.holder.client,
          pause.reason,
          pause.since_us,
          pause.version,
          pause.gone_since.has_value(),
          static_cast<std::uint32_t>(waiting)};
}

} // namespace ringdown
