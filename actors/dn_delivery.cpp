// How a DN delivers: room is reserved at the recorders before the sender hears EventACK, and the
// event is written to everybody after it. The event is encoded once for all receivers.
#include "actors/dn.hpp"

namespace ringdown {

namespace {

/// The shared part of the event being delivered. A delivery never waits and never nests, so one
/// buffer for each thread does for all DNs.
thread_local std::string shared_part;

} // namespace

bool dn_impl::wants(const registration& r, const outgoing& event) const noexcept {
  bool is_sender = r.client.get() == event.sender;
  if (event.header.mark == event_mark::held && r.is_recorder())
    return false;
  return (!is_sender || r.echo) && r.client->hears(event.kind);
}

std::size_t dn_impl::prefix_for(const registration& r, const outgoing& event,
                                char* out) const noexcept {
  bool is_directed = event.directed_to && r.client->who.id == event.directed_to;
  auto reference = is_directed ? event.reference : reference_id{};
  return static_cast<std::size_t>(encode_event_prefix(out, shared_part.size(), reference) - out);
}

/// Encodes the event and reserves at every active recorder that wants it. `rooms_` keeps what each
/// registration got; the others are tried when the event is written.
dn_impl::reserved dn_impl::reserve_at_recorders(const outgoing& event) {
  encode_shared_event(shared_part, event.header, event.event);
  reserved result;
  rooms_.assign(registrations_.size(), room::full);
  char prefix[event_prefix_bytes_max];
  for (std::size_t i = 0; i < registrations_.size(); ++i) {
    auto& r = registrations_[i];
    if (!r.is_recorder() || r.standby || !wants(r, event))
      continue;
    auto bytes = prefix_for(r, event, prefix) + shared_part.size();
    rooms_[i] = r.client->box.reserve_event(*identity_, bytes, event.priority);
    switch (rooms_[i]) {
    case room::accepted: ++result.accepted; break;
    case room::full: ++result.full; break;
    case room::closed: saw_closed_ = true; break;
    }
  }
  return result;
}

void dn_impl::deliver(const outgoing& event) {
  char prefix[event_prefix_bytes_max];
  for (std::size_t i = 0; i < registrations_.size(); ++i) {
    auto& r = registrations_[i];
    if (!wants(r, event))
      continue;
    auto prefix_bytes = prefix_for(r, event, prefix);
    auto bytes = prefix_bytes + shared_part.size();
    bool tried = r.is_recorder() && !r.standby;
    auto got = tried ? rooms_[i] : r.client->box.reserve_event(*identity_, bytes, event.priority);
    switch (got) {
    case room::accepted:
      r.client->box.write_event(*identity_, {prefix, prefix_bytes}, shared_part);
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
    std::string shared;
    encode_shared_event(shared, header, event.event);
    newest.resize(event_prefix_bytes_max);
    auto* end = encode_event_prefix(newest.data(), shared.size(), {});
    newest.resize(static_cast<std::size_t>(end - newest.data()));
    newest += shared;
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
  static_cast<void>(reserve_at_recorders(event));
  deliver(event);
}

/// The active recorders of the event being delivered: who must confirm it, if it is a command.
std::vector<awaited_recorder> dn_impl::recorders_asked() const {
  std::vector<awaited_recorder> asked;
  for (std::size_t i = 0; i < registrations_.size(); ++i) {
    auto& r = registrations_[i];
    if (!r.is_active_recorder() || rooms_[i] == room::closed)
      continue;
    auto verdict =
      rooms_[i] == room::accepted ? recorder_verdict::silent : recorder_verdict::not_queued;
    asked.push_back({r.client->who.id, r.client->who.exact_versions, verdict, {}});
  }
  return asked;
}

} // namespace ringdown
