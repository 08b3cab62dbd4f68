#include "tests/actors/in_words.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

namespace ringdown::test {

namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string light(v1::CaptureState state) {
  switch (state) {
  case v1::CAPTURE_STATE_UNKNOWN: return "unknown";
  case v1::CAPTURE_STATE_ENABLED: return "enabled";
  case v1::CAPTURE_STATE_DISABLED: return "disabled";
  case v1::CAPTURE_STATE_PAUSED: return "paused";
  default: return "light " + number(static_cast<std::uint64_t>(state));
  }
}

std::string mode_word(v1::RegistrationMode mode) {
  switch (mode) {
  case v1::REGISTRATION_MODE_SHARE: return "share";
  case v1::REGISTRATION_MODE_PRIVATE: return "private";
  case v1::REGISTRATION_MODE_MONITOR: return "monitor";
  default: return "mode " + number(static_cast<std::uint64_t>(mode));
  }
}

std::string without_prefix(const std::string& name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::string hex(std::uint64_t value) {
  std::ostringstream out;
  out << std::hex << value;
  return out.str();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::string reason_word(v1::BrokerReason reason) {
  return without_prefix(v1::BrokerReason_Name(reason), "BROKER_REASON_");
}

std::string verb_word(v1::Command verb) {
  return lower(without_prefix(v1::Command_Name(verb), "COMMAND_"));
}

std::string call_words(std::uint64_t call) {
  return call != 0 ? " call " + hex(call) : "";
}

std::string version_words(std::uint64_t version) {
  return version != 0 ? " v" + number(version) : "";
}

/// What was said for people.
std::string because_words(const std::string& reason, const std::string& agent) {
  return (agent.empty() ? "" : ", agent " + agent) + (reason.empty() ? "" : ", because " + reason);
}

std::string ack_words(const v1::EventACK& ack) {
  std::string out = ":";
  if (ack.has_recorders_queued())
    out += " recorders " + number(ack.recorders_queued()) + ",";
  if (ack.dn_sequence() != 0)
    out += " #" + number(ack.dn_sequence());
  if (ack.version() != 0)
    out += " v" + number(ack.version());
  if (ack.user_event() != 0)
    out += " tag " + std::to_string(ack.user_event());
  if (!ack.this_dn().empty())
    out += " on " + ack.this_dn();
  return out == ":" ? "" : out;
}

std::string error_words(const v1::EventError& error) {
  auto out = ": " + number(error.error_code());
  if (error.has_this_dn())
    out += " on " + (error.this_dn().empty() ? "an empty DN" : error.this_dn());
  if (error.has_version())
    out += ", v" + number(error.version());
  if (error.has_last_known_state())
    out += ", last known " + light(error.last_known_state());
  return out;
}

std::string what_of(const v1::Event& event) {
  for (auto& pair : event.user_data().pairs())
    if (pair.key() == "screen-capture")
      return pair.string_value();
  return "user event" + (event.user_event() != 0 ? " " + std::to_string(event.user_event()) : "");
}

std::string origin_of(const v1::EventUserEvent& event, const name_of_client& name) {
  if (event.origin_client_id() == 0)
    return event.origin_role() == v1::ROLE_BROKER ? "the broker" : "nobody";
  return name(event.origin_client_id());
}

/// What a verb asks for by itself.
std::optional<v1::CaptureState> usual_desired(const std::string& verb) {
  if (verb == "start" || verb == "resume")
    return v1::CAPTURE_STATE_ENABLED;
  if (verb == "pause")
    return v1::CAPTURE_STATE_PAUSED;
  if (verb == "stop")
    return v1::CAPTURE_STATE_DISABLED;
  return std::nullopt;
}

/// What the screen is to be, where the verb does not say it.
std::string desired_words(const v1::EventUserEvent& event) {
  auto usual = event.mark() == v1::EVENT_MARK_HELD ? v1::CAPTURE_STATE_PAUSED
                                                   : usual_desired(what_of(event.event()));
  if (!event.has_desired())
    return usual ? ", desired nothing" : "";
  return usual == event.desired() ? "" : ", desired " + light(event.desired());
}

std::string special_words(const v1::EventUserEvent& event, const name_of_client& name) {
  std::string out;
  if (event.directed_reference_id() != 0)
    out += ", directed " + number(event.directed_reference_id());
  if (event.coalesced())
    out += ", newest";
  if (event.mark() == v1::EVENT_MARK_ALARM)
    out += ", alarm";
  bool is_held = event.mark() == v1::EVENT_MARK_HELD;
  if (is_held)
    out += ", held";
  if (event.kept_from_recorders() != is_held)
    out += is_held ? ", not kept" : ", kept";
  if (event.for_recorder_client_id() != 0)
    out += ", for " + name(event.for_recorder_client_id());
  return out;
}

std::string failure_words(std::uint32_t code, const std::string& text) {
  return (code != 0 ? " " + number(code) : "") + (text.empty() ? "" : " " + text);
}

std::string event_words(const v1::EventUserEvent& event, const name_of_client& name) {
  auto out = "event " + event.event().this_dn() + " #" + number(event.dn_sequence()) +
             call_words(event.event().connection_id()) + ": " + what_of(event.event()) +
             version_words(event.version()) + " by " + origin_of(event, name) + ", light " +
             light(event.effective_state());
  if (event.broker_reason() != v1::BROKER_REASON_UNSPECIFIED)
    out += ", " + reason_word(event.broker_reason());
  out += special_words(event, name) + desired_words(event);
  if (event.has_failure())
    out += ", failure" + failure_words(event.failure().code(), event.failure().text());
  return out + because_words(event.reason(), event.agent_id());
}

/// "desk's pause of call 71", and what a person wants to know of it.
std::string pause_words(const v1::Pause& pause) {
  auto scope = pause.connection_id() != 0 ? "call " + hex(pause.connection_id()) : "all";
  return pause.application_name() + "'s pause of " + scope + version_words(pause.version()) +
         (pause.holder_gone() ? ", holder gone" : "") +
         (pause.waiting() != 0 ? ", " + number(pause.waiting()) + " wait" : "") +
         because_words(pause.reason(), pause.agent_id());
}

std::string result_words(const v1::EventOutcome& outcome, const v1::RecorderResult& r,
                         const name_of_client& name) {
  auto out = "; " + name(r.client_id()) + " " +
             lower(without_prefix(v1::RecorderVerdict_Name(r.verdict()), "RECORDER_VERDICT_"));
  // Its word, where the verdict does not say it.
  auto usual = usual_desired(verb_word(outcome.command()));
  bool tells = r.verdict() == v1::RECORDER_VERDICT_OTHERWISE ||
               (r.verdict() == v1::RECORDER_VERDICT_CONFIRMED && usual);
  if (tells && usual != r.said())
    out += " " + light(r.said());
  return out + failure_words(r.failure_code(), r.failure_text());
}

std::string outcome_words(const v1::EventOutcome& outcome, const name_of_client& name) {
  auto out = "outcome " + outcome.this_dn() + " #" + number(outcome.dn_sequence()) +
             call_words(outcome.connection_id()) + ": " + verb_word(outcome.command()) + " " +
             lower(without_prefix(v1::Outcome_Name(outcome.outcome()), "OUTCOME_"));
  if (outcome.error_code() != 0)
    out += " " + number(outcome.error_code());
  if (outcome.superseded_by_version() != 0)
    out += " by v" + number(outcome.superseded_by_version());
  if (outcome.has_held_by())
    out += " by " + pause_words(outcome.held_by());
  if (outcome.aggregate() != v1::CAPTURE_AGGREGATE_UNSPECIFIED)
    out += ", all say " + lower(without_prefix(v1::CaptureAggregate_Name(outcome.aggregate()),
                                               "CAPTURE_AGGREGATE_"));
  if (outcome.broker_reason() != v1::BROKER_REASON_UNSPECIFIED)
    out += ", " + reason_word(outcome.broker_reason());
  if (outcome.released_sequence() != 0)
    out += " of #" + number(outcome.released_sequence());
  out += because_words(outcome.reason(), outcome.agent_id());
  for (auto& r : outcome.recorders())
    out += result_words(outcome, r, name);
  return out;
}

std::string unregistered_words(const v1::EventUnregistered& gone) {
  if (gone.every_dn())
    return ": every DN";
  return ": " + gone.this_dn() + (gone.error_code() != 0 ? ", " + number(gone.error_code()) : "");
}

} // namespace

namespace {

std::string calls_in_words(const v1::CaptureSession& session) {
  std::string out;
  for (auto& call : session.calls()) {
    bool is_known = call.connection_id() != 0 || call.wants_recording() || call.stopped();
    if (!is_known)
      continue; // a pause of the whole screen, which is shown itself
    out += "; call " + hex(call.connection_id());
    if (call.wants_recording())
      out += " wants recording";
    if (call.stopped())
      out += " stopped";
    for (auto former : call.former_connection_ids())
      out += " was " + hex(former);
  }
  return out;
}

std::string recorders_in_words(const v1::CaptureSession& session) {
  std::string out;
  for (auto& r : session.recorders()) {
    out += "; " + (r.application_name().empty() ? "somebody" : r.application_name());
    out += r.has_said() ? " says " + light(r.said()) : " is silent";
    if (r.connection_id() != 0)
      out += " of " + hex(r.connection_id());
    if (r.owes() != 0)
      out += ", owes " + number(r.owes());
  }
  return out;
}

std::string orders_in_words(const v1::CaptureSession& session) {
  std::string out;
  for (auto& order : session.orders()) {
    out += "; " + verb_word(order.command()) + version_words(order.version()) +
           call_words(order.connection_id()) + (order.held() ? " held" : " open");
    if (order.broker_reason() != v1::BROKER_REASON_UNSPECIFIED)
      out += ", " + reason_word(order.broker_reason());
  }
  return out;
}

std::string session_words(const v1::CaptureSession& session, v1::CaptureState shown) {
  auto out = "; wants " + (session.has_desired() ? light(session.desired()) : "nothing") +
             version_words(session.version());
  if (session.observed() != shown) // never, but where two lights are shown
    out += ", sees " + light(session.observed());
  out += calls_in_words(session);
  for (auto& pause : session.pauses())
    out += "; " + pause_words(pause);
  out += recorders_in_words(session) + orders_in_words(session);
  for (auto& alarm : session.alarms())
    out += "; alarm " + reason_word(alarm.broker_reason());
  return out;
}

std::string line_of(const v1::AddressSummary& one) {
  auto out = one.this_dn() + " " + light(one.effective_state());
  if (one.has_desired())
    out += " wants " + light(one.desired());
  out += ", recorders " + number(one.recorders_active()) + ", clients " +
         number(one.clients_registered());
  if (one.pauses() != 0)
    out += ", pauses " + number(one.pauses());
  if (one.waiting() != 0)
    out += ", waiting " + number(one.waiting());
  if (one.alarms() != 0)
    out += ", alarms " + number(one.alarms());
  return out;
}

std::string list_words(const v1::EventAddressList& list) {
  std::string out = ":";
  for (auto& one : list.addresses())
    out += " " + line_of(one) + ";";
  return out + (list.next().empty() ? " the end" : " more after " + list.next());
}

} // namespace

std::string in_words(const v1::Snapshot& snapshot) {
  auto out = "light " + light(snapshot.effective_state()) + ", v" + number(snapshot.version()) +
             " #" + number(snapshot.dn_sequence()) + ", recorders " +
             number(snapshot.recorders_active()) + "+" + number(snapshot.recorders_standby()) +
             ", clients " + number(snapshot.clients_registered());
  for (auto& session : snapshot.sessions())
    out += session_words(session, snapshot.effective_state());
  return out;
}

std::string in_words(const v1::Frame& frame, const name_of_client& name) {
  auto reference = frame.reference_id() != 0 ? " " + number(frame.reference_id()) : "";
  switch (frame.body_case()) {
  case v1::Frame::kEventLinkConnected: return "connected" + reference;
  case v1::Frame::kEventAck: return "ACK" + reference + ack_words(frame.event_ack());
  case v1::Frame::kEventError: return "Error" + reference + error_words(frame.event_error());
  case v1::Frame::kEventRegistered: {
    auto& registered = frame.event_registered();
    if (registered.every_dn())
      return "registered" + reference + ": every DN " + mode_word(registered.mode());
    return "registered" + reference + ": " + registered.this_dn() + " " +
           mode_word(registered.mode()) + "; " + in_words(registered.snapshot());
  }
  case v1::Frame::kEventUnregistered:
    return "unregistered" + reference + unregistered_words(frame.event_unregistered());
  case v1::Frame::kEventAddressInfo:
    return "address" + reference + ": " + frame.event_address_info().this_dn() + "; " +
           in_words(frame.event_address_info().snapshot());
  case v1::Frame::kEventAddressList:
    return "list" + reference + list_words(frame.event_address_list());
  case v1::Frame::kEventOutcome: return outcome_words(frame.event_outcome(), name) + reference;
  case v1::Frame::kEventUserEvent: return event_words(frame.event_user_event(), name) + reference;
  case v1::Frame::kEventMissed: {
    auto& missed = frame.event_missed();
    return "missed " + missed.this_dn() + " " + number(missed.from_sequence()) + "-" +
           number(missed.to_sequence());
  }
  case v1::Frame::kEventLinkDisconnected:
    return "disconnected" + reference + ": " +
           without_prefix(v1::DisconnectReason_Name(frame.event_link_disconnected().reason()),
                          "DISCONNECT_REASON_");
  default: return "what no client expects: " + frame.ShortDebugString();
  }
}

} // namespace ringdown::test
