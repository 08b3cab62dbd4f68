#include "actors/connection/access.hpp"

#include "actors/connection/connection_impl.hpp"
#include "actors/connection/told.hpp"
#include "actors/published_instance.hpp"
#include "messages/refusals.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

/// Whoever guesses is answered slowly. One that nobody looked at guesses nothing.
bool must_be_held_back(const authenticated& found) noexcept {
  return !found && found.retry_after_ms != 0 && !found.overloaded;
}

/// Whoever was not looked at may come again; who was refused had better not.
disconnect_reason reason_of(error_code why) noexcept {
  switch (why) {
  case error_code::overloaded: return disconnect_reason::overloaded;
  case error_code::internal_error: return disconnect_reason::internal_error;
  default: return disconnect_reason::sign_on_refused;
  }
}

} // namespace

// ---- to prove it ---------------------------------------------------------------------------

void connection_access::prove(std::string credentials, const proof_question& question) {
  asked_ = question;
  ++last_proof_.value;
  proof_due_ = of_.clock().now() + of_.context_.bounds.control_timeout;
  arm();
  auto& who = of_.client_->who;
  of_.context_.authenticate({who.role, who.application, std::move(credentials), who.peer,
                             question.what == proof_question::kind::renewal},
                            [to = of_.address(), which = last_proof_](authenticated found) {
                              if (auto self = caf::actor_cast<connection_actor>(to))
                                caf::anon_send(self, authenticated_atom::value, which,
                                               std::move(found));
                            });
}

void connection_access::proven(letter_number which, const authenticated& found) {
  if (!asked_ || which != last_proof_ || held_back_)
    return;
  if (!must_be_held_back(found))
    return conclude(found);
  held_back_ = found;
  proof_due_ = of_.clock().now() + std::chrono::milliseconds{found.retry_after_ms};
  arm();
}

/// Nothing: it was not known in time.
void connection_access::conclude(const std::optional<authenticated>& found) {
  auto question = *std::exchange(asked_, std::nullopt);
  if (!found || !*found) {
    tell_of_refusal(found);
    return refuse(question, describe(found));
  }
  if (question.what == proof_question::kind::renewal)
    renewed(question, *found);
  else if (of_.life_ == connection_life::signing_on) // not closed meanwhile
    sign_on(question, *found);
}

/// To the operator: the client is not told the cause.
void connection_access::tell_of_refusal(const std::optional<authenticated>& found) {
  bool is_sign_on = of_.life_ == connection_life::signing_on;
  if (is_sign_on && found)
    of_.client_->who.principal = found->principal; // as far as it was proven
  if (is_sign_on)
    counted_at(of_.context_, of_.where())
      .sign_on_failures.count(found ? sign_on_failure{found->refused} : not_answered);
  log_client(*of_.context_.observed_by, *of_.client_, observer::severity::warning,
             is_sign_on ? "sign-on refused" : "renewal refused",
             found ? found->refused : "not known in time");
}

void connection_access::refuse(const proof_question& question, const fault& why) {
  if (question.what == proof_question::kind::renewal)
    return of_.client_->refuse(question.reference, why, {{}, {}, {}, of_.context_.utc_now()});
  if (of_.life_ != connection_life::signing_on)
    return;
  of_.turn_away(question.reference, why);
  of_.close(reason_of(why.code), "sign-on was refused");
}

void connection_access::take(const authenticated& found) {
  rests_on_ = found.rests_on;
  expires_us_ = found.credentials_expire_us;
  has_expired_ = false;
}

void connection_access::sign_on(const proof_question& question, const authenticated& found) {
  auto& who = of_.client_->who;
  who.principal = found.principal;
  who.instance =
    published_instance(of_.context_.secret, who.application, question.instance, who.principal);
  bool is_granted = !found.may || found.may->allows(who.role, action::sign_on, {});
  if (!is_granted || !of_.context_.may(who, action::sign_on, {})) {
    tell_of_refusal(
      authenticated{.refused = is_granted ? not_authorized.cause : "role_not_granted"});
    return refuse(question, refused(error_code::bad_credentials));
  }
  take(found);
  of_.client_->grant(found.may);
  of_.ask_to_sign_on(question.reference, question.terms);
}

void connection_access::signed_on() {
  look();
  changed(); // it may have, while it signed on
}

// ---- to renew it ---------------------------------------------------------------------------

void connection_access::renew(const frame_view& frame) {
  v1::RequestRenewCredentials asked;
  if (auto wrong = parse_control(frame.body, asked))
    return of_.turn_away_or_close(frame.reference, *wrong);
  if (auto wrong = check_credentials(asked.credentials()))
    return of_.turn_away(frame.reference, *wrong);
  if (asked_)
    return of_.turn_away(frame.reference, invalid("request_renew_credentials", "one at a time",
                                                  "another renewal is under way"));
  auto answer = of_.admit(frame, 1);
  if (auto* closed = std::get_if<gate_fault>(&answer))
    return of_.turn_away(frame.reference, describe(*closed));
  prove(std::move(*asked.mutable_credentials()),
        {.what = proof_question::kind::renewal,
         .reference = std::get<admitted_request>(answer).hand_on()});
}

/// Other rights of the same principal are taken over; another principal would be another client.
void connection_access::renewed(const proof_question& question, const authenticated& found) {
  auto& client = *of_.client_;
  bool is_same = found.principal == client.who.principal &&
                 (!found.may || found.may->allows(client.who.role, action::sign_on, {}));
  if (!is_same) {
    tell_of_refusal(authenticated{.refused = "another_principal"});
    return refuse(question, refused(error_code::bad_credentials, "credentials",
                                    "those of the same principal, for the same role"));
  }
  take(found);
  client.answer(question.reference,
                encode_renewed(question.reference, expires_us_, of_.context_.utc_now()));
  log_client(*of_.context_.observed_by, *of_.client_, observer::severity::info,
             "credentials renewed");
  grant(found.may);
  look();
}

// ---- to lose it ----------------------------------------------------------------------------

void connection_access::due() {
  auto now = of_.clock().now();
  if (asked_ && now >= proof_due_)
    conclude(std::exchange(held_back_, std::nullopt));
  if (now >= look_due_)
    look();
  arm();
}

/// What follows from the time of the credentials, and when to look again.
void connection_access::look() {
  look_due_ = never;
  if (!is_signed_on(of_.life_))
    return;
  auto now_us = of_.context_.utc_now();
  switch (expiry_at(expires_us_, now_us, of_.context_.access)) {
  case expiry::nothing: break;
  case expiry::grace:
    if (!std::exchange(has_expired_, true))
      log_client(*of_.context_.observed_by, *of_.client_, observer::severity::warning,
                 "credentials expired: only pause, stop and indications pass");
    break;
  case expiry::end:
    return of_.close(disconnect_reason::credentials_expired, "the credentials have expired");
  }
  if (auto in = next_expiry_look(expires_us_, now_us, of_.context_.access))
    look_due_ = of_.clock().now() + *in;
  arm();
}

/// One time for both: no connection has more than one timer, and none that outlives its link.
void connection_access::arm() {
  auto due = std::min(asked_ ? proof_due_ : never, look_due_);
  if (due != never)
    of_.edge_->wake_at(due);
}

void connection_access::changed() {
  if (!rests_on_ || !is_signed_on(of_.life_))
    return;
  auto now = rests_on_->again();
  if (!now || !now.may || !now.may->allows(of_.client_->who.role, action::sign_on, {}))
    return of_.close(disconnect_reason::access_changed, "the access list has changed");
  grant(std::move(now.may));
  if (std::exchange(expires_us_, now.credentials_expire_us) != now.credentials_expire_us)
    look(); // their time has changed
}

/// Nobody asked for it.
void connection_access::end_watch() {
  auto& client = *of_.client_;
  of_.watches_ = false;
  of_.context_.watchers.remove(client);
  static_cast<void>(client.box.answer(encode_watch(
    {}, dn_request::kind::unregister, of_.context_.utc_now(), error_code::access_restricted)));
}

/// Its registrations hear of other rights, and so does its watch over every DN.
void connection_access::grant(std::shared_ptr<const grants> may) {
  auto& client = of_.client_;
  auto before = client->granted();
  if (before == may || (before && may && *before == *may))
    return;
  client->grant(may);
  log_client(*of_.context_.observed_by, *of_.client_, observer::severity::info,
             "its rights have changed");
  if (of_.watches_ && may && !may->allows(client->who.role, action::monitor, "*"))
    end_watch();
  of_.dns_.tell_all(
    [&](const dn_ref& dn) { caf::anon_send(dn.handle(), access_changed_atom::value, client); });
}

} // namespace ringdown
