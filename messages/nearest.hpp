// Words that are nearly right. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ringdown {

/// How many insertions, deletions, replacements and swaps of neighbours lead from one to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate that is near enough to be what was meant; empty if none is.
std::string_view nearest(std::string_view wrong, std::span<const std::string_view> candidates);

} // namespace ringdown
