// docs/errors.md from the error catalog. Pure.
#pragma once

#include <string>

namespace ringdown::docs {

/// The whole page: every code with its meaning, then the order of precedence.
std::string errors_page();

} // namespace ringdown::docs
