// What a run found, as text for people and as JSON for programs.
#pragma once

#include "bench/load/capture.hpp"
#include "bench/load/idle.hpp"
#include "bench/load/knee.hpp"
#include "bench/load/pause_probe.hpp"
#include "bench/load/run.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace ringdown::bench {

using json = nlohmann::ordered_json;

/// Broker CPU per accepted event in microseconds, if it was measured.
std::optional<double> cpu_us_per_event(const load_result& r);
/// The same per delivery.
std::optional<double> cpu_us_per_delivery(const load_result& r);
/// What a connection costs the broker, if it was measured: CPU until it is registered, memory.
std::optional<double> cpu_us_per_connection(const idle_options& o, const idle_result& r);
std::optional<double> bytes_per_connection(const idle_options& o, const idle_result& r);

json to_json(const load_options& o, const load_result& r);
json to_json(const idle_options& o, const idle_result& r);
json to_json(const capture_options& o, const capture_result& r);
json to_json(const knee_options& o, const knee_result& r);

std::string text_of(const load_options& o, const load_result& r);
std::string text_of(const idle_options& o, const idle_result& r);
std::string text_of(const capture_options& o, const capture_result& r);
std::string text_of(const knee_options& o, const knee_result& r);
json to_json(const probe_figures& f);
/// A line, and one for each error; `name` says which phase it was.
std::string text_of(const std::string& name, const probe_figures& f);
/// One line of the table.
std::string text_of(const knee_step& step);
/// One line of progress.
std::string text_of(const sample& s);
/// The same while connections come up, with the time since the first connect.
std::string text_of(const link_set& opening, std::chrono::nanoseconds time);

/// One line. Bytes that are not UTF-8 are replaced, control characters escaped.
std::string dump(const json& object);

} // namespace ringdown::bench
