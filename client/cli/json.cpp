#include "client/cli/json.hpp"

#include "client/text/describe.hpp"
#include "client/words.hpp"

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

/// Pairs keep their order and may repeat, so they are a list and not an object.
json pairs_json(const std::vector<user_data_pair>& pairs) {
  auto list = json::array();
  for (auto& pair : pairs) {
    json entry{{"key", pair.key}};
    if (auto* number = std::get_if<std::int64_t>(&pair.value))
      entry["int"] = *number;
    else if (auto* text = std::get_if<std::string>(&pair.value))
      entry["string"] = *text;
    else if (auto* binary = std::get_if<binary_value>(&pair.value))
      entry["binary"] = to_hex(std::string_view{binary->bytes});
    else if (auto* nested = std::get_if<std::vector<user_data_pair>>(&pair.value))
      entry["list"] = pairs_json(*nested);
    list.push_back(std::move(entry));
  }
  return list;
}

void put(json& out, const recorder_failure& f) {
  out["failure"] = {{"code", f.code}, {"text", f.text}};
}

/// What a command said for people.
template <class Command>
void put_why(json& out, const Command& c) {
  if (!c.reason.empty())
    out["reason"] = c.reason;
  if (!c.agent_id.empty())
    out["agent_id"] = c.agent_id;
}

void put(json& out, const event_ack& e) {
  if (!e.this_dn.empty())
    out["dn"] = e.this_dn;
  if (e.recorders_queued)
    out["recorders_queued"] = *e.recorders_queued;
  out["dn_sequence"] = e.sequence.value;
  out["dn_epoch"] = to_hex(e.epoch.value);
  out["version"] = e.version.value;
  out["user_event"] = e.user_event;
  out["time_us"] = e.time_us;
}

void put(json& out, const event_error& e) {
  auto* row = find_error(e.code);
  out["error_code"] = e.code;
  out["name"] = row != nullptr ? row->name : "unknown_code";
  out["text"] = e.text;
  out["attribute"] = e.attribute;
  out["accepted"] = e.accepted;
  out["retry_class"] = to_string(e.retry);
  if (e.retry_after)
    out["retry_after_ms"] = e.retry_after->count();
  if (e.this_dn)
    out["dn"] = *e.this_dn;
  if (e.last_known_state)
    out["last_known_state"] = to_string(*e.last_known_state);
  if (e.version)
    out["version"] = e.version->value;
  out["time_us"] = e.time_us;
}

/// Of an event about one DN, or all of them.
template <class Event>
void put_dn(json& out, const Event& e) {
  if (e.every_dn)
    out["every_dn"] = true;
  else
    out["dn"] = e.this_dn;
}

void put(json& out, const event_registered& e) {
  put_dn(out, e);
  out["mode"] = to_string(e.mode);
  if (!e.every_dn)
    out["snapshot"] = to_json(e.snapshot);
  out["time_us"] = e.time_us;
}

void put(json& out, const event_unregistered& e) {
  put_dn(out, e);
  out["error_code"] = e.code;
  out["text"] = e.text;
  out["time_us"] = e.time_us;
}

void put(json& out, const event_outcome& e) {
  out["dn"] = e.this_dn;
  out["dn_epoch"] = to_hex(e.epoch.value);
  out["dn_sequence"] = e.sequence.value;
  if (e.command)
    out["command_id"] = to_hex(e.command.view());
  out["connection_id"] = to_string(e.connection);
  out["command"] = to_string(e.verb);
  out["version"] = e.version.value;
  out["outcome"] = to_string(e.result);
  if (e.code != 0)
    out["error_code"] = e.code;
  out["words"] = in_words(e);
  out["recorders"] = json::array();
  for (auto& r : e.recorders) {
    json one{{"client_id", to_string(r.recorder)},
             {"application", r.application},
             {"verdict", to_string(r.verdict)},
             {"said", to_string(r.said)}};
    if (r.failure)
      put(one, *r.failure);
    out["recorders"].push_back(std::move(one));
  }
  if (e.result == outcome::superseded)
    out["superseded_by_version"] = e.superseded_by.value;
  if (e.held_by) {
    out["held_by_connection_id"] = to_string(e.held_by->covers);
    out["held_by"] = to_json(*e.held_by);
  }
  if (e.cause != broker_reason::unspecified)
    out["broker_reason"] = to_string(e.cause);
  if (e.released)
    out["released_sequence"] = e.released.value;
  if (e.released_command)
    out["released_command_id"] = to_hex(e.released_command.view());
  if (e.aggregate != capture_aggregate::none)
    out["aggregate"] = to_string(e.aggregate);
  out["effective_state"] = to_string(e.effective_state);
  out["origin_client_id"] = to_string(e.origin);
  out["origin_application"] = e.origin_application;
  put_why(out, e);
  out["accepted_time_us"] = e.accepted_time_us;
  out["time_us"] = e.time_us;
}

void put(json& out, const event_address_info& e) {
  out["dn"] = e.this_dn;
  out["snapshot"] = to_json(e.snapshot);
  out["time_us"] = e.time_us;
  out["recorders"] = json::array();
  for (auto& r : e.recorders)
    out["recorders"].push_back({{"client_id", to_string(r.client)},
                                {"application", r.application},
                                {"standby", r.standby},
                                {"exact_versions", r.exact_versions},
                                {"per_call", r.per_call}});
  out["recent_outcomes"] = json::array();
  for (auto& o : e.recent_outcomes)
    put(out["recent_outcomes"].emplace_back(), o);
}

void put(json& out, const event_address_list& e) {
  out["addresses"] = json::array();
  for (auto& a : e.addresses)
    out["addresses"].push_back(to_json(a));
  if (!e.next.empty())
    out["next"] = e.next;
  out["time_us"] = e.time_us;
}

void put(json& out, const event_user_event& e) {
  out["dn"] = e.this_dn;
  out["connection_id"] = to_string(e.connection);
  if (e.verb != capture_verb::none)
    out["screen_capture"] = to_string(e.verb);
  out["user_data"] = to_json(e.data);
  out["user_event"] = e.user_event;
  out["dn_sequence"] = e.sequence.value;
  out["dn_epoch"] = to_hex(e.epoch.value);
  out["version"] = e.version.value;
  out["effective_state"] = to_string(e.effective_state);
  out["origin_role"] = to_string(e.origin_role);
  out["origin_client_id"] = to_string(e.origin);
  if (e.command)
    out["command_id"] = to_hex(e.command.view());
  if (e.directed_reference)
    out["directed_reference_id"] = e.directed_reference.value;
  if (e.cause != broker_reason::unspecified)
    out["broker_reason"] = to_string(e.cause);
  if (e.coalesced)
    out["coalesced"] = true;
  if (e.alarm)
    out["alarm"] = true;
  if (e.held)
    out["held"] = true;
  if (e.desired)
    out["desired"] = to_string(*e.desired);
  if (e.kept_from_recorders)
    out["kept_from_recorders"] = true;
  if (e.for_recorder)
    out["for_recorder_client_id"] = to_string(e.for_recorder);
  put_why(out, e);
  if (e.failure)
    put(out, *e.failure);
  out["time_us"] = e.time_us;
}

void put(json& out, const event_missed& e) {
  out["dn"] = e.this_dn;
  out["from_sequence"] = e.from.value;
  out["to_sequence"] = e.to.value;
  out["dn_epoch"] = to_hex(e.epoch.value);
}

void put(json& out, const event_link_disconnected& e) {
  out["reason"] = to_string(e.reason);
  out["text"] = e.text;
  if (e.retry_after)
    out["retry_after_ms"] = e.retry_after->count();
}

void put(json& out, const link_lost& e) {
  out["fault"] = to_string(e.fault);
  out["text"] = e.text;
}

} // namespace

json to_json(const user_data& data) {
  return pairs_json(data.pairs);
}

json to_json(const event_link_connected& link) {
  auto capabilities = json::array();
  for (auto c : link.capabilities)
    capabilities.push_back(to_string(c));
  return {{"event", "EventLinkConnected"},
          {"version", link.version},
          {"server_name", link.server_name},
          {"server_version", link.server_version},
          {"server_instance", to_hex(link.server_instance)},
          {"server_start_time_us", link.server_start_time_us},
          {"client_id", to_string(link.client)},
          {"capabilities", std::move(capabilities)},
          {"window_requests", link.window_requests},
          {"window_bytes", link.window_bytes},
          {"frame_bytes_max", link.frame_bytes_max},
          {"user_data_bytes_max", link.user_data_bytes_max},
          {"dns_per_request_max", link.dns_per_request_max},
          {"heartbeat_interval_ms", link.heartbeat_interval.count()},
          {"heartbeat_timeout_ms", link.heartbeat_timeout.count()},
          {"time_us", link.time_us}};
}

json to_json(const event& e) {
  json out{{"event", name_of(e)}, {"reference_id", reference_of(e).value}};
  std::visit([&](const auto& value) { put(out, value); }, e);
  return out;
}

json to_json(reference_id reference, const outgoing_event& what, bool distribute) {
  json out{{"request", distribute ? "RequestDistributeUserEvent" : "RequestSendEvent"},
           {"reference_id", reference.value},
           {"dn", what.this_dn},
           {"connection_id", to_string(what.connection)},
           {"user_data", to_json(what.data)},
           {"user_event", what.user_event}};
  if (what.if_version)
    out["if_version"] = what.if_version->value;
  if (what.command)
    out["command_id"] = to_hex(what.command.view());
  if (what.version)
    out["version"] = what.version.value;
  if (what.directed)
    out["directed_client_id"] = to_string(what.directed);
  put_why(out, what);
  if (what.failure)
    put(out, *what.failure);
  return out;
}

json to_json(reference_id reference, const bulk_command& what) {
  json out{{"request", "RequestCommandAddresses"},
           {"reference_id", reference.value},
           {"dns", what.dns},
           {"command", to_string(what.verb)}};
  if (what.command)
    out["command_id"] = to_hex(what.command.view());
  put_why(out, what);
  return out;
}

json to_json(const error_info& row) {
  return {{"error_code", static_cast<int>(row.code)},
          {"name", row.name},
          {"retry_class", to_string(row.retry)},
          {"text", row.text},
          {"when", row.when},
          {"action", row.action}};
}

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace ringdown::cli
