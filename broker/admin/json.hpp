// What the API says, as JSON. Field names are those of docs/openapi.json; a test compares them. Ids
// of clients and calls are 16 hex digits, times are microseconds of UTC, what is not there is null.
#pragma once

#include "broker/admin/view.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::admin {

/// The light's word: unknown, recording, off, paused.
std::string_view light_word(capture_state light) noexcept;
std::optional<capture_state> parse_light(std::string_view word) noexcept;

std::string summary_json(const broker_facts& facts, const meter_set& counts,
                         const std::vector<ready_check>& checks);
/// `next`: the `after` of the next page; empty: there is none.
std::string connections_json(const std::vector<connection_row>& rows, const std::string& next);
std::string connection_json(const connection_row& row);
std::string dns_json(const dn_page& page);
std::string dn_json(const dn_shown& shown);
std::string queues_json(const std::vector<queue_row>& rows);
/// Those whose key begins with `prefix`; the list's name.
std::string config_json(const std::vector<config_row>& rows, std::string_view name,
                        std::string_view prefix);
std::string trace_opened_json(const trace_opened& opened);
std::string trace_json(const trace_page& page);
std::string checks_json(const std::vector<ready_check>& checks);

} // namespace ringdown::admin
