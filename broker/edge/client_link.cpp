#include "broker/edge/client_link.hpp"

#include "actors/disconnect.hpp"
#include "broker/edge/first_bytes.hpp"
#include "broker/edge/traffic.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringdown::edge {

namespace {

/// Reads below this are copied into a buffer of their own size; larger ones take the loop's buffer
/// with them, which saves the copy.
constexpr std::size_t copied_read_max = 16 * 1024;

/// Read at once before sign-on: one frame at its longest.
constexpr std::size_t read_before_sign_on = frame_bytes_before_sign_on_max + frame_prefix_bytes_max;
/// Read at once while the broker's memory is spent, and so much of a frame: room for a `pause`.
/// With connections_max clients that begin a frame it is 42 MiB, below memory_budget_reserve.
constexpr std::size_t read_without_memory = 4096;
static_assert(limits{}.connections_max * read_without_memory < limits{}.memory_budget_reserve);
/// A frame that was begun so long ago is not on its way, it is held back: even with slow lines its
/// rest comes in some round trips.
constexpr std::chrono::seconds begun_frame_grace{1};

std::size_t frame_limit(const limits& bounds, const link_watch& watch) {
  return watch.is_established() ? bounds.frame_bytes_max : frame_bytes_before_sign_on_max;
}

void tell_if_slow(slow_watch& watch, const t_client& client, observer& told, steady_time now) {
  auto& box = client.box;
  auto news = watch.look(now, box.above_high_water(), box.has_gap(), box.missed_total());
  if (news.what == slow_watch::news::kind::none)
    return;
  bool begins = news.what == slow_watch::news::kind::slow;
  auto& who = client.who;
  told.log("connection", begins ? observer::severity::warning : observer::severity::info,
           begins ? "a client reads too slowly" : "a slow client has caught up",
           {{"client", to_string(who.id)},
            {"application", who.application},
            {"role", to_string(who.role)},
            {"principal", who.principal},
            {"peer", who.peer.name},
            {"slow_ms", std::to_string(news.lasted.count())},
            {"waiting_bytes", std::to_string(box.bytes())},
            {"events_missed", std::to_string(news.missed)}});
}

} // namespace

client_link::client_link(edge_loop& loop, std::unique_ptr<stream> bytes, peer_facts peer,
                         ticket admitted)
  : loop_(loop), stream_(std::move(bytes)), admitted_(std::move(admitted)),
    signal_(std::make_shared<link_signal>(loop)),
    client_(std::make_shared<t_client>(loop.context().bounds, loop.context().budget, signal_,
                                       loop.context().users)),
    watch_(loop.context().bounds, loop.now()), begun_(loop.context().budget) {
  client_->who.peer = std::move(peer);
}

client_link::~client_link() = default;

void client_link::start() {
  signal_->attach(this);
  admitted_.when_turned_out([&host = loop_.host(), self = weak_from_this()] {
    host.post([self] {
      if (auto still_here = self.lock())
        still_here->turn_out();
    });
  });
  actor_ = spawn_connection(loop_.system(), loop_.host().where(), loop_.context(),
                            loop_.directory(), client_, shared_from_this());
  arm_read();
}

// ---- reading -------------------------------------------------------------------------------

/// A client is left unread only while its own outbox is above high water, the broker has no memory
/// to read it, or the actors still work on what was read, or have yet to hear of it.
bool client_link::may_read() const {
  // Asked of the outbox itself, too: what is read within a turn is answered within it, and
  // `paused_` only looks at its end.
  return is_open() && !cutter_.ended() && !input_ended_ && !closing_ && !paused_ && !in_parts_ &&
         !client_->box.above_high_water() && has_memory_to_read() &&
         client_->batches_in_flight() < read_batches_in_flight_max;
}

/// While the broker's memory is spent all are still heard, for `pause` and `stop` have a reserve;
/// but nobody gathers a large frame in it.
bool client_link::has_memory_to_read() const {
  auto& budget = loop_.context().budget;
  return !budget.spent() ||
         (!budget.reserve_spent() && cutter_.kept().size() < read_without_memory);
}

std::size_t client_link::read_share() const {
  auto share = loop_.context().bounds.read_bytes_per_turn_max;
  if (!watch_.is_established()) [[unlikely]]
    return std::min(share, read_before_sign_on);
  if (loop_.context().budget.spent())
    share = std::min(share, read_without_memory);
  return share;
}

/// What a read left of a frame counts in the budget.
void client_link::count_beginning() {
  begun_.holds(cutter_.capacity());
}

void client_link::arm_read() {
  // Behind the end of what it said a failure is still heard of.
  if (read_armed_ || !(may_read() || lingering_ || input_ended_))
    return;
  read_armed_ = true;
  stream_->await_read(shared_from_this());
}

void client_link::readable() try {
  read_armed_ = false;
  if (!is_open())
    return;
  if (lingering_ || input_ended_)
    discard_input();
  else if (may_read())
    read_once();
  if (is_open())
    arm_read();
} catch (...) { // as for want of memory, half-way: its place in the stream is lost
  shut(failed_half_way, disconnect_reason::internal_error);
  throw;
}

/// Reads what there is, up to the fair share of a turn. Returns whether anything was heard.
bool client_link::read_once() {
  auto share = read_share();
  auto kept = cutter_.kept().size();
  auto* buffer = loop_.scratch(kept);
  auto got = stream_->read_some(buffer + kept, share);
  if (got.status == transport_status::would_block)
    return false;
  if (got.status == transport_status::end) {
    input_ends();
    return true;
  }
  if (got.status != transport_status::done) { // broken
    lose();
    return false;
  }
  watch_.heard(loop_.now());
  auto bytes = got.bytes;
  count_read(loop_.counts(), bytes);
  if (kept == 0 && !watch_.is_established() && look_at_first({buffer, bytes}) == first_bytes::tls)
    [[unlikely]] {
    static_cast<void>(stream_->write_some(tls_refusal));
    shut("TLS spoken on the plain port", disconnect_reason::protocol_error);
    return false;
  }
  if (cutter_.is_short(bytes)) {
    cutter_.keep({buffer + kept, bytes});
    count_beginning();
    return true;
  }
  std::memcpy(buffer, cutter_.kept().data(), kept);
  auto whole = kept + bytes;
  auto batch = loop_.reads().borrow(whole);
  if (whole <= copied_read_max) {
    if (batch->capacity < whole) {
      batch->bytes = std::make_unique_for_overwrite<char[]>(whole);
      batch->capacity = whole;
    }
    std::memcpy(batch->bytes.get(), buffer, whole);
  } else {
    batch->capacity = loop_.scratch_size();
    batch->bytes = loop_.take_scratch();
  }
  std::string_view stream{batch->bytes.get(), whole};
  batch->end = cutter_.cut(stream, frame_limit(loop_.context().bounds, watch_), batch->frames);
  if (cutter_.kept().empty())
    watch_.frame_is_whole();
  else if (kept == 0 || !batch->frames.empty())
    watch_.frame_begins(loop_.now());
  if (kept != 0 || !cutter_.kept().empty())
    count_beginning();
  if (loop_.traces().any() && watch_.is_established()) [[unlikely]]
    loop_.traces().came(client_->who, loop_.context().utc_now(), batch->frames);
  pass_on(std::move(batch), whole);
  return true;
}

/// The connection hears of it behind all that the client said, and closes when it has told what it
/// owes. The beginning of a frame is nobody's.
void client_link::input_ends() {
  input_ended_ = true;
  cutter_.release();
  count_beginning();
  watch_.frame_is_whole();
  auto batch = loop_.reads().borrow(0);
  batch->end = stream_end::ended;
  pass_on(std::move(batch), 0);
}

void client_link::pass_on(read_batch_ptr batch, std::size_t bytes) {
  auto& reads = loop_.reads();
  if (batch->frames.empty() && batch->end == stream_end::open)
    return reads.give_back(std::move(batch));
  count_frames(loop_.counts(), batch->frames.size());
  batch->time_us = loop_.context().utc_now();
  batch->budget = &loop_.context().budget;
  batch->budget->add(batch->capacity);
  client_->batch_begins();
  batch->from = client_;
  // A sign-on says how long the next frame may be: nothing is read before it was heard.
  bool may_wait = loop_.may_gather() && watch_.is_established() && batch->end == stream_end::open &&
                  batch->frames.size() == 1 && batch->capacity <= read_batches::gathered_bytes_max;
  if (may_wait)
    return reads.gather(actor_, std::move(batch));
  if (bytes <= read_batches::gathered_bytes_max || !watch_.is_established())
    return reads.pass(actor_, std::move(batch));
  begin_parts(std::move(batch));
}

/// What was read has its turn in parts; nothing more is read before they all had theirs. Where
/// others wait for the next part's turn already, the first waits behind them.
void client_link::begin_parts(read_batch_ptr whole) {
  in_parts_ = std::move(whole);
  next_part_ = 0;
  if (loop_.any_heard_later())
    return loop_.hear_later(shared_from_this());
  hear_parts();
}

/// The connection hears of parts until the link's share of this turn is used: in place, if the
/// actor is at home here. What is left when the link ends was no more read than what is still in
/// the socket.
void client_link::hear_parts() {
  auto began = loop_.time();
  while (in_parts_ && is_open() && !closing_) {
    if (loop_.time() - began >= work_share::time_max)
      return loop_.hear_later(shared_from_this());
    pass_part();
  }
  in_parts_ = nullptr;
}

void client_link::hear_more() {
  hear_parts();
  arm_read();
}

void client_link::pass_part() {
  auto& frames = in_parts_->frames;
  auto count = std::min(share_.frames(), frames.size() - next_part_);
  auto& reads = loop_.reads();
  auto began = loop_.time();
  if (count == frames.size()) {
    reads.pass(actor_, std::exchange(in_parts_, nullptr));
  } else {
    auto part = reads.borrow(0);
    auto first = frames.begin() + static_cast<std::ptrdiff_t>(next_part_);
    part->frames.assign(first, first + static_cast<std::ptrdiff_t>(count));
    part->time_us = in_parts_->time_us;
    part->whole = in_parts_;
    next_part_ += count;
    bool is_last = next_part_ == frames.size();
    if (is_last)
      part->end = in_parts_->end;
    reads.pass(actor_, std::move(part));
    if (is_last)
      reads.give_back(std::exchange(in_parts_, nullptr));
  }
  if (count != 0) // else only how its stream ends
    share_.took(count, loop_.time() - began);
}

// ---- sending -------------------------------------------------------------------------------

void client_link::flush(steady_time now) {
  if (!is_open())
    return;
  if (!write_armed_)
    send_waiting(now);
  if (!is_open())
    return;
  if (write_armed_) { // what is shared stands until the end of this turn only
    sending_.copy();
    client_->box.copy_shared(sending_.capacity());
  }
  paused_ = client_->box.above_high_water() ||
            (paused_ && client_->box.bytes() > loop_.context().bounds.outbox_low_water_bytes);
  if (client_->box.overrun() && !closing_)
    close_with(disconnect_reason::slow_consumer, "even the reserve of its outbox is full");
  arm_read();
}

/// Takes what waits. False if nothing does.
bool client_link::refill() {
  if (auto shared = client_->box.take_shared(); shared.frames != 0)
    sending_.borrow(shared.bytes, shared.frames);
  else
    sending_.holds(client_->box.take(sending_.refill()));
  if (loop_.traces().any() && watch_.is_established()) [[unlikely]]
    loop_.traces().left(client_->who, loop_.context().utc_now(), sending_.left());
  return !sending_.empty();
}

void client_link::send_waiting(steady_time now) {
  idle_since_sweep_ = false;
  trimmed_ = false;
  for (;;) {
    if (sending_.empty() && !refill())
      break;
    auto left = sending_.left();
    auto did = stream_->write_some(left);
    if (did.status == transport_status::would_block)
      return arm_write();
    if (did.status != transport_status::done)
      return lose();
    auto bytes = did.bytes;
    watch_.said(now);
    auto frames = sending_.took(bytes);
    client_->box.sent(bytes, frames);
    count_sent(loop_.counts(), bytes, frames);
    if (!client_->box.above_high_water())
      watch_.caught_up();
    if (bytes < left.size())
      return arm_write(); // it is full: asking again only costs a call
    if (client_->box.bytes() == 0 && !client_->box.has_gap())
      break; // the common case needs no second look
  }
  sending_.release_small();
  if (closing_ && client_->box.closed())
    begin_linger();
}

void client_link::arm_write() {
  if (!std::exchange(write_armed_, true))
    stream_->await_write(shared_from_this());
}

void client_link::writable() try {
  write_armed_ = false;
  if (is_open())
    loop_.mark(*this);
} catch (...) { // nobody would flush it any more
  shut(failed_half_way, disconnect_reason::internal_error);
  throw;
}

// ---- the end -------------------------------------------------------------------------------

/// Everything is sent. Closing now, with input unread, would make the kernel reset the connection
/// and take the last frames from the client; so the end is announced and input thrown away.
void client_link::begin_linger() {
  if (std::exchange(lingering_, true))
    return;
  stream_->end_writing();
  discard_input();
  if (is_open())
    arm_read();
}

void client_link::discard_input() {
  auto* buffer = loop_.scratch(0);
  // A bounded share a turn: a client that goes on sending must not hold the loop.
  auto got = stream_->read_some(buffer, loop_.scratch_size());
  if (got.status == transport_status::failed || (got.status == transport_status::end && lingering_))
    lose();
}

/// Nothing passes any more: because of what the client spoke, if the stream knows; else nobody
/// knows why.
void client_link::lose() {
  if (auto why = stream_->fault(); !why.empty())
    return shut(why, disconnect_reason::protocol_error);
  shut("the link was lost");
}

void client_link::shut(std::string_view why, disconnect_reason reason) {
  if (!is_open())
    return;
  if (reason != disconnect_reason::unspecified)
    signal_->note_end(reason);
  // What it said last is on its way before anybody finds its outbox closed, on another loop too.
  loop_.reads().pass_gathered();
  const link_end end{signal_->end(), why};
  loop_.counts().disconnects.count(end.reason);
  stream_->close();
  stream_.reset();
  signal_->attach(nullptr);
  client_->box.close();
  client_->box.discard();
  sending_.release();
  cutter_.release();
  in_parts_ = nullptr;
  count_beginning();
  admitted_.leave();
  auto actor = std::exchange(actor_, {});
  loop_.forget(*this); // from here on this may be gone
  caf::anon_send(actor.ref().handle(), closed_atom::value, end);
}

void client_link::turn_out() {
  if (may_read())
    read_once(); // its sign-on may have come
  if (!is_open() || watch_.is_established())
    return;
  constexpr std::string_view why = "too many connections have not signed on yet";
  // Behind a frame that has left in part no other can stand.
  if (sending_.empty() && client_->box.bytes() == 0)
    static_cast<void>(stream_->write_some(encode_disconnected(disconnect_reason::overloaded, why)));
  stream_->end_writing();
  shut(why, disconnect_reason::overloaded);
}

std::size_t client_link::held_for_it(steady_time now) const {
  auto held = (write_armed_ ? client_->box.bytes() : 0) + stream_->held();
  return watch_.frame_age(now) < begun_frame_grace ? held : held + cutter_.capacity();
}

void client_link::give_way() {
  if (!is_open())
    return;
  shut("the broker's memory is spent, and much of it waits for this client",
       disconnect_reason::overloaded);
}

void client_link::drain() {
  if (is_open())
    caf::anon_send(actor_.ref().handle(), drain_atom::value);
}

void client_link::close_with(disconnect_reason reason, std::string text) {
  if (!is_open())
    return;
  // A letter: what was gathered in this wait is heard before.
  caf::anon_send(actor_.ref().handle(), close_order{reason, std::move(text)});
}

bool client_link::sends() const noexcept {
  return !sending_.empty() || client_->box.bytes() != 0;
}

void client_link::trim() {
  if (sends() || std::exchange(trimmed_, true))
    return;
  sending_.release();
  client_->box.trim();
  stream_->trim();
}

steady_time client_link::sweep(steady_time now) {
  if (std::exchange(idle_since_sweep_, true))
    trim();
  link_facts facts;
  facts.above_high_water = client_->box.above_high_water();
  facts.reading_paused = !may_read() && !closing_;
  facts.frame_may_wait = facts.reading_paused && has_memory_to_read();
  facts.sending = sends();
  if (watch_.is_established())
    tell_if_slow(slow_, *client_, *loop_.context().observed_by, now);
  act_on(watch_.sweep(now, facts));
  if (is_open())
    arm_read(); // memory that was spent may be back
  if (now >= wake_at_) {
    wake_at_ = steady_time::max();
    caf::anon_send(actor_.ref().handle(), due_atom::value);
  }
  return std::min(watch_.next_look(now), wake_at_);
}

void client_link::act_on(link_due due) {
  switch (due) {
  case link_due::nothing: return;
  case link_due::say_heartbeat: static_cast<void>(client_->box.answer(heartbeat_frame())); return;
  case link_due::sign_on_late:
    return close_with(disconnect_reason::sign_on_timeout, "not signed on in time");
  case link_due::peer_silent:
    // The client may have spoken and the broker not looked: one more read decides.
    if (!read_once() && is_open())
      close_with(disconnect_reason::heartbeat_timeout, "nothing heard for too long");
    return;
  case link_due::frame_late:
    return close_with(disconnect_reason::heartbeat_timeout, "a frame was not whole in time");
  case link_due::slow_consumer:
    return close_with(disconnect_reason::slow_consumer, "does not read what is sent to it");
  case link_due::linger_over: return shut("its last frames did not leave in time");
  }
}

} // namespace ringdown::edge
