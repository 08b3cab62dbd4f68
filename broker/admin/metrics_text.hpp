// The broker's numbers as Prometheus reads them: text format 0.0.4. Pure, but that it reads
// counters that move. Written here and not by a library: from the catalog it is no more than this,
// and the text of a scrape is made without a copy of the numbers.
#pragma once

#include "actors/meters.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ringdown::admin {

inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// All numbers of the catalog: those that are counted, and the readings that are given.
std::string metrics_text(const meter_set& counts, std::span<const reading> readings);

} // namespace ringdown::admin
