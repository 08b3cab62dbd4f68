// Reads frames ahead of their turn, and fetches what their turns will need.
//
// What an event needs is found one through the other: its frame, the slot of its DN's entry, the
// entry, the DN. Each step here begins to fetch what the next one looks at, and other work stands
// between two steps:
//
//   within a read    frames of a stretch: look, parse, fetch slots | the stretch before is read
//                    entries of the stretch                        | the stretch is read
//                    DNs, `dns_ahead` of them                      | the DNs before are called
//   across reads     `fetch`, a step for each read of one frame    | other connections are served
//
// `Dns` is the connection's `dn_table`; a test has its own. One thread at a time.
#pragma once

#include "actors/batches.hpp"
#include "actors/runtime/prefetch.hpp"

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace ringdown {

class read_ahead {
public:
  /// Frames that are looked at before the first of them is read: few enough for the stack and the
  /// first cache level, many enough to hide a miss.
  static constexpr std::size_t stretch_frames = 8;
  /// DNs that are fetched ahead of the one that is called: their turns take longer than the memory.
  /// All of a read at once would push each other out of the first cache level again.
  static constexpr std::size_t dns_ahead = 4;
  /// Cache lines of a DN actor's own state that an event needs: to the end of its first
  /// registrations (the test of sizes holds a DN to it).
  static constexpr std::size_t dn_lines = 5;
  /// Steps of `fetch`.
  static constexpr unsigned fetch_steps = 3;

  /// Gives `read_frame` the frames of `batch` from `first` on, in order, as long as `may_read()`.
  /// Returns which frame has not had its turn.
  template <class Dns, class MayRead, class ReadFrame>
  std::size_t read(const read_batch& batch, std::size_t first, const limits& bounds, const Dns& dns,
                   MayRead may_read, ReadFrame read_frame) {
    if (batch.ahead && first == 0 && may_read()) {
      read_frame(*batch.ahead);
      return 1;
    }
    auto& frames = batch.frames;
    auto* now = &stretches_[0];
    auto* next = &stretches_[1];
    look(frames, first, bounds, dns, *now);
    fetch_entries(*now, dns);
    auto read = first;
    for (auto begin = first; begin < frames.size(); begin += stretch_frames) {
      look(frames, begin + stretch_frames, bounds, dns, *next);
      for (auto& frame : *now) {
        if (!may_read())
          return read;
        read_frame(frame);
        ++read;
      }
      fetch_entries(*next, dns);
      std::swap(now, next);
    }
    return read;
  }

  /// Fetches for a read of one frame that will be given to `read` soon, in `fetch_steps` steps from
  /// 0 on. A hint: any of them may be left out, and the read too. Several frames are read ahead of
  /// each other.
  template <class Dns>
  static void fetch(read_batch& batch, unsigned step, const t_client& client, const limits& bounds,
                    const Dns& dns) {
    if (batch.frames.size() != 1)
      return;
    if (step == 0) {
      runtime::prefetch(&client, sizeof client);
      look(batch.ahead.emplace(batch.frames.front(), bounds), dns);
    }
    if (!batch.ahead || !batch.ahead->is_send)
      return;
    if (step == 1)
      dns.prefetch_entry(batch.ahead->dn_hash);
    else if (step == 2)
      dns.prefetch_dn(batch.ahead->event.this_dn, batch.ahead->dn_hash);
  }

  /// Calls `call(i)` for the DNs of a read, 0 to `count` - 1, in order; before that `prefetch(i)`,
  /// `dns_ahead` DNs ahead.
  template <class Prefetch, class Call>
  static void call_dns(std::size_t count, Prefetch prefetch, Call call) {
    for (std::size_t i = 0; i < std::min(dns_ahead, count); ++i)
      prefetch(i);
    for (std::size_t i = 0; i < count; ++i) {
      if (i + dns_ahead < count)
        prefetch(i + dns_ahead);
      call(i);
    }
  }

private:
  /// Frames are made where they stay: a copy of what was just written in parts would wait until the
  /// parts have left the store buffer (docs/decisions/0006-the-path-of-an-event.md).
  using stretch = boost::container::static_vector<frame_ahead, stretch_frames>;

  template <class Dns>
  static void look(frame_ahead& frame, const Dns& dns) {
    if (!frame.is_send)
      return;
    frame.dn_hash = dns.hash(frame.event.this_dn);
    dns.prefetch(frame.dn_hash);
  }

  template <class Dns>
  static void look(const std::vector<std::string_view>& frames, std::size_t begin,
                   const limits& bounds, const Dns& dns, stretch& out) {
    out.clear();
    auto end = std::min(begin + stretch_frames, frames.size());
    for (auto i = begin; i < end; ++i)
      look(out.emplace_back(frames[i], bounds), dns);
  }

  /// Of DNs whose slots were fetched before.
  template <class Dns>
  static void fetch_entries(const stretch& of, const Dns& dns) {
    for (auto& frame : of)
      if (frame.is_send)
        dns.prefetch_entry(frame.dn_hash);
  }

  /// Two: while one is read, the memory that the next one needs arrives.
  std::array<stretch, 2> stretches_;
};

} // namespace ringdown
