// What travels between edge, connection and DN: one batch per read, and one batch per DN of it.
// Batches own the received bytes that their views point into; nothing is copied on the way.
#pragma once

#include "actors/memory_budget.hpp"
#include "actors/t_client.hpp"
#include "messages/frame.hpp"
#include "messages/frame_cutter.hpp"
#include "messages/ids.hpp"
#include "messages/send_event.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

/// A frame that was read ahead of its turn: looking and parsing change nothing, and while a later
/// one is parsed the memory that an earlier one needs arrives.
struct frame_ahead {
  /// Looks at the frame, and parses a send.
  frame_ahead(std::string_view whole, const limits& bounds) noexcept;

  frame_view frame;
  std::size_t bytes;
  std::size_t dn_hash = 0; ///< of a send's DN; whoever has the table of DNs knows it
  bool is_send;
  send_event_view event; ///< of a send
};

/// All whole frames of one read of one connection, or a part of them.
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
    from = nullptr;
    whole = nullptr;
    frames.clear();
    end = stream_end::open;
    ahead.reset();
  }

  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  memory_budget* budget = nullptr;      // was told of `capacity`
  std::vector<std::string_view> frames; // views into bytes
  stream_end end = stream_end::open;
  std::int64_t time_us = 0; // UTC, when it was read
  client_ptr from;          // counts it among its batches in flight
  /// Of a part: the read that owns the bytes, and that the client counts.
  std::shared_ptr<const read_batch> whole;
  /// Of a read of one frame, if it was read ahead.
  std::optional<frame_ahead> ahead;

private:
  void give_back() noexcept {
    if (budget != nullptr)
      budget->remove(capacity);
    if (from)
      from->batch_ends();
  }
};
using read_batch_ptr = std::shared_ptr<read_batch>;

/// What a client asks of one DN.
struct dn_request {
  enum class kind : std::uint8_t { send, register_, unregister, query, merge_calls, end_call };
  kind what = kind::send;
  bool echo = false;
  bool standby = false;
  bool hear_outcomes = false;
  bool names_dn = false; ///< of a request for many DNs: its EventACK says of which it is
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
  dn_batch() = default;
  dn_batch(const dn_batch&) = delete;
  dn_batch& operator=(const dn_batch&) = delete;
  ~dn_batch();

  /// Is to hold requests of this client's read. Both must stand as long as the batch has some, or
  /// be kept.
  void begin(const client_ptr& from, const read_batch& read) noexcept {
    client_ = &from;
    read_ = &read;
  }
  /// Holds the client and the read: before the batch goes to where its end is not known.
  void hold(read_batch_ptr read) noexcept {
    kept_client_ = *client_;
    client_ = &kept_client_;
    kept_ = std::move(read);
  }
  /// All is answered and reported.
  bool is_done() const noexcept { return front() == nullptr && !report_awaited(); }
  /// One that is done becomes as new, and anybody's. A large one's memory goes: whoever keeps
  /// batches for later use keeps some hundred bytes for each.
  void reset() noexcept {
    client_ = nullptr;
    read_ = nullptr;
    kept_client_ = nullptr;
    kept_ = nullptr;
    control_ = nullptr;
    std::vector<dn_request>{}.swap(more_);
    count_ = done_ = 0;
  }

  /// A request to be filled.
  dn_request& add() {
    auto& request = count_ != 0 ? more_.emplace_back() : first_ = {};
    ++count_; // only now: what throws for want of memory has added nothing
    return request;
  }
  /// A send, in which nothing else counts: written once, and not made as new before.
  void add_send(reference_id reference, const send_event_view& event) {
    auto& request = count_ != 0 ? more_.emplace_back() : first_;
    ++count_;
    request.what = dn_request::kind::send;
    request.names_dn = false;
    request.reference = reference;
    request.event = event;
  }
  /// A send of a request for many DNs. The batch owns its bytes.
  void add_own_send(reference_id reference, std::string request, const limits& bounds);
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

  const client_ptr& client() const noexcept { return *client_; }
  std::int64_t time_us() const noexcept { return read_->time_us; }

  /// The DN's name, for requests that do not carry it: all but sends.
  void name(std::string_view dn);
  /// The connection waits for one report after this batch. If no DN makes it, the destructor says
  /// that the client is not registered.
  void await_report(std::string_view dn);
  bool report_awaited() const noexcept { return control_ != nullptr && control_->awaited; }
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
    std::list<std::string> own; // requests that were made here
  };

  const client_ptr* client_ = nullptr;
  const read_batch* read_ = nullptr; // what the requests' views point into
  client_ptr kept_client_;
  read_batch_ptr kept_;
  std::size_t count_ = 0;
  std::size_t done_ = 0;
  // With many DNs a batch mostly holds one request: that one needs no memory of its own.
  dn_request first_;
  std::vector<dn_request> more_;
  std::unique_ptr<control> control_;
};
using dn_batch_ptr = std::shared_ptr<dn_batch>;

/// Batches that are not in use. More are made and ended as the need is. One thread at a time.
class batch_pool {
public:
  /// As many as a read of 64 KiB has DNs, at 256 bytes an event; 64 KiB of memory.
  static constexpr std::size_t spare_max = 256;

  dn_batch_ptr borrow();
  /// One that is done, for later use by anybody, or not.
  void give_back(dn_batch_ptr done);
  std::size_t size() const noexcept { return spare_.size(); }

private:
  std::vector<dn_batch_ptr> spare_;
};

} // namespace ringdown
