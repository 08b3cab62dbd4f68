#include "broker/admin/json.hpp"

#include "broker/admin/http.hpp"

#include <nlohmann/json.hpp>

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>

namespace ringdown::admin {

namespace {

/// Objects keep the order in which they are written: people read them.
using json = nlohmann::ordered_json;

/// Bytes that are no UTF-8 are told as such, and break nothing.
std::string text_of(const json& what) {
  return what.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

json or_null(std::string_view text) {
  return text.empty() ? json{} : json(text);
}

json time_or_null(std::int64_t us) {
  return us == 0 ? json{} : json(us);
}

json id_or_null(std::uint64_t id) {
  return id == 0 ? json{} : json(to_hex(id));
}

json row_of(const connection_row& row) {
  return {{"id", to_string(row.id)},
          {"role", to_string(row.role)},
          {"application", row.application},
          {"principal", or_null(row.principal)},
          {"peer", row.peer},
          {"encrypted", row.is_encrypted},
          {"outbox_bytes", row.outbox_bytes},
          {"outbox_frames", row.outbox_frames},
          {"above_high_water", row.is_above_high_water},
          {"has_gap", row.has_gap},
          {"events_missed", row.missed},
          {"requests_outstanding", row.requests_outstanding},
          {"outcomes_owed", row.outcomes_owed},
          {"silent_ms", row.silent_ms}};
}

json row_of(const dn_row& row) {
  return {{"dn", row.dn},
          {"light", light_word(row.light)},
          {"desired", row.desired ? json(light_word(*row.desired)) : json{}},
          {"pauses", row.pauses},
          {"paused_since_us", time_or_null(row.paused_since_us)},
          {"waiting", row.waiting},
          {"alarms", row.alarms},
          {"recorders_active", row.recorders_active},
          {"clients", row.clients},
          {"changed_us", time_or_null(row.changed_us)}};
}

json row_of(const trace_line& line) {
  auto& frame = line.frame;
  return {{"time_us", line.time_us},
          {"direction", line.is_from_client ? "in" : "out"},
          {"client", to_string(line.client)},
          {"role", to_string(line.role)},
          {"application", line.application},
          {"kind", frame.kind},
          {"dn", or_null(frame.dn)},
          {"dns", frame.dns},
          {"verb", frame.verb == capture_verb::none ? json{} : json(to_string(frame.verb))},
          {"light", frame.light ? json(light_word(*frame.light)) : json{}},
          {"reference", frame.reference.value},
          {"command", frame.command ? json(to_hex(frame.command.view())) : json{}},
          {"result", or_null(frame.result)},
          {"bytes", frame.bytes}};
}

json page_of(std::string_view name, json rows, const std::string& next) {
  json page;
  page[std::string{name}] = std::move(rows);
  page["next"] = or_null(next);
  return page;
}

template <class Rows>
json rows_of(const Rows& rows) {
  auto all = json::array();
  for (auto& row : rows)
    all.push_back(row_of(row));
  return all;
}

std::string_view light_of(v1::CaptureState state) noexcept {
  return light_word(static_cast<capture_state>(state));
}

// ---- a DN's state --------------------------------------------------------------------------

json call_of(const v1::Call& call) {
  auto former = json::array();
  for (auto id : call.former_connection_ids())
    former.push_back(to_hex(id));
  return {{"connection_id", to_hex(call.connection_id())},
          {"wants_recording", call.wants_recording()},
          {"stopped", call.stopped()},
          {"version", call.version()},
          {"former_connection_ids", std::move(former)}};
}

json pause_of(const v1::Pause& pause) {
  return {{"connection_id", id_or_null(pause.connection_id())},
          {"application", pause.application_name()},
          {"agent_id", or_null(pause.agent_id())},
          {"client", id_or_null(pause.client_id())},
          {"reason", or_null(pause.reason())},
          {"since_us", pause.since_time_us()},
          {"version", pause.version()},
          {"holder_gone", pause.holder_gone()},
          {"waiting", pause.waiting()}};
}

json word_of(const v1::RecorderWord& word) {
  return {{"client", to_hex(word.client_id())},
          {"application", or_null(word.application_name())},
          {"said", word.has_said() ? json(light_of(word.said())) : json{}},
          {"said_us", time_or_null(word.time_us())},
          {"owes", word.owes()},
          {"per_call", word.per_call()}};
}

json order_of(const v1::OpenOrder& order) {
  return {{"sequence", order.dn_sequence()},
          {"command", to_string(static_cast<capture_verb>(order.command()))},
          {"connection_id", id_or_null(order.connection_id())},
          {"version", order.version()},
          {"held", order.held()},
          {"deadline_us", time_or_null(order.deadline_time_us())},
          {"cause", order.broker_reason() == 0
                      ? json{}
                      : json(to_string(static_cast<broker_reason>(order.broker_reason())))}};
}

json alarm_of(const v1::StandingAlarm& alarm) {
  return {{"reason", to_string(static_cast<broker_reason>(alarm.broker_reason()))},
          {"since_us", alarm.since_time_us()},
          {"recorder", id_or_null(alarm.recorder_client_id())}};
}

template <class Repeated, class One>
json all_of(const Repeated& rows, One one) {
  auto all = json::array();
  for (auto& row : rows)
    all.push_back(one(row));
  return all;
}

json session_of(const v1::CaptureSession& session) {
  return {{"desired", session.has_desired() ? json(light_of(session.desired())) : json{}},
          {"desired_us", time_or_null(session.desired_time_us())},
          {"desired_by_client", id_or_null(session.desired_by_client_id())},
          {"desired_by_application", or_null(session.desired_by_application())},
          {"connection_id", id_or_null(session.connection_id())},
          {"version", session.version()},
          {"changed_us", time_or_null(session.changed_time_us())},
          {"calls", all_of(session.calls(), call_of)},
          {"pauses", all_of(session.pauses(), pause_of)},
          {"recorders", all_of(session.recorders(), word_of)},
          {"orders", all_of(session.orders(), order_of)},
          {"alarms", all_of(session.alarms(), alarm_of)}};
}

json outcome_of(const v1::EventOutcome& told) {
  auto cause = told.broker_reason();
  return {{"sequence", told.dn_sequence()},
          {"command", to_string(static_cast<capture_verb>(told.command()))},
          {"outcome", to_string(static_cast<outcome>(told.outcome()))},
          {"connection_id", id_or_null(told.connection_id())},
          {"version", told.version()},
          {"client", id_or_null(told.origin_client_id())},
          {"application", or_null(told.origin_application())},
          {"agent_id", or_null(told.agent_id())},
          {"reason", or_null(told.reason())},
          {"cause", cause == 0 ? json{} : json(to_string(static_cast<broker_reason>(cause)))},
          {"accepted_us", time_or_null(told.accepted_time_us())},
          {"told_us", told.time_us()}};
}

json registration_of(const shown_registration& one) {
  return {{"client", to_string(one.client)},
          {"role", to_string(one.role)},
          {"mode", to_string(one.mode)},
          {"standby", one.standby},
          {"application", one.application},
          {"principal", or_null(one.principal)},
          {"peer", one.peer}};
}

} // namespace

std::string_view light_word(capture_state light) noexcept {
  return label<capture_state>::value(label<capture_state>::index(light));
}

std::optional<capture_state> parse_light(std::string_view word) noexcept {
  for (auto light : {capture_state::unknown, capture_state::enabled, capture_state::disabled,
                     capture_state::paused})
    if (light_word(light) == word)
      return light;
  return std::nullopt;
}

std::string summary_json(const broker_facts& facts, const meter_set& counts,
                         const std::vector<ready_check>& checks) {
  json roles;
  for (std::size_t i = 1; i < label<role>::size; ++i)
    roles[std::string{label<role>::value(i)}] =
      sum_of(counts, &meters::connections, static_cast<role>(i));
  json lights;
  for (std::size_t i = 0; i < label<capture_state>::size; ++i)
    lights[std::string{label<capture_state>::value(i)}] =
      sum_of(counts, &meters::sessions_light, static_cast<capture_state>(i));
  auto is_ready =
    std::all_of(checks.begin(), checks.end(), [](auto& c) { return c.fault.empty(); });
  return text_of({{"name", facts.name},
                  {"version", facts.version},
                  {"instance", to_hex(facts.instance)},
                  {"node", facts.node},
                  {"scheduler", facts.scheduler},
                  {"started_us", facts.started_us},
                  {"now_us", facts.now_us},
                  {"ready", is_ready},
                  {"connections", facts.connections},
                  {"connections_unsigned", facts.connections_unsigned},
                  {"connections_by_role", std::move(roles)},
                  {"dns", sum_of(counts, &meters::dns)},
                  {"dns_without_recorder", sum_of(counts, &meters::dns_without_recorder)},
                  {"recorders_active", sum_of(counts, &meters::recorders_active)},
                  {"sessions_by_light", std::move(lights)},
                  {"pauses", sum_of(counts, &meters::pauses_held)},
                  {"alarms", sum_of(counts, &meters::alarms)},
                  {"outcomes_owed", facts.outcomes_owed},
                  {"memory_queued_bytes", facts.memory_queued_bytes},
                  {"memory_budget_bytes", facts.memory_budget_bytes}});
}

std::string connections_json(const std::vector<connection_row>& rows, const std::string& next) {
  return text_of(page_of("connections", rows_of(rows), next));
}

std::string connection_json(const connection_row& row) {
  return text_of(row_of(row));
}

std::string dns_json(const dn_page& page) {
  return text_of(page_of("dns", rows_of(page.rows), page.next));
}

std::string dn_json(const dn_shown& shown) {
  auto& info = *shown.info;
  auto& snapshot = info.snapshot();
  json session;
  if (snapshot.sessions_size() > 0)
    session = session_of(snapshot.sessions(0));
  return text_of({{"dn", info.this_dn()},
                  {"now_us", info.time_us()},
                  {"epoch", snapshot.dn_epoch()},
                  {"sequence", snapshot.dn_sequence()},
                  {"version", snapshot.version()},
                  {"light", light_of(snapshot.effective_state())},
                  {"recorders_active", snapshot.recorders_active()},
                  {"recorders_standby", snapshot.recorders_standby()},
                  {"clients", snapshot.clients_registered()},
                  {"session", std::move(session)},
                  {"registrations", all_of(shown.registrations, registration_of)},
                  {"recent_outcomes", all_of(info.recent_outcomes(), outcome_of)}});
}

std::string queues_json(const std::vector<queue_row>& rows) {
  auto all = json::array();
  for (auto& row : rows)
    all.push_back({{"name", row.name},
                   {"unit", row.unit},
                   {"value", row.value},
                   {"limit", row.limit},
                   {"highest", row.highest ? json(*row.highest) : json{}}});
  return text_of({{"queues", std::move(all)}});
}

std::string config_json(const std::vector<config_row>& rows, std::string_view name,
                        std::string_view prefix) {
  auto all = json::array();
  for (auto& row : rows)
    if (row.key.starts_with(prefix))
      all.push_back({{"key", row.key},
                     {"value", row.value},
                     {"unit", or_null(row.unit)},
                     {"origin", row.origin},
                     {"reloadable", row.is_reloadable}});
  json page;
  page[std::string{name}] = std::move(all);
  return text_of(page);
}

std::string trace_opened_json(const trace_opened& opened) {
  return text_of({{"trace", std::to_string(opened.id)}, {"until_us", opened.until_us}});
}

std::string trace_json(const trace_page& page) {
  std::string next;
  for (auto number : page.next)
    next += (next.empty() ? "" : ".") + std::to_string(number);
  return text_of(
    {{"lines", rows_of(page.lines)}, {"lost", page.lost}, {"over", page.is_over}, {"next", next}});
}

std::string checks_json(const std::vector<ready_check>& checks) {
  bool is_ready = true;
  auto all = json::array();
  for (auto& one : checks) {
    is_ready &= one.fault.empty();
    all.push_back({{"name", one.name}, {"ok", one.fault.empty()}, {"fault", or_null(one.fault)}});
  }
  return text_of({{"ready", is_ready}, {"checks", std::move(all)}});
}

http_response error_response(unsigned status, std::string_view text, std::string_view field,
                             std::string_view accepted) {
  return {status,
          text_of({{"error", text}, {"field", or_null(field)}, {"accepted", or_null(accepted)}})};
}

} // namespace ringdown::admin
