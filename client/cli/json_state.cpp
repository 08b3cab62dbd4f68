// What stands at a DN, as JSON.
#include "client/cli/json.hpp"

namespace ringdown::cli {

using namespace ringdown::client;

json to_json(const standing_pause& pause) {
  return {{"connection_id", to_string(pause.covers)},
          {"application", pause.application},
          {"agent_id", pause.agent_id},
          {"client_id", to_string(pause.client)},
          {"reason", pause.reason},
          {"since_time_us", pause.since_time_us},
          {"version", pause.version.value},
          {"holder_gone", pause.holder_gone},
          {"waiting", pause.waiting}};
}

json to_json(const open_order& order) {
  json out{{"dn_sequence", order.sequence.value},
           {"command", to_string(order.verb)},
           {"connection_id", to_string(order.connection)},
           {"version", order.version.value},
           {"held", order.held}};
  if (order.deadline_time_us != 0)
    out["deadline_time_us"] = order.deadline_time_us;
  if (order.cause != broker_reason::unspecified)
    out["broker_reason"] = to_string(order.cause);
  return out;
}

json to_json(const standing_alarm& alarm) {
  json out{{"broker_reason", to_string(alarm.cause)}, {"since_time_us", alarm.since_time_us}};
  if (alarm.recorder)
    out["recorder_client_id"] = to_string(alarm.recorder);
  return out;
}

json to_json(const address_summary& dn) {
  json out{{"dn", dn.this_dn}, {"effective_state", to_string(dn.effective_state)}};
  if (dn.desired)
    out["desired"] = to_string(*dn.desired);
  out["pauses"] = dn.pauses;
  if (dn.pauses != 0)
    out["paused_since_time_us"] = dn.paused_since_time_us;
  out["waiting"] = dn.waiting;
  out["alarms"] = dn.alarms;
  out["recorders_active"] = dn.recorders_active;
  out["clients_registered"] = dn.clients_registered;
  out["changed_time_us"] = dn.changed_time_us;
  return out;
}

namespace {

json one(const known_call& call) {
  json out{{"connection_id", to_string(call.connection)},
           {"wants_recording", call.wants_recording},
           {"stopped", call.stopped},
           {"version", call.version.value},
           {"former_connection_ids", json::array()}};
  for (auto former : call.former)
    out["former_connection_ids"].push_back(to_string(former));
  return out;
}

json one(const recorder_word& word) {
  json out{{"client_id", to_string(word.recorder)}, {"application", word.application}};
  if (word.said)
    out["said"] = to_string(*word.said);
  out["connection_id"] = to_string(word.connection);
  out["time_us"] = word.time_us;
  out["owes"] = word.owes;
  out["per_call"] = word.per_call;
  return out;
}

json one(const standing_pause& pause) {
  return to_json(pause);
}
json one(const open_order& order) {
  return to_json(order);
}
json one(const standing_alarm& alarm) {
  return to_json(alarm);
}

template <class Value>
json list_of(const std::vector<Value>& all) {
  auto list = json::array();
  for (auto& value : all)
    list.push_back(one(value));
  return list;
}

json session_json(const session_snapshot& s) {
  json out{{"connection_id", to_string(s.connection)}, {"observed", to_string(s.observed)}};
  if (s.desired)
    out["desired"] = to_string(*s.desired);
  out["version"] = s.version.value;
  out["changed_time_us"] = s.changed_time_us;
  if (s.desired_by)
    out["desired_by"] = {{"client_id", to_string(s.desired_by)},
                         {"application", s.desired_by_application},
                         {"time_us", s.desired_time_us}};
  out["held"] = s.held;
  out["pending"] = s.pending;
  if (s.pending != 0)
    out["deadline_time_us"] = s.deadline_time_us;
  out["calls"] = list_of(s.calls);
  out["pauses"] = list_of(s.pauses);
  out["recorders"] = list_of(s.recorders);
  out["orders"] = list_of(s.orders);
  out["alarms"] = list_of(s.alarms);
  return out;
}

} // namespace

json to_json(const std::vector<standing_pause>& pauses) {
  return list_of(pauses);
}
json to_json(const std::vector<open_order>& orders) {
  return list_of(orders);
}
json to_json(const std::vector<standing_alarm>& alarms) {
  return list_of(alarms);
}

json to_json(const dn_snapshot& snapshot) {
  auto sessions = json::array();
  if (snapshot.session)
    sessions.push_back(session_json(*snapshot.session));
  return {{"dn_sequence", snapshot.sequence.value},
          {"dn_epoch", to_hex(snapshot.epoch.value)},
          {"version", snapshot.version.value},
          {"effective_state", to_string(snapshot.effective_state)},
          {"sessions", std::move(sessions)},
          {"recorders_active", snapshot.recorders_active},
          {"recorders_standby", snapshot.recorders_standby},
          {"clients_registered", snapshot.clients_registered}};
}

} // namespace ringdown::cli
