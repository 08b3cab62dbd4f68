// What must hold of every step of a capture session, whatever happened before: asked after each
// step by the tests that list states, that list sequences and that live random lives.
#pragma once

#include "actors/session_step.hpp"

#include <string>
#include <vector>

namespace ringdown::test {

/// What the step broke, in words; empty if nothing.
std::string broken_promise(const session_state& before, const session_event& event, steady_ms now,
                           const session_rules& rules, const session_result& result);

/// The outcomes among the effects.
std::vector<decided> outcomes_in(const session_result& result);

/// A command for these recorders, as a DN admits it.
command_admitted admitted(capture_verb verb, std::uint64_t number, steady_ms deadline,
                          std::vector<awaited_recorder> recorders);

} // namespace ringdown::test
