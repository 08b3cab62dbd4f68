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

/// A DN's word to a connection about one registration: what the connection must know to keep its
/// table, beside what the client was told. How things stand after a batch.
struct registration_report {
  std::string dn;
  bool registered = false;
  registration_mode mode = registration_mode::share;
  /// Not of a batch: the DN ended the registration.
  bool unasked = false;
};

/// Takes reports to the connection's actor. Any thread.
class report_target {
public:
  virtual ~report_target() = default;
  virtual void report(registration_report what) = 0;
};

/// Read batches of one connection that may be in the actors' hands at a time. Two let the edge
/// read while the actors work; a third only adds memory.
inline constexpr std::uint32_t read_batches_in_flight_max = 2;

class t_client {
public:
  t_client(const limits& bounds, memory_budget& budget, std::shared_ptr<edge_signal> signal,
           threads users = threads::many)
    : box(bounds, budget, std::move(signal), users), window(bounds, users) {}

  client_identity who;
  /// Event kinds it wants to hear, by RequestSetInputMask.
  std::atomic<std::uint8_t> mask{every_event_kind};

private:
  std::atomic<std::uint32_t> batches_in_flight_{0}; // here it takes only what the mask leaves

public:
  outbox box;
  request_window window;

  bool hears(event_kind kind) const noexcept {
    return (mask.load(std::memory_order_relaxed) & static_cast<std::uint8_t>(kind)) != 0;
  }

  /// The credit between edge and connection: the edge reads only while fewer than
  /// `read_batches_in_flight_max` are, so no mailbox grows past what one client's reads hold.
  std::uint32_t batches_in_flight() const noexcept {
    return batches_in_flight_.load(std::memory_order_acquire);
  }
  void batch_begins() noexcept { batches_in_flight_.fetch_add(1, std::memory_order_acq_rel); }
  void batch_ends() noexcept {
    if (batches_in_flight_.fetch_sub(1) == read_batches_in_flight_max)
      box.edge().read_credit();
  }

  /// Where reports go from now on. Before any DN hears of the client.
  void reports_go_to(std::unique_ptr<report_target> target) { reports_ = std::move(target); }
  void report(registration_report what) const { reports_->report(std::move(what)); }

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

private:
  std::unique_ptr<report_target> reports_; // one for each client: a tool has 10,000 registrations
};
using client_ptr = std::shared_ptr<t_client>;

} // namespace ringdown
