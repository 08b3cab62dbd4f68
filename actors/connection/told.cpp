#include "actors/connection/told.hpp"

#include "actors/meter_labels.hpp"

#include <cstdint>
#include <string>

namespace ringdown {

namespace {

/// How much an end matters to an operator.
observer::severity weight_of(const told_end& end, role who) {
  // That a sign-on was refused, and why, is told already.
  bool is_usual = end.reason == disconnect_reason::signed_off ||
                  end.reason == disconnect_reason::draining ||
                  end.reason == disconnect_reason::taken_over ||
                  end.reason == disconnect_reason::sign_on_refused ||
                  end.reason == disconnect_reason::unspecified;
  if (!is_usual)
    return observer::severity::warning;
  if (!end.was_signed_on) // whoever connects to see whether the port is open needs no line
    return observer::severity::debug;
  bool is_lost = end.without_a_word || end.reason == disconnect_reason::unspecified;
  bool is_missed = who == role::recorder && !end.was_drained;
  return is_lost && is_missed ? observer::severity::warning : observer::severity::info;
}

std::string unless_0(std::uint64_t n) {
  return n == 0 ? std::string{} : std::to_string(n);
}

} // namespace

void log_end(observer& told, const t_client& client, const told_end& end) {
  auto& who = client.who;
  auto level = weight_of(end, who.role);
  if (!told.wants("connection", level))
    return;
  auto known = end.was_signed_on;
  told.log("connection", level, "connection closed",
           {{"client", known ? to_string(who.id) : std::string{}},
            {"application", who.application},
            {"role", known ? to_string(who.role) : std::string_view{}},
            {"principal", who.principal},
            {"peer", who.peer.name},
            {"reason", end.why},
            {"lasted_ms", known ? std::to_string(end.lasted.count()) : std::string{}},
            {"events_missed", unless_0(client.box.missed_total())},
            {"unanswered", unless_0(client.window.outstanding())},
            {"outcomes_owed", unless_0(client.outcomes_owed())}});
}

void log_request(observer& told, const t_client& client, const frame_ahead& next) {
  using labels = label<body_number>;
  auto body = static_cast<body_number>(next.frame.body_number);
  if (body == body_number::heartbeat)
    return;
  auto& event = next.event;
  bool has_verb = next.is_send && event.verb != capture_verb::none;
  told.log("connection", observer::severity::debug, "request",
           {{"client", to_string(client.who.id)},
            {"application", client.who.application},
            {"request", labels::value(labels::index(body))},
            {"reference", std::to_string(next.frame.reference.value)},
            {"dn", next.is_send ? event.this_dn : std::string_view{}},
            {"command", has_verb ? to_string(event.verb) : std::string_view{}},
            {"id", event.command ? to_hex(event.command.view()) : std::string{}}});
}

void log_client(observer& told, const t_client& client, observer::severity level,
                std::string_view what, std::string_view why) {
  if (!told.wants("connection", level))
    return;
  auto& who = client.who;
  told.log("connection", level, what,
           {{"client", to_string(who.id)},
            {"application", who.application},
            {"role", to_string(who.role)},
            {"principal", who.principal},
            {"peer", who.peer.name},
            {"reason", why}});
}

} // namespace ringdown
