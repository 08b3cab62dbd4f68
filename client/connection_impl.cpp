#include "client/connection_impl.hpp"

#include "messages/frame.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace ringdown::client {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

/// A time from now; waits are capped at a day, which keeps the arithmetic safe.
steady_time after(milliseconds timeout) {
  return clock::now() + std::min<milliseconds>(timeout, std::chrono::hours{24});
}

/// Grants that would keep a client from working (0, or a timeout below the interval) come from a
/// faulty broker; these floors keep the loop from spinning.
constexpr milliseconds heartbeat_interval_floor{20};

} // namespace

// ---- connecting and signing on -------------------------------------------------------------

void connection::impl::start(endpoint to, identity me, bounds most) {
  close();
  *this = impl{};
  where = std::move(to);
  who = std::move(me);
  limits = most;
  if (!who.instance)
    who.instance = random_instance_id();
  opened_until = clock::now() + limits.connect_timeout;
  result = {};
  state = link_state::connecting;
  auto resolved = resolve(where.host, where.port);
  if (resolved.addresses.empty())
    return fail(link_fault::bad_address, "cannot resolve '" + where.host + "': " + resolved.text);
  addresses = std::move(resolved.addresses);
  connect_next();
}

void connection::impl::connect_next() {
  int error = 0;
  while (address_index < addresses.size()) {
    fd = start_connect(addresses[address_index++]);
    if (fd)
      return;
    error = errno;
  }
  fail(fault_of(error), error_text(error));
}

/// The socket reported something: the connection stands, or the next address is tried.
void connection::impl::finish_connecting() {
  pollfd entry{fd.get(), POLLOUT, 0};
  if (::poll(&entry, 1, 0) <= 0)
    return;
  if (int error = connect_error(fd.get()); error != 0) {
    fd.reset();
    if (address_index < addresses.size())
      return connect_next();
    return fail(fault_of(error), error_text(error));
  }
  state = link_state::signing_on;
  last_heard = clock::now();
  out = codec::sign_on(next_reference(), who);
}

void connection::impl::take_link_connected(codec::link_connected connected) {
  if (state != link_state::signing_on)
    return fail(link_fault::protocol_error, "a second EventLinkConnected");
  granted = std::move(connected.granted);
  granted.heartbeat_interval = std::max(granted.heartbeat_interval, heartbeat_interval_floor);
  granted.heartbeat_timeout =
    std::max(granted.heartbeat_timeout, granted.heartbeat_interval * 3 / 2);
  state = link_state::up;
}

// ---- ends ----------------------------------------------------------------------------------

void connection::impl::close() {
  if (state == link_state::closed)
    return;
  fd.reset();
  state = link_state::closed;
  result = {link_fault::closed_here, "closed by this program", std::nullopt};
}

/// The link is gone. A program that has seen it stand gets the reason as its last event.
void connection::impl::fail(link_fault fault, std::string text) {
  bool stood = state == link_state::up || state == link_state::signing_off;
  auto error = std::move(result.error);
  fd.reset();
  state = link_state::closed;
  result = {fault, std::move(text), std::move(error)};
  if (stood && fault != link_fault::ended_by_broker)
    push(link_lost{fault, result.text}, 0);
}

// ---- sending -------------------------------------------------------------------------------

/// The next number that no outstanding request carries; never 0.
reference_id connection::impl::next_reference() {
  do
    ++last_reference;
  while (last_reference == 0 || outstanding.contains(last_reference));
  return {last_reference};
}

submission connection::impl::admit(std::size_t answers, std::size_t bytes, bool safety) const {
  if (state != link_state::up)
    return {send_status::disconnected, {}};
  if (granted.frame_bytes_max != 0 && bytes > granted.frame_bytes_max + frame_prefix_bytes_max)
    return {send_status::too_large, {}};
  if (out.size() - out_sent + bytes > limits.send_bytes_max)
    return {send_status::buffer_full, {}};
  std::size_t more = safety || !limits.keep_window ? safety_requests_max : 0;
  // A request that is larger than the whole window goes alone.
  if (answers_outstanding > 0 &&
      answers_outstanding + answers > std::size_t{granted.window_requests} + more)
    return {send_status::window_full, {}};
  if (bytes_outstanding > 0 && !safety && limits.keep_window &&
      bytes_outstanding + bytes > granted.window_bytes)
    return {send_status::window_full, {}};
  return {send_status::accepted, {}};
}

submission connection::impl::submit(reference_id reference, std::string frame, std::size_t answers,
                                    bool safety) {
  auto verdict = admit(answers, frame.size(), safety);
  if (!verdict)
    return verdict;
  outstanding[reference.value] = {answers, frame.size()};
  answers_outstanding += answers;
  bytes_outstanding += frame.size();
  out += frame;
  flush();
  return {send_status::accepted, reference};
}

void connection::impl::flush() {
  while (fd && state != link_state::connecting && out_sent < out.size()) {
    auto sent = write_some(fd.get(), std::string_view{out}.substr(out_sent));
    if (sent.status == io_status::would_block)
      break;
    if (sent.status != io_status::done)
      return; // the broker's last words may still be there to be read: `receive` finds the end
    out_sent += sent.bytes;
    last_sent = clock::now();
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
    auto got = read_some(fd.get(), in.data() + before, chunk);
    in.resize(before + got.bytes);
    switch (got.status) {
    case io_status::would_block: return;
    case io_status::end:
      return fail(link_fault::closed_by_peer, "the broker closed the connection");
    case io_status::failed: return fail(fault_of(got.error), error_text(got.error));
    case io_status::done: break;
    }
    last_heard = clock::now();
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
    if (auto* error = std::get_if<event_error>(&e)) {
      result.error = std::move(*error);
      return fail(link_fault::sign_on_refused, "sign-on refused");
    }
    if (ended != nullptr)
      return fail(link_fault::ended_by_broker,
                  std::string{to_string(ended->reason)} + ": " + ended->text);
    return fail(link_fault::protocol_error, "an event before EventLinkConnected");
  }
  account(e);
  if (ended == nullptr)
    return push(std::move(e), bytes);
  auto text = std::string{to_string(ended->reason)};
  if (!ended->text.empty())
    text += ": " + ended->text;
  push(std::move(e), bytes);
  fail(link_fault::ended_by_broker, std::move(text));
}

/// Gives the window back what this answer settles. An EventError without a DN settles a request
/// about several DNs as a whole.
void connection::impl::account(const event& e) {
  auto found = outstanding.find(reference_of(e).value);
  if (found == outstanding.end())
    return;
  auto& request = found->second;
  auto* error = std::get_if<event_error>(&e);
  std::size_t settled = error != nullptr && !error->this_dn ? request.answers : 1;
  request.answers -= settled;
  answers_outstanding -= settled;
  if (request.answers > 0)
    return;
  bytes_outstanding -= request.bytes;
  outstanding.erase(found);
}

void connection::impl::push(event e, std::size_t bytes) {
  event_bytes += bytes;
  events.push_back({std::move(e), bytes});
}

std::optional<event> connection::impl::next() {
  if (events.empty())
    return std::nullopt;
  auto first = std::move(events.front());
  events.pop_front();
  event_bytes -= first.bytes;
  return std::move(first.what);
}

std::deque<connection::impl::waiting_event>::iterator
connection::impl::find_reply(reference_id reference) {
  return std::find_if(events.begin(), events.end(), [&](const waiting_event& waiting) {
    return reference_of(waiting.what) == reference;
  });
}

// ---- time ----------------------------------------------------------------------------------

steady_time connection::impl::next_deadline() const {
  switch (state) {
  case link_state::closed: return steady_time::max();
  case link_state::connecting:
  case link_state::signing_on: return opened_until;
  case link_state::up:
  case link_state::signing_off: break;
  }
  return std::min(last_sent + granted.heartbeat_interval, last_heard + granted.heartbeat_timeout);
}

void connection::impl::check_time() {
  auto now = clock::now();
  switch (state) {
  case link_state::closed: return;
  case link_state::connecting:
  case link_state::signing_on:
    if (now >= opened_until)
      fail(link_fault::timed_out, state == link_state::connecting
                                    ? "no connection in time"
                                    : "no answer to the sign-on in time");
    return;
  case link_state::up:
  case link_state::signing_off: break;
  }
  if (events_full())
    last_heard = now; // we are not reading: the broker's silence means nothing
  if (now - last_heard >= granted.heartbeat_timeout)
    return fail(link_fault::silent, "nothing heard from the broker for " +
                                      std::to_string(granted.heartbeat_timeout.count()) + " ms");
  if (now - last_sent < granted.heartbeat_interval)
    return;
  last_sent = now; // if the socket takes nothing, bytes are on their way already
  if (out_sent == out.size()) {
    out += codec::heartbeat();
    flush();
  }
}

/// Whatever can be done without waiting.
void connection::impl::step() {
  if (state == link_state::connecting)
    finish_connecting();
  flush();
  if (!in.empty())
    cut_frames(); // left over while the events were full
  receive();
  check_time();
}

void connection::impl::wait_for_io(steady_time until) {
  short wanted = static_cast<short>((wants_read() ? POLLIN : 0) | (wants_write() ? POLLOUT : 0));
  pollfd entry{fd.get(), wanted, 0};
  auto left = std::chrono::ceil<milliseconds>(until - clock::now()).count();
  auto timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  interrupted = ::poll(&entry, 1, timeout) < 0 && errno == EINTR;
}

/// Works until `done()`, the end of the link, `until`, or a signal.
template <class Done>
void connection::impl::run_until(steady_time until, Done done) {
  interrupted = false;
  for (;;) {
    step();
    if (done() || state == link_state::closed || interrupted || clock::now() >= until)
      return;
    wait_for_io(std::min(until, next_deadline()));
  }
}

bool connection::impl::poll(milliseconds timeout) {
  bool was_up = state == link_state::up;
  run_until(after(timeout),
            [&] { return !events.empty() || (!was_up && state == link_state::up); });
  return !events.empty();
}

reply connection::impl::wait_reply(reference_id reference, milliseconds timeout) {
  auto found = find_reply(reference);
  if (found == events.end()) {
    run_until(after(timeout),
              [&] { return find_reply(reference) != events.end() || events_full(); });
    found = find_reply(reference);
  }
  if (found != events.end()) {
    reply answered{wait_status::answered, std::move(found->what)};
    event_bytes -= found->bytes;
    events.erase(found);
    return answered;
  }
  if (state == link_state::closed)
    return {wait_status::disconnected, std::nullopt};
  return {events_full() ? wait_status::events_full : wait_status::timed_out, std::nullopt};
}

void connection::impl::wait_for_end(milliseconds timeout) {
  run_until(after(timeout), [&] { return events_full(); });
}

} // namespace ringdown::client
