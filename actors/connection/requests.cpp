// What a connection does with each request. What is about a DN is answered by the DN; here are the
// checks before it, and the requests that are about the link alone.
#include "actors/connection/connection_impl.hpp"

#include "actors/directory.hpp"
#include "messages/schema_check.hpp"

namespace ringdown {

namespace {

/// Control requests are flat but for a registration's extensions.
constexpr int control_depth_max = 2 * user_data_depth_max;

fault reference_missing() {
  return invalid("reference_id", "1 to 4294967295, not outstanding");
}

fault dn_fault(send_fault kind, const limits& bounds) {
  return describe_send_fault(kind, user_data_fault::none, bounds);
}

} // namespace

/// Checks and parses a control request; answers 53 (and closes, if the bytes cannot be trusted)
/// when it is not what its schema says.
template <class Message>
bool connection_impl::parse(const frame_view& frame, Message& out) {
  auto wrong = check_message(*Message::descriptor(), frame.body, control_depth_max);
  if (!wrong && !out.ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size())))
    wrong = invalid("frame", "a ringdown.v1.Frame", "the frame cannot be parsed");
  if (!wrong)
    return true;
  refuse(frame.reference, *wrong);
  if (wrong->attribute == "frame")
    close(v1::DISCONNECT_REASON_PROTOCOL_ERROR, "a frame cannot be parsed");
  return false;
}

// ---- sign-on -------------------------------------------------------------------------------

void connection_impl::sign_on(const frame_view& frame) {
  if (life_ != life::awaiting_sign_on)
    return refuse(frame.reference, invalid("request_sign_on", "once for each connection",
                                           "the client has signed on already"));
  v1::RequestSignOn asked;
  if (!parse(frame, asked))
    return;
  auto wrong = check_sign_on(asked, context_.bounds);
  if (!wrong && !frame.reference)
    wrong = reference_missing();
  if (wrong)
    return refuse(frame.reference, *wrong);
  identify(client_->who, asked);
  if (!context_.may(client_->who, action::sign_on, {}, asked.credentials())) {
    refuse(frame.reference, {error_code::bad_credentials, {}, {}, {}, {}});
    return close(v1::DISCONNECT_REASON_SIGN_ON_REFUSED, "sign-on was refused");
  }
  life_ = life::signing_on;
  ask_to_sign_on(frame.reference, heartbeat_for(asked, context_.bounds));
}

void connection_impl::ask_to_sign_on(reference_id reference, const heartbeat_terms& terms) {
  auto self = caf::actor_cast<connection_actor>(this);
  sign_on_call call{client_, self, {}};
  if (ask_in_place(directory_, call))
    return call.id ? signed_on(reference, *call.id, terms) : not_signed_on(reference);
  auto asking =
    request(directory_, context_.bounds.control_timeout, sign_on_atom::value, client_, self);
  asking.then(
    [this, asked = asking.id(), reference, terms](std::uint64_t id) {
      clock().cancel_request_timeout(this, asked);
      signed_on(reference, id, terms);
    },
    [this, reference](const caf::error&) { not_signed_on(reference); });
}

void connection_impl::not_signed_on(reference_id reference) {
  refuse(reference, {error_code::internal_error, {}, {}, {}, {}});
  close(v1::DISCONNECT_REASON_INTERNAL_ERROR, "sign-on took too long");
}

void connection_impl::signed_on(reference_id reference, std::uint64_t id,
                                const heartbeat_terms& terms) {
  client_->who.id = {id};
  if (life_ != life::signing_on) { // closed while the directory was asked
    caf::anon_send(directory_, client_gone_atom::value, client_);
    return;
  }
  life_ = life::signed_on;
  edge_->established(terms.interval, terms.timeout);
  static_cast<void>(
    client_->box.answer(encode_connected(reference, client_->who.id, terms, context_)));
  tell(observer::severity::info, "client signed on");
  read_what_waits();
}

// ---- registration --------------------------------------------------------------------------

/// What stands between a request that is otherwise right and its DN: ReferenceID, service, window
/// and budget, in the order of checks. On nothing the request is in the window. An indication is
/// heard while the broker drains: commands wait for it.
std::optional<fault> connection_impl::gate(reference_id reference, std::size_t bytes, bool safety,
                                           std::uint32_t answers, bool confirms) {
  if (!reference)
    return reference_missing();
  if (life_ == life::draining && !confirms)
    return fault{error_code::out_of_service, {}, {}, {}, {}};
  auto& budget = context_.budget;
  bool has_memory = !budget.spent() || (safety && !budget.reserve_spent());
  switch (client_->window.admit(reference, bytes, safety, answers)) {
  case request_window::admission::accepted: break;
  case request_window::admission::reused: return reference_missing();
  case request_window::admission::full: return fault{error_code::too_many_requests, {}, {}, {}, {}};
  }
  if (has_memory)
    return std::nullopt;
  for (; answers > 0; --answers)
    client_->window.answered(reference);
  return fault{error_code::overloaded, {}, {}, "the broker's memory budget is spent", {}};
}

/// What is wrong with a DN as far as the connection may say: a DN with an entry speaks for itself.
std::optional<fault> connection_impl::check_name(const std::string& dn,
                                                 bool needs_registration) const {
  if (dns_.find(dn) != nullptr)
    return std::nullopt;
  if (auto wrong = check_dn(dn); wrong != send_fault::none)
    return dn_fault(wrong, context_.bounds);
  if (!context_.configured.has(dn))
    return fault{error_code::dn_not_configured, "this_dn", "a configured DN", {}, {}};
  if (needs_registration)
    return fault{
      error_code::not_registered, "this_dn", "a DN on which the client is registered", {}, {}};
  return std::nullopt;
}

/// Refuses a request that may not pass: about one DN by the first fault in the order of checks,
/// about several as a whole.
void connection_impl::refuse_dns(reference_id reference, const fault& closed,
                                 const google::protobuf::RepeatedPtrField<std::string>& dns,
                                 bool needs_registration) {
  if (dns.size() != 1)
    return refuse(reference, closed);
  auto wrong = check_name(dns.Get(0), needs_registration);
  refuse(reference, wrong ? *wrong : closed, dns.Get(0));
}

/// Answers 53 unless the request names 1 to dns_per_request_max DNs.
bool connection_impl::names_dns(const frame_view& frame,
                                const google::protobuf::RepeatedPtrField<std::string>& dns) {
  auto count = static_cast<std::size_t>(dns.size());
  if (count != 0 && count <= context_.bounds.dns_per_request_max)
    return true;
  refuse(frame.reference,
         invalid("this_dn", "1 to " + std::to_string(context_.bounds.dns_per_request_max) +
                              " DNs in one request"));
  return false;
}

void connection_impl::register_address(const frame_view& frame) {
  v1::RequestRegisterAddress asked;
  if (!parse(frame, asked) || !names_dns(frame, asked.this_dn()))
    return;
  if (asked.mode() < v1::REGISTRATION_MODE_SHARE || asked.mode() > v1::REGISTRATION_MODE_MONITOR)
    return refuse(frame.reference, invalid("mode", "share (0), private (1), monitor (2)"));
  if (static_cast<std::size_t>(asked.reasons_size()) > registration_reasons_max ||
      static_cast<std::size_t>(asked.extensions_size()) > registration_reasons_max)
    return refuse(frame.reference,
                  invalid("reasons, extensions",
                          "at most " + std::to_string(registration_reasons_max) + " each"));
  if (auto closed = gate(frame.reference, frame.body.size(), false,
                         static_cast<std::uint32_t>(asked.this_dn_size())))
    return refuse_dns(frame.reference, *closed, asked.this_dn(), false);
  dn_request request;
  request.what = dn_request::kind::register_;
  request.mode = static_cast<registration_mode>(asked.mode());
  request.echo = asked.echo();
  request.standby = asked.standby();
  request.hear_outcomes = asked.hear_outcomes();
  request.reference = frame.reference;
  for (auto& dn : asked.this_dn())
    register_one(dn, request);
}

/// One DN of a request; each has its own answer.
void connection_impl::register_one(const std::string& dn, const dn_request& request) {
  auto answer = [&](const fault& why) {
    client_->refuse(request.reference, why, {dn, {}, {}, context_.utc_now()});
  };
  auto* entry = dns_.find(dn);
  if (entry == nullptr) {
    // Nothing is in flight to a DN without an entry: the connection may answer for it.
    if (auto wrong = check_name(dn, false))
      return answer(*wrong);
    if (dns_.size() >= context_.bounds.registrations_per_connection_max)
      return answer({error_code::too_many_requests,
                     "this_dn",
                     "at most " + std::to_string(context_.bounds.registrations_per_connection_max) +
                       " registrations for each connection",
                     "too many registrations",
                     {}});
    entry = &dns_.add(dn, at_hand_->dns);
  }
  if (!entry->value.registered)
    entry->value.mode = request.mode;
  dns_.batch_for(*entry, request.what, at_hand_->dns).add() = request;
}

void connection_impl::unregister_address(const frame_view& frame) {
  v1::RequestUnregisterAddress asked;
  if (!parse(frame, asked) || !names_dns(frame, asked.this_dn()))
    return;
  if (auto closed = gate(frame.reference, frame.body.size(), false,
                         static_cast<std::uint32_t>(asked.this_dn_size())))
    return refuse_dns(frame.reference, *closed, asked.this_dn(), true);
  dn_request request;
  request.what = dn_request::kind::unregister;
  request.reference = frame.reference;
  for (auto& dn : asked.this_dn())
    ask_one(dn, request);
}

void connection_impl::query_address(const frame_view& frame) {
  v1::RequestQueryAddress asked;
  if (!parse(frame, asked))
    return;
  dn_request request;
  request.what = dn_request::kind::query;
  ask_within_window(frame, asked.this_dn(), request);
}

/// RequestMergeCalls and RequestEndCall: alike but for one field.
template <class Message>
void connection_impl::tell_of_call(const frame_view& frame) {
  Message asked;
  if (!parse(frame, asked))
    return;
  dn_request request;
  request.what = dn_request::kind::end_call;
  if constexpr (std::is_same_v<Message, v1::RequestMergeCalls>) {
    request.what = dn_request::kind::merge_calls;
    request.former = {asked.old_connection_id()};
  }
  request.connection = {asked.connection_id()};
  ask_within_window(frame, asked.this_dn(), request);
}

void connection_impl::merge_calls(const frame_view& frame) {
  tell_of_call<v1::RequestMergeCalls>(frame);
}

void connection_impl::end_call(const frame_view& frame) {
  tell_of_call<v1::RequestEndCall>(frame);
}

/// A request about one DN, with one answer, if it may pass.
void connection_impl::ask_within_window(const frame_view& frame, const std::string& dn,
                                        dn_request request) {
  if (auto closed = gate(frame.reference, frame.body.size(), false, 1)) {
    auto wrong = check_name(dn, true);
    return refuse(frame.reference, wrong ? *wrong : *closed, dn);
  }
  request.reference = frame.reference;
  ask_one(dn, request);
}

/// A request about a DN on which the client should be registered.
void connection_impl::ask_one(const std::string& dn, const dn_request& request) {
  if (auto* entry = dns_.find(dn)) {
    dns_.batch_for(*entry, request.what, at_hand_->dns).add() = request;
    return;
  }
  client_->refuse(request.reference, *check_name(dn, true), {dn, {}, {}, context_.utc_now()});
}

void connection_impl::set_input_mask(const frame_view& frame) {
  v1::RequestSetInputMask asked;
  if (!parse(frame, asked))
    return;
  std::uint8_t mask = 0;
  for (auto kind : asked.event_kinds()) {
    switch (kind) {
    case v1::EVENT_KIND_COMMAND: mask |= static_cast<std::uint8_t>(event_kind::command); break;
    case v1::EVENT_KIND_INDICATION:
      mask |= static_cast<std::uint8_t>(event_kind::indication);
      break;
    case v1::EVENT_KIND_USER_EVENT:
      mask |= static_cast<std::uint8_t>(event_kind::user_event);
      break;
    default:
      return refuse(frame.reference,
                    invalid("event_kinds", "command (1), indication (2), user event (3)"));
    }
  }
  if (auto closed = gate(frame.reference, frame.body.size(), false, 1))
    return refuse(frame.reference, *closed);
  client_->mask.store(asked.event_kinds().empty() ? every_event_kind : mask,
                      std::memory_order_relaxed);
  char bytes[ack_frame_bytes_max];
  ack answer;
  answer.time_us = context_.utc_now();
  auto* end = encode_ack(bytes, frame.reference, answer);
  client_->answer(frame.reference, {bytes, static_cast<std::size_t>(end - bytes)});
}

// ---- events --------------------------------------------------------------------------------

void connection_impl::send_event(const frame_ahead& next) {
  auto& frame = next.frame;
  auto& event = next.event;
  if (event.malformed()) {
    refuse(frame.reference, dn_fault(send_fault::malformed, context_.bounds));
    return close(v1::DISCONNECT_REASON_PROTOCOL_ERROR, "a frame cannot be parsed");
  }
  auto* entry = dns_.find(event.this_dn, next.dn_hash);
  // A DN without an entry has nothing in flight: the connection may answer for it. Beyond the
  // window it answers too, at once; by the same checks, as far as it knows the registration.
  sender_facts from{client_->who.role, {}, true};
  if (entry == nullptr) {
    auto why = check_send(from, context_.configured.has(event.this_dn), event, context_.bounds);
    return refuse(frame.reference, *why, event.this_dn);
  }
  if (auto closed = gate(frame.reference, next.bytes, is_safety_command(event.verb), 1,
                         is_indication(event.verb))) {
    from.mode = entry->value.mode;
    auto why = check_send(from, true, event, context_.bounds);
    return refuse(frame.reference, why ? *why : *closed, event.this_dn);
  }
  dns_.batch_for(*entry, dn_request::kind::send, at_hand_->dns).add_send(frame.reference, event);
}

} // namespace ringdown
