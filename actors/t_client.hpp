// One T-Client as everybody but its connection sees it: who it is, and the two ends that others
// may use, its outbox and its window. Shared by the connection, the edge and each DN it is
// registered on; it outlives the socket.
#pragma once

#include "actors/authorize.hpp"
#include "actors/outbox.hpp"
#include "actors/request_window.hpp"
#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/send_event.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace ringdown {

/// What kind of EventUserEvent an event is, as a bit of the input mask.
enum class event_kind : std::uint8_t { command = 1, indication = 2, user_event = 4 };
inline constexpr std::uint8_t every_event_kind = 7;

/// The kind of an event with this verb.
constexpr event_kind kind_of(capture_verb verb) noexcept {
  if (verb == capture_verb::none)
    return event_kind::user_event;
  return is_command(verb) ? event_kind::command : event_kind::indication;
}

class t_client {
public:
  t_client(const limits& bounds, memory_budget& budget, std::shared_ptr<edge_signal> signal,
           threads users = threads::many)
    : box(bounds, budget, std::move(signal), users), window(bounds, users) {}

  client_identity who;
  outbox box;
  request_window window;
  /// Event kinds it wants to hear, by RequestSetInputMask.
  std::atomic<std::uint8_t> mask{every_event_kind};

  bool hears(event_kind kind) const noexcept {
    return (mask.load(std::memory_order_relaxed) & static_cast<std::uint8_t>(kind)) != 0;
  }

  /// Gives the request's credit back and writes its answer, in this order: a client that has heard
  /// the answer may use the ReferenceID again at once, from another thread than ours.
  void answer(reference_id reference, std::string_view frame) {
    window.answered(reference);
    // A closed connection's answer goes nowhere; an overrun one is closed by its edge.
    static_cast<void>(box.answer(frame));
  }
  void refuse(reference_id reference, const fault& why, const error_context& context) {
    answer(reference, encode_error(reference, why, context));
  }
};
using client_ptr = std::shared_ptr<t_client>;

} // namespace ringdown
