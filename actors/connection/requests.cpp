// What a connection does with each request. What is about a DN is answered by the DN; here are the
// checks before it, and the requests that are about the link alone.
#include "actors/connection/connection_impl.hpp"

#include "actors/admit.hpp"
#include "actors/connection/told.hpp"
#include "messages/refusals.hpp"

namespace ringdown {

namespace {

fault dn_fault(send_fault kind, const limits& bounds) {
  return describe_send_fault(kind, user_data_fault::none, bounds);
}

fault too_many_registrations(const limits& bounds) {
  return refused(error_code::too_many_requests, "this_dn",
                 "at most " + std::to_string(bounds.registrations_per_connection_max) +
                   " registrations for each connection",
                 "too many registrations");
}

} // namespace

// ---- sign-on -------------------------------------------------------------------------------

void connection_impl::sign_on(const frame_view& frame) {
  if (life_ != life::awaiting_sign_on)
    return turn_away(frame.reference, invalid("request_sign_on", "once for each connection",
                                              "the client has signed on already"));
  v1::RequestSignOn asked;
  if (auto wrong = parse_control(frame.body, asked))
    return turn_away_or_close(frame.reference, *wrong);
  auto wrong = check_sign_on(asked, context_.bounds);
  if (!wrong && !frame.reference)
    wrong = reference_missing();
  if (wrong) {
    counted_at(context_, where())
      .sign_on_failures.count(wrong->code == error_code::protocol_version ? no_common_version
                                                                          : wrong_request);
    return turn_away(frame.reference, *wrong);
  }
  identify(client_->who, asked, context_.secret);
  auto terms = heartbeat_for(asked, context_.bounds);
  if (context_.authenticate) {
    life_ = life::signing_on;
    access_ = std::make_unique<connection_access>(*this);
    return access_->prove(std::move(*asked.mutable_credentials()),
                          {.reference = frame.reference,
                           .terms = terms,
                           .instance = *instance_id::from(asked.instance_id())});
  }
  if (!context_.may(client_->who, action::sign_on, {}, asked.credentials())) {
    counted_at(context_, where()).sign_on_failures.count({"authorize"});
    log_client(*context_.observed_by, *client_, observer::severity::warning, "sign-on refused",
               "authorize");
    turn_away(frame.reference, refused(error_code::bad_credentials));
    return close(disconnect_reason::sign_on_refused, "sign-on was refused");
  }
  life_ = life::signing_on;
  ask_to_sign_on(frame.reference, terms);
}

void connection_impl::ask_to_sign_on(reference_id reference, const heartbeat_terms& terms) {
  runtime::ask(
    *this, directory_, context_.bounds.control_timeout,
    sign_on_wanted{client_, caf::actor_cast<connection_actor>(this)}, runtime::how::at_once,
    [this, reference, terms](const sign_on_wanted&, client_id id) {
      signed_on(reference, id, terms);
    },
    [this, reference](const sign_on_wanted&) {
      turn_away(reference, refused(error_code::internal_error));
      close(disconnect_reason::internal_error, "the broker could not sign the client on");
    });
}

void connection_impl::signed_on(reference_id reference, client_id id,
                                const heartbeat_terms& terms) {
  client_->who.id = id;
  if (life_ != life::signing_on) { // closed while the directory was asked
    caf::anon_send(directory_.handle(), client_gone_atom::value, client_);
    return;
  }
  life_ = life::signed_on;
  signed_on_at_ = clock().now();
  counted_at(context_, where()).sign_ons.count(client_->who.role);
  counted_at(context_, where()).connections.count(client_->who.role); // until it leaves
  edge_->established(terms.interval, terms.timeout);
  auto expires_us = access_ ? access_->expires_us() : 0;
  static_cast<void>(
    client_->box.answer(encode_connected(reference, id, terms, expires_us, context_)));
  log_client(*context_.observed_by, *client_, observer::severity::info, "client signed on");
  if (access_)
    access_->signed_on();
  for (auto& read : early_.take())
    if (!is_deaf(life_))
      read_from(read.batch, read.first, frame_bytes_before_sign_on_max);
}

// ---- requests about DNs --------------------------------------------------------------------

/// Asks the gate for a control request.
gate_answer connection_impl::admit(const frame_view& frame, std::size_t answers) {
  return pass_gate(context_, *client_,
                   {.reference = frame.reference,
                    .bytes = frame.body.size(),
                    .answers = static_cast<std::uint32_t>(answers),
                    .in_service = life_ != life::draining});
}

/// What is wrong with a DN as far as the connection may say: a DN with an entry speaks for itself.
std::optional<fault> connection_impl::check_name(const std::string& dn,
                                                 bool needs_registration) const {
  if (dns_.find(dn) != nullptr)
    return std::nullopt;
  if (auto wrong = check_dn(dn); wrong != send_fault::none)
    return dn_fault(wrong, context_.bounds);
  if (!context_.configured.has(dn))
    return dn_not_configured();
  if (needs_registration)
    return not_registered();
  return std::nullopt;
}

/// Registers, unregisters, asks or tells of calls. What may not pass the gate is refused about one
/// DN by the first fault in the order of checks, about several as a whole.
void connection_impl::ask_dns(const frame_view& frame, const read_control& read) {
  if (auto* wrong = std::get_if<fault>(&read))
    return turn_away_or_close(frame.reference, *wrong);
  auto& asked = std::get<control_request>(read);
  if (asked.every_dn)
    return watch(frame, asked);
  auto answer = admit(frame, asked.dns.size());
  if (auto* closed = std::get_if<gate_fault>(&answer)) {
    if (asked.dns.size() != 1)
      return turn_away(frame.reference, describe(*closed));
    auto& dn = asked.dns.front();
    auto wrong = check_name(dn, asked.needs_registration());
    return turn_away(frame.reference, wrong ? *wrong : describe(*closed), dn);
  }
  for (std::size_t i = 0; i < asked.dns.size(); ++i)
    ask_one(asked, i, std::get<admitted_request>(answer));
}

/// One DN of a request; each has its own answer.
void connection_impl::ask_one(const control_request& all, std::size_t which,
                              admitted_request& asked) {
  auto& dn = all.dns[which];
  auto& each = all.each;
  bool registers = each.what == dn_request::kind::register_;
  auto* entry = dns_.find(dn);
  if (entry == nullptr) {
    // Nothing is in flight to a DN without an entry: the connection may answer for it.
    if (auto wrong = check_name(dn, !registers)) {
      if (check_dn(dn) != send_fault::none) // an empty name alone would not say which it is
        wrong->attribute = dn_attribute(which, all.dns.size());
      return asked.refuse(*wrong, dn);
    }
    // Nor is a DN brought up for one that may not be on it.
    auto needs = action_of(each.mode);
    if ((client_->rights_on(dn) & bit_of(needs)) == 0)
      return asked.refuse(forbidden(to_string(needs)), dn);
    if (dns_.size() >= context_.bounds.registrations_per_connection_max)
      return asked.refuse(too_many_registrations(context_.bounds), dn);
    entry = &dns_.add(dn, at_hand_->dns);
  }
  if (registers && !entry->value.registered)
    entry->value.mode = each.mode;
  auto& request = dns_.batch_for(*entry, each.what, at_hand_->dns).add();
  request = each;
  request.reference = asked.hand_on();
}

// ---- requests about the link ---------------------------------------------------------------

void connection_impl::set_input_mask(const frame_view& frame) {
  auto mask = read_input_mask(frame.body);
  if (auto* wrong = std::get_if<fault>(&mask))
    return turn_away_or_close(frame.reference, *wrong);
  auto answer = admit(frame, 1);
  if (auto* closed = std::get_if<gate_fault>(&answer))
    return turn_away(frame.reference, describe(*closed));
  client_->mask.store(std::get<std::uint8_t>(mask), std::memory_order_relaxed);
  char bytes[ack_frame_bytes_max];
  ack said;
  said.time_us = context_.utc_now();
  auto* end = encode_ack(bytes, frame.reference, said);
  std::get<admitted_request>(answer).answer({bytes, static_cast<std::size_t>(end - bytes)});
}

// ---- events --------------------------------------------------------------------------------

void connection_impl::send_event(const frame_ahead& next) {
  auto& frame = next.frame;
  auto& event = next.event;
  if (event.malformed())
    return turn_away_or_close(frame.reference, dn_fault(send_fault::malformed, context_.bounds));
  auto* entry = dns_.find(event.this_dn, next.dn_hash);
  // A DN without an entry has nothing in flight: the connection may answer for it. Beyond the
  // window it answers too, at once; by the same checks, as far as it knows the registration.
  sender_facts from{client_->who.role, {}, true};
  if (entry == nullptr) {
    auto why = check_send(from, context_.configured.has(event.this_dn), event, context_.bounds);
    return turn_away(frame.reference, *why, event.this_dn);
  }
  // An indication is heard while the broker drains: commands wait for it.
  auto answer = pass_gate(context_, *client_,
                          {.reference = frame.reference,
                           .bytes = next.bytes,
                           .safety = is_safety_command(event.verb),
                           .confirms = is_indication(event.verb),
                           .in_service = life_ != life::draining || is_indication(event.verb)});
  if (auto* closed = std::get_if<gate_fault>(&answer)) {
    from.mode = entry->value.mode;
    auto why = check_send(from, true, event, context_.bounds);
    return turn_away(frame.reference, why ? *why : describe(*closed), event.this_dn);
  }
  auto& batch = dns_.batch_for(*entry, dn_request::kind::send, at_hand_->dns);
  batch.add_send(std::get<admitted_request>(answer).hand_on(), event);
}

} // namespace ringdown
