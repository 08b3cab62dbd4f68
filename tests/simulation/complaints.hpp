// What the office has to complain of, kept for whoever asks.
#pragma once

#include <string>

namespace ringdown::sim {

/// Since it was asked last.
std::string take_complaints();

} // namespace ringdown::sim
