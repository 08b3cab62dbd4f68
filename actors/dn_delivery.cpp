// How a DN delivers: room is reserved at the recorders before the sender hears EventACK, and the
// event is written to everybody after it. The event is encoded once for all receivers.
#include "actors/dn.hpp"

namespace ringdown {

bool dn_impl::wants(const registration& r, const outgoing& event) const noexcept {
  bool is_sender = r.client.get() == event.sender;
  if (event.header.mark == event_mark::held && r.is_recorder())
    return false;
  return (!is_sender || r.echo) && r.client->hears(event.kind);
}

/// What stands before the event's bytes for this receiver.
std::string_view dn_impl::head_for(const registration& r, const outgoing& event,
                                   event_head& shared) noexcept {
  if (!event.directed_to) [[likely]]
    return shared.bytes();
  bool is_directed = r.client->who.id == event.directed_to;
  return shared.directed(is_directed ? event.reference : reference_id{});
}

/// Reserves at every active recorder that wants the event. Each registration keeps what it got; the
/// others are tried when the event is written.
dn_impl::reserved dn_impl::reserve_at_recorders(const outgoing& event, event_head& head) {
  reserved result;
  auto bytes = head.bytes().size() + event.event.size();
  for (auto& r : registrations_) {
    r.got.reset();
    if (!r.is_recorder() || r.standby || !wants(r, event))
      continue;
    if (event.directed_to)
      bytes = head_for(r, event, head).size() + event.event.size();
    r.got = r.client->box.reserve_event(*identity_, bytes, event.priority);
    switch (*r.got) {
    case room::accepted: ++result.accepted; break;
    case room::full: ++result.full; break;
    case room::closed: saw_closed_ = true; break;
    }
  }
  return result;
}

/// The whole frame where all receivers can be sent it from; empty if each needs its own copy.
std::string_view dn_impl::write_once(const outgoing& event, const event_head& head) {
  constexpr std::size_t few = 4; // and their sender is one: three copies cost no more than sharing
  if (context_.share == nullptr || registrations_.size() <= few || event.directed_to)
    return {};
  return context_.share->put(head.bytes(), event.event);
}

void dn_impl::deliver(const outgoing& event, event_head& shared) {
  auto frame = write_once(event, shared);
  for (auto& r : registrations_) {
    // A recorder's wish is asked once: its connection may change it in this moment, and what was
    // reserved must be written.
    bool tried = r.is_recorder() && !r.standby;
    if (tried ? !r.got : !wants(r, event))
      continue;
    auto& box = r.client->box;
    auto head = frame.empty() ? head_for(r, event, shared) : frame;
    auto tail = frame.empty() ? event.event : std::string_view{};
    auto got =
      tried ? *r.got : box.reserve_event(*identity_, head.size() + tail.size(), event.priority);
    switch (got) {
    case room::accepted:
      if (frame.empty())
        box.write_event(*identity_, head, tail);
      else
        box.write_shared_event(*identity_, frame);
      break;
    case room::full: miss(r, event); break;
    case room::closed: saw_closed_ = true; break;
    }
  }
}

/// The client has no room: it will be told what it missed, and the newest indication of each
/// session is kept for it if it can take one for many.
void dn_impl::miss(const registration& r, const outgoing& event) {
  std::string newest;
  if (event.kind == event_kind::indication && r.client->who.coalesce_ok) {
    auto header = event.header;
    header.coalesced = true;
    event_head head{header, event.event.size()};
    newest = head.bytes();
    newest += event.event;
  }
  r.client->box.note_missed(identity_, event.header.sequence, event.session, newest);
}

/// The broker's own event: `unknown`, or without a verb an alarm alone.
void dn_impl::say(conn_id connection, capture_verb verb, broker_reason reason, bool alarm) {
  if (alarm)
    context_.tells->tell(
      "dn", observer::severity::error, "alarm: a person must look",
      {{"dn", identity_->name}, {"conn", to_string(connection)}, {"reason", to_string(reason)}});
  outgoing event;
  event.priority = traffic::reserved;
  event.session = connection;
  event.header.mark = alarm ? event_mark::alarm : event_mark::none;
  deliver_own(event, verb, reason);
}

/// A held resume goes out in the broker's name. Returns the recorders that were asked.
std::vector<awaited_recorder> dn_impl::send_resume(const session_record& session,
                                                   broker_reason why) {
  outgoing event;
  event.session = session.state.connection;
  event.header.version = session.state.version;
  deliver_own(event, capture_verb::resume, why);
  return recorders_asked();
}

/// Makes the broker's event of what is given, and delivers it; recorders hear it like everybody.
void dn_impl::deliver_own(outgoing event, capture_verb verb, broker_reason reason) {
  auto content = make_capture_event(identity_->name, event.session, verb);
  event.event = content;
  event.kind = kind_of(verb);
  event.header.sequence = {++sequence_.value};
  event.header.epoch = identity_->epoch;
  event.header.time_us = now_us();
  event.header.origin_role = role::broker;
  event.header.effective_state = effective_state(sessions_, without_sessions_);
  event.header.broker_reason = static_cast<std::uint32_t>(reason);
  event_head head{event.header, event.event.size()};
  static_cast<void>(reserve_at_recorders(event, head));
  deliver(event, head);
}

/// The active recorders of the event being delivered: who must confirm it, if it is a command.
std::vector<awaited_recorder> dn_impl::recorders_asked() const {
  std::vector<awaited_recorder> asked;
  for (auto& r : registrations_) {
    if (!r.is_active_recorder() || r.got == room::closed)
      continue;
    auto verdict =
      r.got == room::accepted ? recorder_verdict::silent : recorder_verdict::not_queued;
    asked.push_back({r.client->who.id, r.client->who.exact_versions, verdict, {}});
  }
  return asked;
}

} // namespace ringdown
