// One T-Client as everybody but its connection sees it: who it is, and the two ends that others
// may use, its outbox and its window. Shared by the connection, the edge and each DN it is
// registered on; it outlives the socket.
#pragma once

#include "actors/authorize.hpp"
#include "actors/outbox.hpp"
#include "actors/request_window.hpp"
#include "actors/rights.hpp"
#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/send_event.hpp"
#include "messages/words.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace ringdown {

/// An input mask has a bit for each kind of EventUserEvent.
constexpr std::uint8_t mask_bit(event_kind kind) noexcept {
  return static_cast<std::uint8_t>(1u << (static_cast<unsigned>(kind) - 1));
}
inline constexpr std::uint8_t every_event_kind = mask_bit(event_kind::command) |
                                                 mask_bit(event_kind::indication) |
                                                 mask_bit(event_kind::user_event);

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

  /// What it may do, from now on; null: everything that `authorize` lets it. Any thread.
  void grant(std::shared_ptr<const grants> may) noexcept {
    std::atomic_store(&grants_, std::move(may));
  }
  std::shared_ptr<const grants> granted() const noexcept { return std::atomic_load(&grants_); }
  /// All that it may do on a DN, by its grants as they are now.
  action_set rights_on(std::string_view dn) const noexcept {
    return ringdown::rights_on(granted().get(), who.role, dn);
  }

  /// Event kinds it wants to hear, by RequestSetInputMask.
  std::atomic<std::uint8_t> mask{every_event_kind};

private:
  // Here they take only what the mask leaves.
  std::atomic<std::uint8_t> batches_in_flight_{0};  // few: `read_batches_in_flight_max`
  std::atomic<std::uint16_t> answers_under_way_{0}; // one for each thread at most
  std::atomic<std::uint32_t> outcomes_owed_{0};
  friend class outcome_claim;

public:
  outbox box;
  request_window window;

  bool hears(event_kind kind) const noexcept {
    return (mask.load(std::memory_order_relaxed) & mask_bit(kind)) != 0;
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
    bool is_shared = window.is_shared();
    if (is_shared)
      answers_under_way_.fetch_add(1, std::memory_order_relaxed);
    window.answered(reference);
    // A closed connection's answer goes nowhere; an overrun one is closed by its edge.
    static_cast<void>(box.answer(frame));
    if (is_shared)
      answers_under_way_.fetch_sub(1, std::memory_order_release);
  }
  /// No request waits for its answer, and none is about to be written: an end that is said now
  /// stands behind them all. The window is asked first: whoever takes a request out of it has begun
  /// to write before.
  bool all_answered() const {
    return window.outstanding() == 0 && answers_under_way_.load(std::memory_order_acquire) == 0;
  }
  /// Outcomes of its commands that it is to be told.
  std::uint32_t outcomes_owed() const noexcept {
    return outcomes_owed_.load(std::memory_order_acquire);
  }
  void refuse(reference_id reference, const fault& why, const error_context& context) {
    note(reference, why, context);
    answer(reference, encode_error(reference, why, context));
  }
  /// The same of a request that is not in the window: there is no credit to give back.
  void turn_away(reference_id reference, const fault& why, const error_context& context) {
    note(reference, why, context);
    static_cast<void>(box.answer(encode_error(reference, why, context)));
  }

private:
  void note(reference_id reference, const fault& why, const error_context& context) const {
    box.edge().note_refusal({who, reference, why, context.this_dn.value_or(std::string_view{})});
  }

  std::shared_ptr<const grants> grants_;
  std::unique_ptr<report_target> reports_; // one for each client: a tool has 10,000 registrations
};
using client_ptr = std::shared_ptr<t_client>;

/// Whom an outcome is owed to, or nobody: as long as this stands it counts among those that the
/// client is to be told. Of a client that does not hear outcomes it counts nothing.
class outcome_claim {
public:
  outcome_claim() = default;
  outcome_claim(client_ptr whose) noexcept : whose_(std::move(whose)) { count(1); }
  outcome_claim(const outcome_claim& other) noexcept : outcome_claim(other.whose_) {}
  outcome_claim(outcome_claim&& other) noexcept : whose_(std::move(other.whose_)) {}
  outcome_claim& operator=(outcome_claim other) noexcept {
    std::swap(whose_, other.whose_);
    return *this;
  }
  ~outcome_claim() { count(static_cast<std::uint32_t>(-1)); }

  t_client* get() const noexcept { return whose_.get(); }
  friend bool operator==(const outcome_claim& a, const client_ptr& b) noexcept {
    return a.whose_ == b;
  }

private:
  void count(std::uint32_t n) const noexcept {
    if (whose_ && whose_->who.outcomes)
      whose_->outcomes_owed_.fetch_add(n, std::memory_order_acq_rel);
  }

  client_ptr whose_;
};

} // namespace ringdown
