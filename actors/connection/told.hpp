// What an operator hears of one connection. Free of CAF.
#pragma once

#include "actors/batches.hpp"
#include "actors/context.hpp"
#include "actors/t_client.hpp"

#include <chrono>
#include <string_view>

namespace ringdown {

/// How a link has ended.
struct told_end {
  disconnect_reason reason = disconnect_reason::unspecified; ///< unspecified: it was lost
  std::string_view why;
  bool was_signed_on = false;
  bool without_a_word = false; ///< the client closed its side without signing off
  bool was_drained = false;    ///< the broker shut down, and had told it so
  std::chrono::milliseconds lasted{0};
};

/// The one line of a link's end.
void log_end(observer& told, const t_client& client, const told_end& end);

/// For who looks closely: one line for each frame that asks for something. What becomes of it is
/// told by who refuses it, and by the DN.
void log_request(observer& told, const t_client& client, const frame_ahead& next);

/// Something else in a client's life, with who it is.
void log_client(observer& told, const t_client& client, observer::severity level,
                std::string_view what, std::string_view why = {});

} // namespace ringdown
