#include "client/internal/connection_impl.hpp"

#include "messages/frame.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace ringdown::client {

using std::chrono::milliseconds;

// ---- connecting and signing on -------------------------------------------------------------

/// Forgets the link before and prepares for the next.
void connection::impl::begin(identity me, bounds most) {
  close();
  *this = impl{std::move(time)};
  who = std::move(me);
  limits = most;
  if (!who.instance)
    who.instance = random_instance_id();
  opened_until = now() + limits.connect_timeout;
  result = {};
  state = link_state::connecting;
}

void connection::impl::start(std::unique_ptr<transport> over, identity me, bounds most) {
  begin(std::move(me), most);
  if (!over)
    return fail(link_fault::refused, "no stream to a broker");
  sign_on_over(std::move(over));
}

void connection::impl::start(const numeric_endpoints& where, identity me, bounds most) {
  begin(std::move(me), most);
  reaching = connector{where};
  go_on_connecting(reaching.begin(now(), opened_until));
}

void connection::impl::go_on_connecting(connector::progress how) {
  switch (how) {
  case connector::progress::under_way: return;
  case connector::progress::failed: {
    auto why = reaching.fault();
    return fail(why.fault, std::move(why.text));
  }
  case connector::progress::stands: return sign_on_over(reaching.take());
  }
}

void connection::impl::sign_on_over(std::unique_ptr<transport> over) {
  stream = std::move(over);
  secure = dynamic_cast<const tls_transport*>(stream.get());
  state = link_state::signing_on;
  beats.begin(now());
  out.insert(0, codec::sign_on(awaits.next_reference(), who)); // before what does not wait for it
}

void connection::impl::take_link_connected(codec::link_connected connected) {
  if (state != link_state::signing_on)
    return fail(link_fault::protocol_error, "a second EventLinkConnected");
  granted = std::move(connected.granted);
  beats.bound(granted);
  state = link_state::up;
  stood = true;
}

// ---- ends ----------------------------------------------------------------------------------

void connection::impl::drop_stream() {
  reaching = {};
  secure = nullptr;
  stream.reset();
  state = link_state::closed;
}

void connection::impl::close() {
  if (state == link_state::closed)
    return;
  drop_stream();
  result = {link_fault::closed_here, "closed by this program", std::nullopt};
}

/// The link is gone. A program that has seen it stand gets the reason as its last event.
void connection::impl::fail(link_fault fault, std::string text) {
  bool stands = state == link_state::up || state == link_state::signing_off;
  auto error = std::move(result.error);
  auto ended = std::move(result.ended);
  drop_stream();
  result = {fault, std::move(text), std::move(error), std::move(ended)};
  if (stands && fault != link_fault::ended_by_broker)
    events.push(link_lost{fault, result.text}, 0);
}

/// The stream is broken, or has ended without a word of the broker's: as it does for who speaks
/// plain at a door of TLS.
void connection::impl::fail_by(const transport_result& end) {
  bool has_ended = end.status == transport_status::end;
  auto fault = has_ended ? link_fault::closed_by_peer : fault_of(end.error);
  auto text = has_ended ? "the broker closed the connection" : error_text(end.error);
  if (secure != nullptr && !has_ended) {
    fault = secure->fault().fault;
    text = secure->fault().text;
  } else if (fault == link_fault::closed_by_peer && state == link_state::signing_on && !secure) {
    text += " before the sign-on was answered; if TLS is spoken there, say tls://HOST:PORT";
  }
  fail(fault, std::move(text));
}

// ---- sending -------------------------------------------------------------------------------

submission connection::impl::admit(std::size_t answers, std::size_t bytes, bool safety) const {
  if (state != link_state::up)
    return {send_status::disconnected, {}};
  if (granted.frame_bytes_max != 0 && bytes > granted.frame_bytes_max + frame_prefix_bytes_max)
    return {send_status::too_large, {}};
  if (out.size() - out_sent + bytes > limits.send_bytes_max)
    return {send_status::buffer_full, {}};
  std::size_t more = safety || !limits.keep_window ? safety_requests_max : 0;
  // A request that is larger than the whole window goes alone.
  if (awaits.answers() > 0 &&
      awaits.answers() + answers > std::size_t{granted.window_requests} + more)
    return {send_status::window_full, {}};
  if (awaits.bytes() > 0 && !safety && limits.keep_window &&
      awaits.bytes() + bytes > granted.window_bytes)
    return {send_status::window_full, {}};
  return {send_status::accepted, {}};
}

submission connection::impl::submit(reference_id reference, std::string frame, std::size_t answers,
                                    bool safety) {
  auto verdict = admit(answers, frame.size(), safety);
  if (!verdict)
    return verdict;
  note_sent(reference, std::move(frame), answers);
  return {send_status::accepted, reference};
}

submission connection::impl::submit_behind_sign_on(reference_id reference, std::string frame,
                                                   std::size_t answers) {
  if (frame.size() > frame_bytes_before_sign_on_max)
    return {send_status::too_large, {}};
  if (answers != 1 || awaits.answers() != 0)
    return {send_status::window_full, {}};
  note_sent(reference, std::move(frame), answers);
  return {send_status::accepted, reference};
}

void connection::impl::note_sent(reference_id reference, std::string frame, std::size_t answers) {
  awaits.add(reference, answers, frame.size());
  out += frame;
  flush();
}

void connection::impl::flush() {
  while (stream && out_sent < out.size()) {
    auto sent = stream->write_some(std::string_view{out}.substr(out_sent));
    if (sent.status == transport_status::would_block)
      break;
    if (sent.status != transport_status::done)
      return; // the broker's last words may still be there to be read: `receive` finds the end
    out_sent += sent.bytes;
    beats.said(now());
  }
  if (out_sent == out.size() || out_sent > 64 * 1024) {
    out.erase(0, out_sent);
    out_sent = 0;
  }
}

// ---- receiving -----------------------------------------------------------------------------

void connection::impl::receive() {
  constexpr std::size_t chunk = 64 * 1024;
  constexpr int chunks_per_turn_max = 16; // a flood of heartbeats must not keep us here
  for (int i = 0; i < chunks_per_turn_max && wants_read(); ++i) {
    auto before = in.size();
    in.resize(before + chunk);
    auto got = stream->read_some(in.data() + before, chunk);
    in.resize(before + got.bytes);
    switch (got.status) {
    case transport_status::would_block: return;
    case transport_status::end:
    case transport_status::failed: return fail_by(got);
    case transport_status::done: break;
    }
    beats.heard(now());
    cut_frames();
  }
}

void connection::impl::cut_frames() {
  std::size_t done = 0;
  while (state != link_state::closed && !events_full()) {
    auto piece = next_frame(std::string_view{in}.substr(done), limits.frame_bytes_max);
    if (piece.status == cut_status::too_large)
      fail(link_fault::protocol_error,
           "a frame above " + std::to_string(limits.frame_bytes_max) + " bytes");
    else if (piece.status == cut_status::malformed)
      fail(link_fault::protocol_error, "a malformed frame length");
    if (piece.status != cut_status::complete)
      break;
    take_frame(piece.frame);
    done += piece.consumed;
  }
  in.erase(0, done);
  frames_wait = !in.empty() && events_full();
}

void connection::impl::take_frame(std::string_view frame) {
  auto what = codec::decode(frame);
  if (std::holds_alternative<codec::garbage>(what))
    return fail(link_fault::protocol_error, "a frame that is not of this protocol");
  if (auto* connected = std::get_if<codec::link_connected>(&what))
    return take_link_connected(std::move(*connected));
  if (auto* e = std::get_if<event>(&what))
    take_event(std::move(*e), frame.size());
}

void connection::impl::take_event(event e, std::size_t bytes) {
  auto* ended = std::get_if<event_link_disconnected>(&e);
  if (state == link_state::signing_on) {
    auto* error = std::get_if<event_error>(&e);
    if (error != nullptr && !awaits.has(error->reference)) {
      result.error = std::move(*error);
      return fail(link_fault::sign_on_refused, "sign-on refused");
    }
    if (error == nullptr && ended == nullptr)
      return fail(link_fault::protocol_error, "an event before EventLinkConnected");
  }
  awaits.settle(e);
  if (ended == nullptr)
    return events.push(std::move(e), bytes);
  result.ended = *ended;
  auto text = std::string{to_string(ended->reason)};
  if (!ended->text.empty())
    text += ": " + ended->text;
  if (state != link_state::signing_on)
    events.push(std::move(e), bytes);
  fail(link_fault::ended_by_broker, std::move(text));
}

// ---- time ----------------------------------------------------------------------------------

steady_time connection::impl::next_deadline() const {
  // Something is here that the descriptor says nothing of.
  if (wants_read() && (frames_wait || (secure != nullptr && secure->has_unread())))
    return steady_time::min();
  switch (state) {
  case link_state::closed: return steady_time::max();
  case link_state::connecting: return reaching.next_deadline();
  case link_state::signing_on: return opened_until;
  case link_state::up:
  case link_state::signing_off: break;
  }
  return beats.next_deadline();
}

steady_time connection::impl::after(milliseconds timeout) const {
  // Waits are capped at a day, which keeps the arithmetic safe.
  return now() + std::min<milliseconds>(timeout, std::chrono::hours{24});
}

void connection::impl::check_time() {
  auto at = now();
  switch (state) {
  case link_state::closed: return;
  case link_state::connecting: return; // the connector has looked
  case link_state::signing_on:
    if (at >= opened_until)
      fail(link_fault::timed_out, "no answer to the sign-on in time");
    return;
  case link_state::up:
  case link_state::signing_off: break;
  }
  if (events_full())
    beats.heard(at); // we are not reading: the broker's silence means nothing
  if (beats.is_silent(at))
    return fail(link_fault::silent, "nothing heard from the broker for " +
                                      std::to_string(granted.heartbeat_timeout.count()) + " ms");
  if (!beats.must_say(at))
    return;
  beats.said(at); // if the socket takes nothing, bytes are on their way already
  if (out_sent == out.size()) {
    out += codec::heartbeat();
    flush();
  }
}

/// Whatever can be done without waiting.
void connection::impl::step() {
  if (state == link_state::connecting)
    go_on_connecting(reaching.go_on(now()));
  flush();
  if (!in.empty())
    cut_frames(); // left over while the events were full
  receive();
  check_time();
}

void connection::impl::wait_for_io(steady_time until) {
  pollfd entry{descriptor(), poll_events(), 0};
  auto at = now();
  auto left = until > at ? std::chrono::ceil<milliseconds>(until - at).count() : 0;
  auto timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  interrupted = ::poll(&entry, 1, timeout) < 0 && errno == EINTR;
}

short connection::impl::poll_events() {
  if (stream)
    return stream->poll_events(wants_read(), wants_write());
  return reaching.poll_events();
}

/// Works until `done()`, the end of the link, `until`, or a signal.
template <class Done>
void connection::impl::run_until(steady_time until, Done done) {
  interrupted = false;
  for (;;) {
    step();
    if (done() || state == link_state::closed || interrupted || now() >= until)
      return;
    wait_for_io(std::min(until, next_deadline()));
  }
}

open_result connection::impl::wait_until_open() {
  while (state == link_state::connecting || state == link_state::signing_on)
    poll(milliseconds{50});
  return result;
}

bool connection::impl::poll(milliseconds timeout) {
  bool was_up = state == link_state::up;
  run_until(after(timeout),
            [&] { return !events.empty() || (!was_up && state == link_state::up); });
  return !events.empty();
}

reply connection::impl::wait_reply(reference_id reference, milliseconds timeout) {
  if (!events.has_reply(reference))
    run_until(after(timeout), [&] { return events.has_reply(reference) || events_full(); });
  if (auto answer = events.take_reply(reference))
    return {wait_status::answered, std::move(answer)};
  if (state == link_state::closed)
    return {wait_status::disconnected, std::nullopt};
  return {events_full() ? wait_status::events_full : wait_status::timed_out, std::nullopt};
}

void connection::impl::wait_for_end(milliseconds timeout) {
  run_until(after(timeout), [&] { return events_full(); });
}

} // namespace ringdown::client
