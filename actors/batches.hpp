// What travels between edge, connection and DN: one batch per read, and one batch per DN of it.
// Batches own the received bytes that their views point into; nothing is copied on the way.
#pragma once

#include "actors/memory_budget.hpp"
#include "actors/t_client.hpp"
#include "messages/frame_cutter.hpp"
#include "messages/ids.hpp"
#include "messages/send_event.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

/// Read batches of one connection that may be in the actors' hands at a time. Two let the edge
/// read while the actors work; a third only adds memory.
inline constexpr std::uint32_t read_batches_in_flight_max = 2;

/// The credit between edge and connection, shared by a connection and its batches: the edge reads
/// only while fewer than `read_batches_in_flight_max` batches are in flight, so no mailbox grows
/// past what one client's reads hold.
struct read_credit {
  explicit read_credit(std::shared_ptr<edge_signal> s) : signal(std::move(s)) {}
  std::atomic<std::uint32_t> in_flight{0};
  std::shared_ptr<edge_signal> signal;
};

/// All whole frames of one read of one connection.
struct read_batch {
  read_batch() = default;
  read_batch(const read_batch&) = delete;
  read_batch& operator=(const read_batch&) = delete;
  /// Gives the credit back, when the last request of the batch was answered or dropped.
  ~read_batch() { give_back(); }

  /// Becomes as new, but for its memory. Only if nobody else holds it.
  void reset() noexcept {
    give_back();
    budget = nullptr;
    credit = nullptr;
    frames.clear();
    end = stream_end::open;
  }

  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  memory_budget* budget = nullptr;      // was told of `capacity`
  std::vector<std::string_view> frames; // views into bytes
  stream_end end = stream_end::open;
  std::int64_t time_us = 0; // UTC, when it was read
  std::shared_ptr<read_credit> credit;

private:
  void give_back() noexcept {
    if (budget != nullptr)
      budget->remove(capacity);
    if (credit && credit->in_flight.fetch_sub(1) == read_batches_in_flight_max)
      credit->signal->read_credit();
  }
};
using read_batch_ptr = std::shared_ptr<read_batch>;

/// A DN's word to a connection about one registration: what the connection must know to keep its
/// table, beside what the client was told. How things stand after a batch.
struct registration_report {
  std::string dn;
  bool registered = false;
  registration_mode mode = registration_mode::share;
  /// Not of a batch: the DN ended the registration.
  bool unasked = false;
};
/// Takes a report to the connection's actor. Any thread.
using report_function = std::function<void(registration_report)>;

/// What a client asks of one DN.
struct dn_request {
  enum class kind : std::uint8_t { send, register_, unregister, query, merge_calls, end_call };
  kind what = kind::send;
  bool echo = false;
  bool standby = false;
  bool hear_outcomes = false;
  registration_mode mode = registration_mode::share;
  reference_id reference;
  send_event_view event; // of a send
  conn_id connection;    // of a call that is merged into or ends
  conn_id former;        // of a call that is merged away
};

/// The requests of one read of one connection to one DN, in their order. Each is answered exactly
/// once: what is left when the batch dies (its DN is gone, or threw) is answered 52 by the
/// destructor, so that mail to a dead actor is never silence.
class dn_batch {
public:
  explicit dn_batch(client_ptr from) : client_(std::move(from)) {}
  dn_batch(const dn_batch&) = delete;
  dn_batch& operator=(const dn_batch&) = delete;
  ~dn_batch();

  /// Is to hold requests of this read, which must stand as long as the batch has some, or be kept.
  void begin(const read_batch& read) noexcept { read_ = &read; }
  /// Holds the read: before the batch goes to where its end is not known.
  void keep(read_batch_ptr read) noexcept { kept_ = std::move(read); }
  /// All is answered and reported.
  bool is_done() const noexcept { return front() == nullptr && !report_awaited(); }
  /// One that is done becomes as new. A large one's memory goes: whoever keeps batches for later
  /// use keeps some hundred bytes for each.
  void reset() noexcept {
    kept_ = nullptr;
    control_ = nullptr;
    std::vector<dn_request>{}.swap(more_);
    count_ = done_ = 0;
  }

  /// A request to be filled.
  dn_request& add() {
    if (count_++ != 0)
      return more_.emplace_back();
    return first_ = {};
  }
  /// A send, in which nothing else counts: written once, and not made as new before.
  void add_send(reference_id reference, const send_event_view& event) {
    auto& request = count_++ != 0 ? more_.emplace_back() : first_;
    request.what = dn_request::kind::send;
    request.reference = reference;
    request.event = event;
  }
  /// The next unanswered request, or null.
  const dn_request* front() const noexcept {
    if (done_ == count_)
      return nullptr;
    return done_ == 0 ? &first_ : &more_[done_ - 1];
  }
  /// Answers the front request and goes on to the next.
  void answer(std::string_view frame);
  void refuse(const fault& why, const error_context& context);
  /// Refuses all that is left.
  void refuse_all(const fault& why, std::string_view this_dn);

  const client_ptr& client() const noexcept { return client_; }
  std::int64_t time_us() const noexcept { return read_->time_us; }

  /// The DN's name, for requests that do not carry it: all but sends.
  void name(std::string_view dn);
  /// The connection waits for one report after this batch. If no DN makes it, the destructor says
  /// that the client is not registered.
  void await_report(std::string_view dn, report_function to);
  bool report_awaited() const noexcept { return control_ != nullptr && control_->awaited; }
  /// Where the report goes, and others about this registration; there must be one awaited.
  const report_function& reporter() const noexcept { return control_->reporter; }
  void report(bool registered, registration_mode mode);
  /// The connection has let go of the DN: nobody waits any more.
  void forget_report() noexcept {
    if (control_ != nullptr)
      control_->awaited = false;
  }

private:
  /// What only a batch with more than sends has.
  struct control {
    std::string dn;
    bool awaited = false;
    report_function reporter;
  };

  client_ptr client_;
  const read_batch* read_ = nullptr; // what the requests' views point into
  read_batch_ptr kept_;
  std::size_t count_ = 0;
  std::size_t done_ = 0;
  // With many DNs a batch mostly holds one request: that one needs no memory of its own.
  dn_request first_;
  std::vector<dn_request> more_;
  std::unique_ptr<control> control_;
};
using dn_batch_ptr = std::shared_ptr<dn_batch>;

} // namespace ringdown
