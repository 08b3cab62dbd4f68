// What agents at work have felt of others that sign on, as a table for people and as JSON. Pure.
#pragma once

#include "bench/load/logins.hpp"
#include "bench/tell/report.hpp"

namespace ringdown::bench {

json to_json(const logins_options& o, const logins_result& r);
std::string text_of(const logins_options& o, const logins_result& r);
/// The run was as it was to be: no refusal for good, and each command answered.
bool is_good(const logins_result& r);

} // namespace ringdown::bench
