// What the office has to complain of, kept for whoever asks; and what it may tell its operator.
#pragma once

#include <string>
#include <vector>

namespace ringdown::sim {

/// Since it was asked last.
std::string take_complaints();

/// The operator hears of clients' and recorders' faults, and of none of the broker's.
void check_told(const std::vector<std::string>& lines);

} // namespace ringdown::sim
