#include "actors/dn/delivery.hpp"

#include <algorithm>

namespace ringdown {

bool outgoing::is_for(const registration& r) const noexcept {
  if (r.is_recorder() && (header.kept_from_recorders || header.for_recorder)) [[unlikely]]
    if (header.kept_from_recorders || header.for_recorder != r.client->who.id)
      return false;
  bool is_sender = r.client.get() == sender;
  return (!is_sender || r.echo) && r.hears(kind);
}

const reservation::place* reservation::find(const t_client& recorder) const noexcept {
  for (auto& one : places)
    if (one.recorder == &recorder)
      return &one;
  return nullptr;
}

namespace {

/// What stands before the event's bytes for this receiver.
std::string_view head_for(const t_client& client, const outgoing& event,
                          event_head& shared) noexcept {
  if (!event.directed_to) [[likely]]
    return shared.bytes();
  bool is_directed = client.who.id == event.directed_to;
  return shared.directed(is_directed ? event.reference : reference_id{});
}

/// What the light is made of is short: the reserve is for that, too.
bool is_bulk(const outgoing& event) noexcept {
  constexpr std::size_t short_bytes = 4096;
  return event.kind == event_kind::user_event || event.event.size() > short_bytes;
}

} // namespace

reservation delivery::reserve(const roster& who, const outgoing& event, event_head& head) const {
  reservation result;
  for (auto& r : who) {
    if (!r.is_recorder() || r.standby || !event.is_for(r))
      continue;
    auto bytes = head_for(*r.client, event, head).size() + event.event.size();
    auto got = r.client->box.reserve_event(*dn_, bytes, event.priority);
    result.places.push_back({r.client.get(), got});
    switch (got) {
    case room::accepted: ++result.accepted; break;
    case room::full: ++result.full; break;
    case room::closed: result.saw_closed = true; break;
    }
  }
  return result;
}

/// Whether copies of so many bytes in all, were they all to wait, are more than may wait.
bool delivery::is_tight(const outgoing& event, std::size_t copies_bytes) const noexcept {
  if (!is_bulk(event) || event.priority == traffic::reserved)
    return false;
  auto lent = context_.share == nullptr ? 0 : context_.share->lent();
  return !context_.budget.has_room_for(lent + copies_bytes);
}

/// Who finds no room in a tight budget misses the event, as if its own queue were full.
room delivery::room_if_tight(t_client& client, const outgoing& event,
                             std::size_t bytes) const noexcept {
  if (is_tight(event, 0))
    return client.box.closed() ? room::closed : room::full;
  return client.box.reserve_event(*dn_, bytes, event.priority);
}

/// The whole frame where all receivers can be sent it from; empty if each needs its own copy.
std::string_view delivery::write_once(const roster& who, const outgoing& event,
                                      const event_head& head) const {
  constexpr std::size_t few = 4; // and their sender is one: three copies cost no more than sharing
  if (context_.share == nullptr || who.size() <= few || event.directed_to)
    return {};
  return context_.share->put(head.bytes(), event.event);
}

void delivery::write(const roster& who, const outgoing& event, event_head& head,
                     reservation& got) const {
  auto frame = write_once(who, event, head);
  auto copy_bytes = head.bytes().size() + event.event.size();
  bool tight = is_tight(event, who.size() * copy_bytes);
  for (auto& r : who) {
    // A recorder's wish is asked once: its connection may change it in this moment, and what was
    // reserved must be written.
    bool tried = r.is_recorder() && !r.standby;
    auto* place = tried ? got.find(*r.client) : nullptr;
    if (tried ? place == nullptr : !event.is_for(r))
      continue;
    auto before = frame.empty() ? head_for(*r.client, event, head) : frame;
    auto bytes = frame.empty() ? before.size() + event.event.size() : frame.size();
    auto room_got = place != nullptr ? place->got
                    : tight          ? room_if_tight(*r.client, event, bytes)
                                     : r.client->box.reserve_event(*dn_, bytes, event.priority);
    write_to(*r.client, event, before, frame, room_got, got);
    if (tight && room_got == room::accepted) [[unlikely]]
      lend(frame.size());
  }
  if (!tight)
    lend(who.size() * frame.size());
  if (event.kind != event_kind::user_event && !context_.watchers.empty()) [[unlikely]]
    write_to_watchers(who, event, head, got);
}

/// So many bytes are sent from the turn's share, if there is one and all goes well.
void delivery::lend(std::size_t bytes) const noexcept {
  if (bytes != 0)
    context_.share->lend(bytes);
}

/// Those that watch every DN, but for who is registered here.
void delivery::write_to_watchers(const roster& who, const outgoing& event, event_head& head,
                                 reservation& result) const {
  for (auto watchers = context_.watchers.now(); auto& w : *watchers) {
    auto& client = *w.client;
    if (who.find(client.who.id) != nullptr || !client.hears(event.kind))
      continue;
    auto before = head_for(client, event, head);
    auto got = room_if_tight(client, event, before.size() + event.event.size());
    if (got != room::closed) // its connection takes it off the list
      write_to(client, event, before, {}, got, result);
  }
}

void delivery::write_to(t_client& client, const outgoing& event, std::string_view head,
                        std::string_view frame, room got, reservation& result) const {
  switch (got) {
  case room::accepted:
    if (frame.empty())
      client.box.write_event(*dn_, head, event.event);
    else
      client.box.write_shared_event(*dn_, frame);
    break;
  case room::full: miss(client, event); break;
  case room::closed: result.saw_closed = true; break;
  }
}

/// The client has no room: it will be told what it missed, and the newest indication is kept for it
/// if it can take one for many.
void delivery::miss(t_client& client, const outgoing& event) const {
  std::string newest;
  bool may_wait = !is_bulk(event) || context_.budget.has_room_for(event.event.size());
  if (event.kind == event_kind::indication && client.who.coalesce_ok && may_wait) {
    auto header = event.header;
    header.coalesced = true;
    event_head head{header, event.event.size()};
    newest = head.bytes();
    newest += event.event;
  }
  context_.counts.shared().events_missed.count();
  client.box.note_missed(dn_, event.header.sequence, event.session, newest);
}

} // namespace ringdown
