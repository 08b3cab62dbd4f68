// Both ends of an outbox for the tests: frames that can be told apart, and an edge that takes and
// sends them.
#pragma once

#include "actors/outbox.hpp"
#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

/// Counts what an edge would hear.
class counting_signal final : public edge_signal {
public:
  void outbox_ready() noexcept override {
    ++ready;
    if (meanwhile)
      meanwhile();
  }
  void read_credit() noexcept override { ++credits; }
  std::atomic<int> ready{0};
  std::atomic<int> credits{0};
  std::function<void()> meanwhile; ///< what another thread does in this moment
};

inline std::vector<v1::Frame> frames_of(std::string_view bytes) {
  std::vector<v1::Frame> frames;
  while (!bytes.empty()) {
    auto next = next_frame(bytes, std::size_t{1} << 30);
    v1::Frame frame;
    if (next.status != cut_status::complete ||
        !frame.ParseFromArray(next.frame.data(), static_cast<int>(next.frame.size())))
      throw std::runtime_error("the broker wrote what is no frame");
    frames.push_back(std::move(frame));
    bytes.remove_prefix(next.consumed);
  }
  return frames;
}

inline dn_identity_ptr some_dn(std::string name, std::uint64_t epoch = 1) {
  return std::make_shared<const dn_identity>(dn_identity{std::move(name), {epoch}});
}

/// An event of a DN as one frame of about `padding` bytes more than it needs.
inline std::string event_frame(const dn_identity& dn, std::uint64_t sequence,
                               std::size_t padding = 0, std::uint64_t session = 0,
                               bool coalesced = false) {
  v1::Frame frame;
  auto& event = *frame.mutable_event_user_event();
  event.set_dn_sequence(sequence);
  event.set_dn_epoch(dn.epoch.value);
  event.set_coalesced(coalesced);
  event.mutable_event()->set_this_dn(dn.name);
  event.mutable_event()->set_connection_id(session);
  if (padding != 0)
    event.mutable_event()->mutable_user_data()->add_pairs()->set_key(std::string(padding, 'x'));
  return delimited(frame);
}

/// An answer that can be told from others by its ReferenceID.
inline std::string ack_frame(std::uint32_t reference, std::size_t padding = 0) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  if (padding == 0)
    frame.mutable_event_ack();
  else
    frame.mutable_event_error()->set_text(std::string(padding, 'x'));
  return delimited(frame);
}

/// What a frame says, in a word: "7001 5", "7001 5 newest", "7001 missed 2-4", "answer 3".
inline std::string in_short(const v1::Frame& frame) {
  if (frame.has_event_missed()) {
    auto& missed = frame.event_missed();
    return missed.this_dn() + " missed " + std::to_string(missed.from_sequence()) + "-" +
           std::to_string(missed.to_sequence());
  }
  if (frame.has_event_user_event()) {
    auto& event = frame.event_user_event();
    return event.event().this_dn() + " " + std::to_string(event.dn_sequence()) +
           (event.coalesced() ? " newest" : "");
  }
  return "answer " + std::to_string(frame.reference_id());
}

/// The edge: takes what waits and hands it to a kernel that takes as much as the test says.
class fake_edge {
public:
  explicit fake_edge(outbox& box) : box_(box) {}

  bool sending() const noexcept { return done_ < sending_.size(); }
  std::size_t left() const noexcept { return sending_.size() - done_; }

  /// Takes what waits, if all of the last take is out.
  void take() {
    if (sending())
      return;
    sending_.clear();
    done_ = 0;
    frames_ = box_.take(sending_);
    if (frames_of(sending_.view()).size() != frames_)
      throw std::runtime_error("take does not tell how many frames it gave");
  }

  /// The kernel takes at most so many bytes.
  void send(std::size_t bytes) {
    bytes = std::min(bytes, left());
    if (bytes == 0)
      return;
    read_.append(sending_.view().substr(done_, bytes));
    done_ += bytes;
    box_.sent(bytes, sending() ? 0 : frames_);
  }

  /// Until nothing waits and nothing is missed.
  void drain() {
    for (int turns = 0; box_.bytes() != 0 || box_.has_gap() || sending(); ++turns) {
      if (turns > 10'000)
        throw std::runtime_error("the outbox cannot be read empty");
      take();
      send(left());
    }
  }

  /// Drops the buffer, as an idle connection does.
  void trim() {
    if (sending())
      return;
    sending_.release();
    done_ = 0;
    box_.trim();
  }

  /// The whole frames that the client has read since it was last asked.
  std::vector<v1::Frame> read_new() {
    auto fresh = std::string_view{read_}.substr(looked_at_);
    std::size_t used = 0;
    for (;;) {
      auto next = next_frame(fresh.substr(used), std::size_t{1} << 30);
      if (next.status != cut_status::complete)
        break;
      used += next.consumed;
    }
    looked_at_ += used;
    return frames_of(fresh.substr(0, used));
  }
  /// All whole frames that the client has read so far.
  std::vector<v1::Frame> read() {
    looked_at_ = 0;
    return read_new();
  }

  std::vector<std::string> read_in_short() {
    std::vector<std::string> words;
    for (auto& frame : read())
      words.push_back(in_short(frame));
    return words;
  }

private:
  outbox& box_;
  byte_buffer sending_;
  std::size_t done_ = 0;
  std::size_t frames_ = 0;
  std::string read_;
  std::size_t looked_at_ = 0;
};

/// An outbox with everything around it.
struct outbox_bench {
  explicit outbox_bench(const limits& l) : bounds(l) {}

  /// What the DN does with one event for this client; false if it was missed.
  bool deliver(const dn_identity_ptr& dn, std::uint64_t sequence, traffic kind = traffic::ordinary,
               std::size_t padding = 0) {
    auto frame = event_frame(*dn, sequence, padding);
    if (box.reserve_event(*dn, frame.size(), kind) == room::accepted) {
      box.write_event(*dn, std::string_view{frame}.substr(0, 3), std::string_view{frame}.substr(3));
      return true;
    }
    box.note_missed(dn, {sequence}, {}, {});
    return false;
  }
  /// An indication: when there is no room the newest of its session is kept.
  bool indicate(const dn_identity_ptr& dn, std::uint64_t sequence, std::uint64_t session,
                std::size_t padding = 0) {
    auto frame = event_frame(*dn, sequence, padding, session);
    if (box.reserve_event(*dn, frame.size(), traffic::ordinary) == room::accepted) {
      box.write_event(*dn, {}, frame);
      return true;
    }
    box.note_missed(dn, {sequence}, {session}, event_frame(*dn, sequence, padding, session, true));
    return false;
  }

  limits bounds;
  memory_budget budget{bounds};
  std::shared_ptr<counting_signal> signal = std::make_shared<counting_signal>();
  outbox box{bounds, budget, signal};
  fake_edge edge{box};
};

/// Room for some events of 100 bytes.
inline limits small_outbox() {
  limits bounds;
  bounds.outbox_bytes_max = 2000;
  bounds.outbox_bytes_reserve = 800;
  bounds.outbox_events_max = 20;
  bounds.outbox_high_water_bytes = 1500;
  bounds.outbox_low_water_bytes = 700;
  bounds.coalesced_bytes_max = 400;
  return bounds;
}

} // namespace ringdown::test
