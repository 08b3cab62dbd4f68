// How the office says that something is wrong. The tests end with Catch's words; a fuzz target
// brings its own: then the linker takes that, and not complaint.cpp.
#pragma once

#include <string>

namespace ringdown::test {

/// The test has failed; it may go on.
void complain(const std::string& what);
/// It cannot go on.
[[noreturn]] void give_up(const std::string& what);

} // namespace ringdown::test
