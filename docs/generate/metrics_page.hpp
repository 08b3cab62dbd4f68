// docs/metrics.md, from the catalog of what the broker counts.
#pragma once

#include <string>

namespace ringdown::docs {

std::string metrics_page();

} // namespace ringdown::docs
