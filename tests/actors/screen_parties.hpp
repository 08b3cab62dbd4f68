// Who is on the screen of a test, and the words that it is told in.
#pragma once

#include "actors/screen/step.hpp"

namespace ringdown::test {

using verb = capture_verb;

inline constexpr auto enabled = capture_state::enabled;
inline constexpr auto disabled = capture_state::disabled;
inline constexpr auto paused = capture_state::paused;
/// Recorders: one that says words alone, and one that echoes versions.
inline constexpr client_id plain{70};
inline constexpr client_id exact{71};
/// Of `test_rules`: until an order must be confirmed.
inline constexpr steady_ms timeout{2000};

} // namespace ringdown::test
