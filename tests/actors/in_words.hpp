// What the broker says, as a line for each frame: the lines that conversations are asserted in.
#pragma once

#include <ringdown/v1/ringdown.pb.h>

#include <cstdint>
#include <functional>
#include <string>

namespace ringdown::test {

/// The name of the client with this id.
using name_of_client = std::function<std::string(std::uint64_t)>;

/// "ACK 3: recorders 1, #1 v1" | "Error 4: 53 on 7001" | "registered 2: 7001 share; light ..." |
/// "event 7001 #1: start v1 by desk, light unknown" | "missed 7001 2-9" | ...
/// Epochs, times and texts are left out.
std::string in_words(const v1::Frame& frame, const name_of_client& name);

/// "light paused, v2 #3, recorders 1+0, clients 2; wants paused v2; call 71 wants recording;
/// desk's pause of call 71 v2; recorder says paused of 71; start v3 call 72 held; alarm DRIFT"
std::string in_words(const v1::Snapshot& snapshot);

} // namespace ringdown::test
