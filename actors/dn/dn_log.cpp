// What a DN tells its operator of screens: each safety event once, and what a person must look at.
#include "actors/dn/dn_screen.hpp"

#include <algorithm>
#include <string>

namespace ringdown {

namespace {

/// Whether this outcome leads to more than a line for those who look closely.
bool is_failure(outcome result) noexcept {
  return result == outcome::timed_out || result == outcome::partial ||
         result == outcome::recorder_lost || result == outcome::unknown ||
         result == outcome::failed;
}

/// Which recorders are to be looked at, and what each made of it: those that did not do it. Where
/// it failed, and there was none at all, that is why.
std::string at_fault(const outcome_event& event) {
  if (!is_failure(event.result))
    return {};
  std::string all;
  for (auto& each : event.recorders) {
    if (each.verdict == recorder_verdict::confirmed)
      continue;
    if (!all.empty())
      all += ", ";
    all.append(each.application).append(each.application.empty() ? "" : " ");
    all += to_string(each.recorder) + ' ';
    all += to_string(each.verdict);
    if (each.failure_code != 0)
      all += " with code " + std::to_string(each.failure_code);
  }
  return event.recorders.empty() ? "none" : all;
}

} // namespace

/// What was asked, who asked, and what became of it.
void dn_screen::log_outcome(const outcome_event& event, const accepted_command* command) {
  bool is_question = event.verb == capture_verb::query;
  bool is_own_question = is_question && event.cause != broker_reason::unspecified;
  auto level = is_failure(event.result) && !is_own_question ? observer::severity::warning
               : is_question                                ? observer::severity::debug
                                                            : observer::severity::info;
  if (!state_.context.observed_by->wants("dn", level))
    return;
  auto what = event.released                              ? "held command let go"
              : event.cause != broker_reason::unspecified ? "outcome of the broker's order"
                                                          : "outcome of a command";
  // The clock of the machine may be set meanwhile. Of the broker's own orders nothing else is
  // known.
  auto by_utc = std::max<std::int64_t>(0, event.time_us - event.accepted_time_us) / 1000;
  auto took = command != nullptr ? (actor_.steady_now() - command->accepted_at).count() : by_utc;
  auto id = event.released ? event.released_command : event.command;
  state_.context.observed_by->log(
    "dn", level, what,
    {{"dn", state_.name()},
     {"conn", to_string(event.connection)},
     {"command", to_string(event.verb)},
     {"id", id ? to_hex(id.view()) : std::string{}},
     {"outcome", to_string(event.result)},
     {"recorders", at_fault(event)},
     {"by", event.origin_application},
     {"principal", command != nullptr ? command->principal() : std::string_view{}},
     {"agent", event.agent_id},
     {"cause", event.cause == broker_reason::unspecified ? event.reason : to_string(event.cause)},
     {"ms", std::to_string(took)}});
}

std::string_view dn_screen::application_of(client_id client) const {
  auto* known = state_.clients.find(client);
  return known != nullptr ? std::string_view{known->client->who.application} : std::string_view{};
}

/// A person must look: at which recorder, if it is about one, and what that last said.
void dn_screen::log_alarm(broker_reason reason, client_id recorder) {
  constexpr auto what = "alarm: a person must look";
  auto dn = std::string_view{state_.name()};
  if (!recorder)
    return state_.context.observed_by->log("dn", observer::severity::error, what,
                                           {{"dn", dn}, {"reason", to_string(reason)}});
  auto* known = find_recorder(shown(), recorder);
  bool has_spoken = known != nullptr && known->said;
  state_.context.observed_by->log("dn", observer::severity::error, what,
                                  {{"dn", dn},
                                   {"reason", to_string(reason)},
                                   {"recorder", application_of(recorder)},
                                   {"client", to_string(recorder)},
                                   {"said", has_spoken ? to_string(*known->said) : "nothing"}});
}

/// `failed` without an order is no alarm: it says nothing of the screen. Nothing else shows it.
void dn_screen::log_if_unasked(const indication_heard& word) {
  auto* known = find_recorder(shown(), word.recorder);
  if (known != nullptr && !known->owes.empty())
    return; // the order's outcome tells
  state_.context.observed_by->log("dn", observer::severity::warning,
                                  "a recorder says failed, and was ordered nothing",
                                  {{"dn", state_.name()},
                                   {"recorder", application_of(word.recorder)},
                                   {"client", to_string(word.recorder)},
                                   {"code", std::to_string(word.failure_code)},
                                   {"text", word.failure_text}});
}

} // namespace ringdown
