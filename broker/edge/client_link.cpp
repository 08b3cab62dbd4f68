#include "broker/edge/client_link.hpp"

#include "actors/disconnect.hpp"

#include <cstring>
#include <utility>

namespace ringdown::edge {

namespace {

/// Reads below this are copied into a buffer of their own size; larger ones take the loop's buffer
/// with them, which saves the copy.
constexpr std::size_t copied_read_max = 16 * 1024;

std::size_t frame_limit(const limits& bounds, const link_watch& watch) {
  return watch.is_established() ? bounds.frame_bytes_max : frame_bytes_before_sign_on_max;
}

} // namespace

void link_signal::visit() noexcept {
  if (loop_.host().is_current())
    mark();
  else
    loop_.host().post([self = shared_from_this()] { self->mark(); });
}

void link_signal::mark() {
  if (link_ != nullptr)
    loop_.mark(*link_);
}

client_link::client_link(edge_loop& loop, std::unique_ptr<stream> bytes, std::string peer,
                         ticket admitted)
  : loop_(loop), stream_(std::move(bytes)), admitted_(std::move(admitted)),
    signal_(std::make_shared<link_signal>(loop)),
    client_(std::make_shared<t_client>(loop.context().bounds, loop.context().budget, signal_,
                                       loop.context().users)),
    watch_(loop.context().bounds, loop.now()) {
  client_->who.peer = std::move(peer);
}

client_link::~client_link() = default;

void client_link::start() {
  signal_->attach(this);
  actor_ = spawn_connection(loop_.system(), loop_.host().where(), loop_.context(),
                            loop_.directory(), client_, shared_from_this());
  arm_read();
}

// ---- reading -------------------------------------------------------------------------------

/// A client is left unread only while its own outbox is above high water, the broker's memory is
/// spent, or the actors still work on what was read.
bool client_link::may_read() const {
  // Asked of the outbox itself, too: what is read within a turn is answered within it, and
  // `paused_` only looks at its end.
  return is_open() && !cutter_.ended() && !closing_ && !paused_ &&
         !client_->box.above_high_water() && !loop_.context().budget.spent() &&
         client_->batches_in_flight() < read_batches_in_flight_max;
}

void client_link::arm_read() {
  if (read_armed_ || !(may_read() || lingering_))
    return;
  read_armed_ = true;
  stream_->await_read(shared_from_this());
}

void client_link::readable() {
  read_armed_ = false;
  if (!is_open())
    return;
  if (lingering_)
    discard_input();
  else if (may_read())
    read_once();
  if (is_open())
    arm_read();
}

/// Reads what there is, up to the fair share of a turn. Returns whether anything was heard.
bool client_link::read_once() {
  auto share = loop_.context().bounds.read_bytes_per_turn_max;
  auto kept = cutter_.kept().size();
  auto* buffer = loop_.scratch(kept);
  auto got = stream_->read_some(buffer + kept, share);
  if (got.status == transport_status::would_block)
    return false;
  if (got.status != transport_status::done) {
    shut(); // closed, or broken
    return false;
  }
  watch_.heard(loop_.now());
  loop_.counters().reads.fetch_add(1, std::memory_order_relaxed);
  auto bytes = got.bytes;
  if (cutter_.is_short(bytes)) {
    cutter_.keep({buffer + kept, bytes});
    return true;
  }
  std::memcpy(buffer, cutter_.kept().data(), kept);
  auto whole = kept + bytes;
  auto batch = loop_.reads().take(whole);
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
  pass_on(std::move(batch));
  return true;
}

void client_link::pass_on(read_batch_ptr batch) {
  auto& reads = loop_.reads();
  if (batch->frames.empty() && batch->end == stream_end::open)
    return reads.keep(std::move(batch));
  loop_.counters().frames_in.fetch_add(batch->frames.size(), std::memory_order_relaxed);
  batch->time_us = loop_.context().utc_now();
  batch->budget = &loop_.context().budget;
  batch->budget->add(batch->capacity);
  client_->batch_begins();
  batch->from = client_;
  // A sign-on says how long the next frame may be: nothing is read before it was heard.
  bool may_wait = loop_.may_gather() && watch_.is_established() && batch->end == stream_end::open &&
                  batch->frames.size() == 1 && batch->capacity <= read_batches::gathered_bytes_max;
  if (may_wait)
    reads.gather(actor_, std::move(batch));
  else
    reads.pass(actor_, std::move(batch));
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
    sending_.keep();
    client_->box.copy_shared(sending_.capacity());
  }
  paused_ = client_->box.above_high_water() ||
            (paused_ && client_->box.bytes() > loop_.context().bounds.outbox_low_water_bytes);
  if (client_->box.overrun() && !closing_)
    close_with(v1::DISCONNECT_REASON_SLOW_CONSUMER, "even the reserve of its outbox is full");
  arm_read();
}

/// Takes what waits. False if nothing does.
bool client_link::refill() {
  if (auto shared = client_->box.take_shared(); shared.frames != 0)
    sending_.borrow(shared.bytes, shared.frames);
  else
    sending_.holds(client_->box.take(sending_.refill()));
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
    loop_.counters().sends.fetch_add(1, std::memory_order_relaxed);
    if (did.status == transport_status::would_block)
      return arm_write();
    if (did.status != transport_status::done)
      return shut();
    auto bytes = did.bytes;
    watch_.said(now);
    client_->box.sent(bytes, sending_.took(bytes));
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

void client_link::writable() {
  write_armed_ = false;
  if (is_open())
    loop_.mark(*this);
}

// ---- link ----------------------------------------------------------------------------------

void client_link::established(std::chrono::milliseconds heartbeat_interval,
                              std::chrono::milliseconds heartbeat_timeout) {
  auto apply = [self = shared_from_this(), heartbeat_interval, heartbeat_timeout] {
    if (!self->is_open())
      return; // it went while the directory was asked
    self->admitted_.leave_unsigned();
    self->watch_.established(self->loop_.now(), heartbeat_interval, heartbeat_timeout);
    self->loop_.look_soon(*self);
  };
  if (loop_.host().is_current())
    apply();
  else
    loop_.host().post(apply);
}

void client_link::close_after_flush() {
  auto apply = [self = shared_from_this()] {
    if (!self->is_open() || std::exchange(self->closing_, true))
      return;
    self->admitted_.leave_unsigned();
    self->watch_.closing(self->loop_.now());
    self->loop_.look_soon(*self);
    self->loop_.mark(*self); // acts at the end of the turn, never within a read
  };
  if (loop_.host().is_current())
    apply();
  else
    loop_.host().post(apply);
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
  if (got.status == transport_status::end || got.status == transport_status::failed)
    shut();
}

void client_link::shut() {
  if (!is_open())
    return;
  loop_.reads().pass_gathered(); // what it said last is heard before it is gone
  stream_->close();
  stream_.reset();
  signal_->attach(nullptr);
  client_->box.close();
  sending_.release();
  cutter_.release();
  admitted_.leave();
  caf::anon_send(actor_.ref().handle(), closed_atom::value);
  actor_ = {};
  loop_.forget(*this);
}

void client_link::drain() {
  if (is_open())
    caf::anon_send(actor_.ref().handle(), drain_atom::value);
}

void client_link::close_with(std::uint32_t reason, std::string text) {
  if (!is_open())
    return;
  loop_.reads().pass_gathered(); // what it said before is carried out
  caf::anon_send(actor_.ref().handle(), close_order{reason, std::move(text)});
}

steady_time client_link::sweep(steady_time now) {
  bool sends = !sending_.empty() || client_->box.bytes() != 0;
  if (std::exchange(idle_since_sweep_, true) && !sends && !std::exchange(trimmed_, true)) {
    sending_.release();
    client_->box.trim();
    stream_->trim();
  }
  bool unread = !may_read() && !closing_;
  // While the broker's memory is spent nobody is read and nothing new is written, so whoever reads
  // has soon an empty outbox. Those who do not hold the memory that all others wait for.
  bool is_slow = client_->box.above_high_water() || (sends && loop_.context().budget.spent());
  act_on(watch_.sweep(now, {is_slow, unread, sends}));
  if (is_open())
    arm_read(); // memory that was spent may be back
  return watch_.next_look(now);
}

void client_link::act_on(link_due due) {
  switch (due) {
  case link_due::nothing: return;
  case link_due::say_heartbeat: static_cast<void>(client_->box.answer(heartbeat_frame())); return;
  case link_due::sign_on_late:
    return close_with(v1::DISCONNECT_REASON_SIGN_ON_TIMEOUT, "not signed on in time");
  case link_due::peer_silent:
    // The client may have spoken and the broker not looked: one more read decides.
    if (!read_once() && is_open())
      close_with(v1::DISCONNECT_REASON_HEARTBEAT_TIMEOUT, "nothing heard for too long");
    return;
  case link_due::slow_consumer:
    return close_with(v1::DISCONNECT_REASON_SLOW_CONSUMER, "does not read what is sent to it");
  case link_due::linger_over: return shut();
  }
}

} // namespace ringdown::edge
