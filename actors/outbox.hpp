// A connection's bounded queue of bytes to send. It owns the order in which one client sees what
// is written for it, the bound of what waits, and the memory of what a slow client missed.
//
//   DN actor                         outbox                          edge
//     reserve_event(bytes) -> room
//     write_event(...)        ->  appended; signal() if it was clean
//                                      take(frames)          <-  end of the loop's turn
//                                      sent(bytes)           <-  the kernel took them
//
// One FIFO: priority is admission, never order. The last `outbox_bytes_reserve` bytes admit only
// ACK, Error, heartbeat, outcome, `pause` and `stop`. An event that finds no room opens a gap; when
// the client reads again, EventMissed and the newest indications stand in its place.
//
// Free of CAF and of sockets. Every function may be called from any thread unless it says
// otherwise; none blocks but for a short lock. An outbox for one thread is that thread's alone, but
// for what it holds, which any thread may ask.
#pragma once

#include "actors/byte_buffer.hpp"
#include "actors/memory_budget.hpp"
#include "actors/thread_share.hpp"
#include "messages/ensure.hpp"
#include "messages/errors.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/words.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ringdown {

/// A DN as an event's origin: its name and its present life.
struct dn_identity {
  std::string name;
  dn_epoch epoch;
};
using dn_identity_ptr = std::shared_ptr<const dn_identity>;

struct client_identity;

/// A request that is refused. Its views stand while it is told.
struct refused_request {
  const client_identity& from;
  reference_id reference;
  const fault& why;
  std::string_view dn; ///< empty: about none
};

/// How the edge hears that there is something to do for a connection. Implemented by the edge; the
/// tests have their own.
class edge_signal {
public:
  virtual ~edge_signal() = default;
  /// The outbox was clean and now holds bytes, or was closed. Called with no lock held; from any
  /// thread; must not block.
  virtual void outbox_ready() noexcept = 0;
  /// A read batch was used up: the connection may be read again. The same rules.
  virtual void read_credit() noexcept = 0;
  /// A request of the client's is refused: to be counted and told. The same rules.
  virtual void note_refusal(const refused_request&) noexcept {}
  /// The client is disconnected for this reason, or has gone without a word (`unspecified`): to be
  /// counted when its link has ended. The same rules; the first counts.
  virtual void note_end(disconnect_reason) noexcept {}
};

/// What the last reserve of a queue admits.
enum class traffic : std::uint8_t {
  ordinary,
  reserved, ///< ACK, Error, heartbeat, outcome, `pause`, `stop`
};

/// The answer to a reservation.
enum class [[nodiscard]] room : std::uint8_t{
  accepted,
  full,   ///< nothing was reserved
  closed, ///< the connection is gone: drop its registration
};

class outbox {
public:
  outbox(const limits& bounds, memory_budget& budget, std::shared_ptr<edge_signal> signal,
         threads users = threads::many);
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  /// Makes room for one frame of `bytes`. On `accepted` the caller writes exactly one frame of at
  /// most so many bytes with `write`, or gives the room back with `unreserve`.
  room reserve(std::size_t bytes, traffic kind) noexcept;
  void unreserve(std::size_t bytes) noexcept;
  /// Appends one frame, in two parts, for which room was reserved.
  void write(std::string_view head, std::string_view tail = {});

  /// Room for an event of `dn`. While a gap of that DN is open, ordinary events find none: what is
  /// missed stays one range.
  room reserve_event(const dn_identity& dn, std::size_t bytes, traffic kind) noexcept {
    if (kind == traffic::ordinary && has_gap() && misses(dn)) [[unlikely]]
      return closed() ? room::closed : room::full;
    return reserve(bytes, kind);
  }
  /// Appends an event for which `reserve_event` made room. An open gap of its DN is told first, so
  /// that sequences rise.
  void write_event(const dn_identity& dn, std::string_view head, std::string_view tail);

  /// As `write_event`, of a frame in the turn's share (turn_share.hpp). It is not copied if it can
  /// be sent from where it stands: if nothing waits that it would have to be in one piece with, and
  /// the edge takes what waits before the turn ends. For one thread.
  void write_shared_event(const dn_identity& dn, std::string_view frame);

  /// Remembers that the client did not get this event. An indication may be kept as the newest of
  /// its session: then `newest` is the whole frame (else empty).
  void note_missed(const dn_identity_ptr& dn, dn_sequence sequence, conn_id session,
                   std::string_view newest);

  /// Reserves from the reserve and writes. False if the connection is closed, or if even the
  /// reserve is gone: then the outbox closes itself with `overrun`, for an answer that was
  /// promised cannot be kept.
  bool answer(std::string_view frame);

  // ---- the edge's side: one thread at a time ---------------------------------------------------

  /// Moves what waits into `into` (which must be empty) and returns its number of frames.
  std::size_t take(byte_buffer& into);

  struct shared_bytes {
    std::string_view bytes;
    std::size_t frames = 0;
  };
  /// If all that waits is in the turn's share: takes it as `take` does. Else nothing, and now and
  /// then while a buffer is left of a burst.
  shared_bytes take_shared() noexcept;
  /// The turn ends and the edge cannot take: what is shared is copied, and so is all that is
  /// written until the next take. `edge_capacity` is what the edge keeps of an earlier one.
  void copy_shared(std::size_t edge_capacity);
  /// The kernel took so many bytes of what was taken. When the last byte of a `take` is out,
  /// `frames` is its result, before that 0. Closes gaps when the client reads again.
  void sent(std::size_t bytes, std::size_t frames);

  edge_signal& edge() const noexcept { return *signal_; }

  /// Gives back the buffers of an idle connection; the edge has none of its own any more.
  void trim();

  /// Nothing more is accepted: what has room reserved and is written later goes nowhere. What waits
  /// may still be taken and sent.
  void close() noexcept;
  /// The same, and this frame stands behind all else, if the reserve has room for it. In one step:
  /// nothing comes between it and the end. Once only: a closed outbox has had its last word.
  void close_with(std::string_view last);
  /// Nothing that waits will be taken: its memory is given back at once. Of a closed one.
  void discard() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  /// It was closed because even the reserve was full.
  bool overrun() const noexcept { return overrun_.load(std::memory_order_relaxed); }

  // ---- what it holds ---------------------------------------------------------------------------

  /// Bytes that wait or are being sent, reservations included.
  std::size_t bytes() const noexcept { return used_.get() & bytes_mask; }
  std::size_t frames() const noexcept { return used_.get() >> 40; }
  /// The client misses something that it was not told of yet.
  bool has_gap() const noexcept { return has_gaps_.load(std::memory_order_acquire); }
  bool above_high_water() const noexcept { return bytes() > bounds_.outbox_high_water_bytes; }
  /// Events that were not delivered to this client, ever.
  std::uint64_t missed_total() const noexcept { return missed_.load(std::memory_order_relaxed); }

private:
  // Bytes in the low 40 bits, frames above: one atomic keeps both bounds.
  static constexpr std::uint64_t bytes_mask = (std::uint64_t{1} << 40) - 1;
  static constexpr std::uint64_t one_frame = std::uint64_t{1} << 40;

  struct kept_indication {
    conn_id session;
    std::string frame;
  };
  struct gap {
    dn_identity_ptr dn;
    dn_sequence from;
    dn_sequence to;
    std::vector<kept_indication> newest; // in the order of their sequences
  };

  using gap_list = std::list<gap>; // as they opened

  /// Only a slow client has one.
  struct gap_book {
    gap_list open;
    // A tool may be registered on as many DNs as it likes, and be slow. A DN's life has one
    // identity.
    std::unordered_map<const dn_identity*, gap_list::iterator> of;
    std::size_t kept_bytes = 0;
  };

  bool misses(const dn_identity& dn) noexcept;
  void count(std::uint64_t n) noexcept { used_.add(n, mutex_.is_shared()); }
  void uncount(std::uint64_t n) noexcept {
    auto before = used_.add(-n, mutex_.is_shared());
    debug_ensure((before & bytes_mask) >= (n & bytes_mask) && before >> 40 >= n >> 40,
                 "what leaves an outbox was counted when it came");
  }

  // All with mutex_ held.
  void copy_run();
  void close_gap_of(const dn_identity& dn);
  void forget_gaps() noexcept;
  gap_list::iterator close_gap(gap_list::iterator told);
  void append(std::string_view head, std::string_view tail);
  bool append_if_open(std::string_view head, std::string_view tail);
  void tell_gap(const gap& missed);
  void close_gaps();
  void recount_memory() noexcept;
  bool mark_dirty() noexcept;

  // What each event needs is in one cache line.
  const limits& bounds_;
  thread_counter used_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> overrun_{false};
  std::atomic<bool> has_gaps_{false};
  bool dirty_ = false; // signalled and not yet taken
  std::uint32_t waiting_frames_ = 0;
  thread_mutex mutex_;
  byte_buffer waiting_;
  std::string_view run_;          // waits too, behind `waiting_`: in the turn's share
  bool is_taken_in_time_ = true;  // the edge takes what waits before a turn ends
  std::uint8_t shared_takes_ = 0; // with a large buffer; counts round

  const std::shared_ptr<edge_signal> signal_;
  std::atomic<std::uint64_t> missed_{0};
  std::unique_ptr<gap_book> gaps_; // while there are any
  std::size_t taken_capacity_ = 0; // the buffer that the edge is sending from
  memory_share memory_;
};

inline room outbox::reserve(std::size_t bytes, traffic kind) noexcept {
  if (closed())
    return room::closed;
  auto spare = kind == traffic::reserved;
  auto bytes_max = bounds_.outbox_bytes_max + (spare ? bounds_.outbox_bytes_reserve : 0);
  // Frames of the reserve are small and few; its bytes bound them.
  auto frames_max = spare ? std::size_t{1} << 22 : bounds_.outbox_events_max;
  auto fits = [=](std::uint64_t held) {
    return (held & bytes_mask) + bytes <= bytes_max && (held >> 40) < frames_max;
  };
  return used_.add_if(bytes + one_frame, mutex_.is_shared(), fits) ? room::accepted : room::full;
}

inline void outbox::unreserve(std::size_t bytes) noexcept {
  uncount(bytes + one_frame);
}

} // namespace ringdown
