#include "tests/actors/in_words.hpp"

#include <algorithm>
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

std::string event_words(const v1::EventUserEvent& event, const name_of_client& name) {
  auto out = "event " + event.event().this_dn() + " #" + number(event.dn_sequence());
  if (event.event().connection_id() != 0)
    out += " call " + hex(event.event().connection_id());
  out += ": " + what_of(event.event());
  if (event.version() != 0)
    out += " v" + number(event.version());
  out += " by " + origin_of(event, name) + ", light " + light(event.effective_state());
  if (event.broker_reason() != v1::BROKER_REASON_UNSPECIFIED)
    out += ", " + without_prefix(v1::BrokerReason_Name(event.broker_reason()), "BROKER_REASON_");
  if (event.directed_reference_id() != 0)
    out += ", directed " + number(event.directed_reference_id());
  if (event.coalesced())
    out += ", newest";
  if (event.mark() == v1::EVENT_MARK_ALARM)
    out += ", alarm";
  if (event.mark() == v1::EVENT_MARK_HELD)
    out += ", held";
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::string outcome_words(const v1::EventOutcome& outcome, const name_of_client& name) {
  auto out = "outcome " + outcome.this_dn() + " #" + number(outcome.dn_sequence());
  if (outcome.connection_id() != 0)
    out += " call " + hex(outcome.connection_id());
  out += ": " + lower(without_prefix(v1::Command_Name(outcome.command()), "COMMAND_")) + " " +
         lower(without_prefix(v1::Outcome_Name(outcome.outcome()), "OUTCOME_"));
  if (outcome.error_code() != 0)
    out += " " + number(outcome.error_code());
  if (outcome.superseded_by_version() != 0)
    out += " by v" + number(outcome.superseded_by_version());
  if (outcome.outcome() == v1::OUTCOME_HELD)
    out += " by call " + hex(outcome.held_by_connection_id());
  if (outcome.aggregate() != v1::CAPTURE_AGGREGATE_UNSPECIFIED)
    out += ", all say " + lower(without_prefix(v1::CaptureAggregate_Name(outcome.aggregate()),
                                               "CAPTURE_AGGREGATE_"));
  for (auto& r : outcome.recorders())
    out += "; " + name(r.client_id()) + " " +
           lower(without_prefix(v1::RecorderVerdict_Name(r.verdict()), "RECORDER_VERDICT_"));
  return out;
}

std::string unregistered_words(const v1::EventUnregistered& gone) {
  return ": " + gone.this_dn() + (gone.error_code() != 0 ? ", " + number(gone.error_code()) : "");
}

} // namespace

std::string in_words(const v1::Snapshot& snapshot) {
  auto out = "light " + light(snapshot.effective_state()) + ", v" + number(snapshot.version()) +
             " #" + number(snapshot.dn_sequence()) + ", recorders " +
             number(snapshot.recorders_active()) + "+" + number(snapshot.recorders_standby()) +
             ", clients " + number(snapshot.clients_registered());
  for (auto& session : snapshot.sessions()) {
    out += "; call " + hex(session.connection_id());
    if (session.has_desired())
      out += " wants " + light(session.desired());
    out += " sees " + light(session.observed());
    if (session.version() != 0)
      out += " v" + number(session.version());
    if (session.held())
      out += " held";
  }
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
    return "registered" + reference + ": " + registered.this_dn() + " " +
           mode_word(registered.mode()) + "; " + in_words(registered.snapshot());
  }
  case v1::Frame::kEventUnregistered:
    return "unregistered" + reference + unregistered_words(frame.event_unregistered());
  case v1::Frame::kEventAddressInfo:
    return "address" + reference + ": " + frame.event_address_info().this_dn() + "; " +
           in_words(frame.event_address_info().snapshot());
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
