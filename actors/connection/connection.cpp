#include "actors/connection/connection_impl.hpp"

#include "actors/connection/told.hpp"
#include "actors/disconnect.hpp"
#include "messages/refusals.hpp"

#include <utility>

namespace ringdown {

namespace {

/// How often a draining connection looks whether all was answered. Answers take one turn; this
/// only bounds how long the last one keeps the broker up.
constexpr std::chrono::milliseconds drain_poll{10};
/// The same of a client that says no more, while it is owed outcomes: they may take a minute, and
/// there may be thousands of such clients.
constexpr std::chrono::milliseconds outcome_poll{100};

constexpr std::string_view client_closed_its_side = "the client closed its side";

/// Does not keep the connection: once it is gone nobody needs to know.
class reports_to final : public report_target {
public:
  explicit reports_to(caf::actor_addr connection) : connection_(std::move(connection)) {}

  void report(registration_report what) override {
    if (auto to = caf::actor_cast<connection_actor>(connection_))
      caf::anon_send(to, std::move(what));
  }

private:
  const caf::actor_addr connection_;
};

} // namespace

connection_impl::connection_impl(caf::actor_config& config, runtime::home where,
                                 broker_context* context, const directory_ref* directory,
                                 client_ptr client, std::shared_ptr<socket_side> edge)
  : pinned_to_home(config, where), context_(*context), directory_(*directory),
    client_(std::move(client)), edge_(std::move(edge)), dns_(context->hash) {
  client_->reports_go_to(std::make_unique<reports_to>(address()));
}

connection_impl::behavior_type connection_impl::make_behavior() {
  auto self = []() -> connection_impl& { return static_cast<connection_impl&>(handling()); };
  static const behavior_type of_all{
    [self](const read_batch_ptr& batch) { self().handle(batch); },
    [self](const registration_report& report) { self().dns_.heed(report); },
    [self](take_over_atom) {
      self().close(disconnect_reason::taken_over, "signed on again elsewhere");
    },
    [self](drain_atom) { self().begin_drain(); },
    [self](authenticated_atom, letter_number which, const authenticated& found) {
      self().access_->proven(which, found);
    },
    [self](due_atom) {
      if (self().access_)
        self().access_->due();
    },
    [self](access_changed_atom) {
      if (self().access_)
        self().access_->changed();
    },
    [self](const close_order& order) { self().close(order.reason, order.text); },
    [self](closed_atom, const link_end& why) { self().socket_closed(why); },
    [self](tick_atom) {
      self().drain_tick_armed_ = false;
      self().drain_step();
    },
  };
  return of_all;
}

void connection_impl::on_exit() {
  if (!socket_gone_ && life_ != life::closing) {
    // Only a failure ends the actor before its socket.
    constexpr auto reason = disconnect_reason::internal_error;
    constexpr std::string_view why = "the connection failed";
    log_end(reason, why);
    disconnect(*client_, reason, why);
    edge_->close_after_flush();
  }
  leave();
  put_away();
  early_.drop();
  edge_.reset();
}

// ---- frames --------------------------------------------------------------------------------

void connection_impl::handle(const read_batch_ptr& batch) {
  if (life_ == life::signing_on)
    return early_.put_aside(batch, 0);
  read_from(batch, 0,
            is_signed_on(life_) ? context_.bounds.frame_bytes_max : frame_bytes_before_sign_on_max);
}

void connection_impl::fetch_ahead(const read_batch_ptr& batch, unsigned step) const noexcept {
  // The first step of all, the actor's own lines, is the caller's.
  static_assert(connection_ref::fetch_steps == read_ahead::fetch_steps + 1);
  read_ahead::fetch(*batch, step, *client_, context_.bounds, dns_);
}

/// `frame_bytes_max` is what the stream was cut by.
void connection_impl::read_from(const read_batch_ptr& batch, std::size_t first,
                                std::size_t frame_bytes_max) {
  thread_local workplace here;
  here.dns.begin(client_, batch);
  here.sends = 0;
  here.tells = context_.observed_by->wants("connection", observer::severity::debug);
  at_hand_ = &here;
  auto read = here.ahead.read(
    *batch, first, context_.bounds, dns_, [this] { return may_read(life_); },
    [this](const frame_ahead& next) { read_frame(next); });
  if (here.sends != 0)
    counted_at(context_, where()).requests.add(here.sends, body_number::request_send_event);
  hand_over_batches();
  // A connection that closed within the read is registered nowhere any more: nobody needs the DNs.
  if (here.dns.has_unknown() && life_ != life::closing)
    resolve(here.dns.take_unknown());
  put_away();
  if (life_ == life::signing_on)
    early_.put_aside(batch, read);
  else if (life_ == life::signing_off)
    drain_step();
  else if (batch->end != stream_end::open && !is_deaf(life_))
    end_stream(batch->end, frame_bytes_max);
}

/// The read is done with.
void connection_impl::put_away() noexcept {
  if (auto* place = std::exchange(at_hand_, nullptr))
    place->dns.end();
}

void connection_impl::read_frame(const frame_ahead& next) {
  auto& frame = next.frame;
  if (frame.malformed)
    return turn_away_or_close(
      frame.reference, invalid("frame", "a ringdown.v1.Frame", "the frame cannot be parsed"));
  if (frame.body_number == static_cast<std::uint32_t>(body_number::request_send_event)) [[likely]]
    ++at_hand_->sends;
  else
    counted_at(context_, where()).requests.count(static_cast<body_number>(frame.body_number));
  if (at_hand_->tells) [[unlikely]]
    log_request(*context_.observed_by, *client_, next);
  if (frame.body_number == static_cast<std::uint32_t>(body_number::heartbeat) && !frame.doubled)
    return; // having arrived is all it says
  bool is_sign_on = frame.body_number == static_cast<std::uint32_t>(body_number::request_sign_on);
  if (!is_signed_on(life_) && !(is_sign_on && life_ == life::awaiting_sign_on))
    return turn_away(frame.reference,
                     refused(error_code::not_signed_on, "body", "RequestSignOn first"));
  if (frame.doubled)
    return turn_away(frame.reference, invalid("reference_id, body", "each given once"));
  dispatch(next);
}

void connection_impl::dispatch(const frame_ahead& next) {
  auto& frame = next.frame;
  auto body = frame.body;
  auto& bounds = context_.bounds;
  if (access_ && access_->has_expired() && !passes_expired(next)) [[unlikely]]
    return turn_away(frame.reference, credentials_expired());
  switch (static_cast<body_number>(frame.body_number)) {
  case body_number::request_send_event:
  case body_number::request_distribute_user_event: return send_event(next);
  case body_number::request_register_address:
    return ask_dns(frame, read_registration(body, bounds));
  case body_number::request_unregister_address:
    return ask_dns(frame, read_unregistration(body, bounds));
  case body_number::request_query_address: return ask_dns(frame, read_query(body));
  case body_number::request_merge_calls: return ask_dns(frame, read_merge_calls(body));
  case body_number::request_end_call: return ask_dns(frame, read_end_call(body));
  case body_number::request_command_addresses: return command_many(frame);
  case body_number::request_list_addresses: return list_addresses(frame);
  case body_number::request_set_input_mask: return set_input_mask(frame);
  case body_number::request_sign_on: return sign_on(frame);
  case body_number::request_sign_off: return begin_sign_off(frame.reference);
  case body_number::request_renew_credentials:
    if (access_)
      return access_->renew(frame);
    return turn_away(frame.reference, nobody_authenticates());
  case body_number::event_ack:
  case body_number::event_error:
  case body_number::event_user_event:
  case body_number::event_outcome:
  case body_number::heartbeat: break;
  }
  turn_away(frame.reference,
            refused(error_code::unsupported_operation, "body", "a request of protocol version 1",
                    "the request is not known"));
}

namespace {

/// What is wrong with a stream that nobody can cut into frames any more.
fault stream_fault(stream_end end, std::size_t frame_bytes_max) {
  if (end == stream_end::frame_too_large)
    return invalid("frame", "at most " + std::to_string(frame_bytes_max) + " bytes",
                   "the frame is too large");
  return invalid("frame", "a length as a varint of at most 5 bytes, then the frame",
                 "the frame's length cannot be read");
}

} // namespace

/// Of a stream that is no longer open.
void connection_impl::end_stream(stream_end end, std::size_t frame_bytes_max) {
  if (end == stream_end::ended)
    return input_ended();
  auto wrong = stream_fault(end, frame_bytes_max);
  turn_away({}, wrong);
  close(disconnect_reason::protocol_error, wrong.text);
}

// ---- ends ----------------------------------------------------------------------------------

/// Answers a request that is not in the window: its credit was never spent.
void connection_impl::turn_away(reference_id reference, const fault& why,
                                std::optional<std::string_view> this_dn) {
  client_->turn_away(reference, why, {this_dn, {}, {}, context_.utc_now()});
  if (life_ == life::awaiting_sign_on && ++refused_ == refusals_before_sign_on_max)
    close(disconnect_reason::protocol_error, "nothing but refused requests, and no sign-on");
}

/// The same; after bytes that are no message nothing is heard any more.
void connection_impl::turn_away_or_close(reference_id reference, const fault& why) {
  turn_away(reference, why);
  if (is_untrusted(why))
    close(disconnect_reason::protocol_error, "a frame cannot be parsed");
}

void connection_impl::close(disconnect_reason reason, std::string_view text,
                            reference_id reference) {
  if (life_ == life::closing)
    return;
  log_end(reason, text);
  if (reason == disconnect_reason::sign_on_timeout)
    counted_at(context_, where()).sign_on_failures.count(never_signed_on);
  leave();
  early_.drop();
  life_ = life::closing;
  disconnect(*client_, reason, text, reference);
  edge_->close_after_flush();
}

void connection_impl::log_end(disconnect_reason reason, std::string_view why) {
  using std::chrono::milliseconds;
  ringdown::log_end(
    *context_.observed_by, *client_,
    {.reason = reason,
     .why = why,
     .was_signed_on = is_signed_on(life_),
     .without_a_word = says_no_more_,
     .was_drained = is_drained_,
     .lasted = std::chrono::duration_cast<milliseconds>(clock().now() - signed_on_at_)});
}

void connection_impl::socket_closed(const link_end& why) {
  socket_gone_ = true;
  client_->box.close();
  bool was_told_before = says_no_more_ && why.reason == disconnect_reason::unspecified;
  close(why.reason, was_told_before ? client_closed_its_side : why.text);
  if (resolves_in_flight_ == 0) // else it waits for the DNs, to tell them that it is gone
    quit();
}

void connection_impl::begin_drain() {
  if (life_ == life::draining || is_deaf(life_))
    return;
  if (life_ != life::signed_on)
    return close(disconnect_reason::draining, "the broker is shutting down");
  life_ = life::draining;
  is_drained_ = true;
  // Half of drain_timeout is for answers in flight, the other half for the last frames.
  drain_deadline_ = clock().now() + context_.bounds.drain_timeout / 2;
  drain_step();
}

/// What was asked before is answered before the link ends.
void connection_impl::begin_sign_off(reference_id reference) {
  life_ = life::signing_off;
  sign_off_ = reference;
  drain_deadline_ = clock().now() + context_.bounds.control_timeout;
}

/// The client has closed its side. Whether it is gone or still listens cannot be told: what it
/// asked before is answered, the outcomes of its commands are told at their time, and then its link
/// ends as if it had signed off. It counts nowhere any more when it is answered: a recorder that
/// died must be known at once.
void connection_impl::input_ended() {
  client_->box.edge().note_end(disconnect_reason::unspecified);
  if (!is_signed_on(life_))
    return close(disconnect_reason::signed_off, client_closed_its_side);
  says_no_more_ = true;
  begin_sign_off({});
  drain_deadline_ += context_.bounds.confirm_timeout_max;
  drain_step();
}

/// Something is to come that the link waits for. A client that signs off finds its outcomes under
/// their command ids; one that is drained, or says no more without having said so, may not come
/// back for them.
bool connection_impl::is_owed() const {
  if (!client_->all_answered())
    return true;
  if (life_ == life::draining)
    return context_.outcomes_owed != 0;
  return says_no_more_ && client_->outcomes_owed() != 0;
}

/// Closes if nothing is owed, or it is too late; else looks again soon.
void connection_impl::drain_step() {
  if (life_ != life::draining && life_ != life::signing_off)
    return;
  bool waits_for_outcomes = says_no_more_ && client_->all_answered();
  if (waits_for_outcomes)
    leave_dns();
  if (is_owed() && clock().now() < drain_deadline_) {
    if (!std::exchange(drain_tick_armed_, true))
      delayed_send(this, waits_for_outcomes ? outcome_poll : drain_poll, tick_atom::value);
  } else if (life_ == life::signing_off) {
    close(disconnect_reason::signed_off, says_no_more_ ? client_closed_its_side : "signed off",
          sign_off_);
  } else {
    close(disconnect_reason::draining, "the broker is shutting down");
  }
}

connection_ref spawn_connection(caf::actor_system& system, runtime::home where,
                                broker_context& context, const directory_ref& directory,
                                client_ptr client, std::shared_ptr<socket_side> edge) {
  return connection_ref::of<connection_impl>(
    system.spawn<connection_impl>(where, &context, &directory, std::move(client), std::move(edge)));
}

} // namespace ringdown
