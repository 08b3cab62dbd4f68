// Events that stand once for many receivers: each client reads what it would have read of a copy of
// its own, whatever else it is written and whenever its socket takes bytes.
#include "actors/turn_share.hpp"
#include "tests/actors/outbox_support.hpp"

#include <catch2/catch.hpp>

#include <iterator>
#include <random>
#include <utility>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A client of a broker with one thread, and its edge.
class sharing_client {
public:
  explicit sharing_client(const limits& bounds) : bounds_(bounds) {}

  void event(const dn_identity_ptr& dn, std::string_view frame, bool is_shared) {
    if (box.reserve_event(*dn, frame.size(), traffic::ordinary) != room::accepted)
      return;
    if (is_shared)
      box.write_shared_event(*dn, frame);
    else
      box.write_event(*dn, frame, {});
    written_ += frame;
  }
  void answer(std::string_view frame) {
    REQUIRE(box.answer(frame));
    written_ += frame;
  }

  /// The end of a turn, as the edge makes it: all is sent, or what is left is the edge's or copied.
  /// Nothing happens where neither the outbox nor the kernel said anything.
  void end_turn(std::size_t kernel_room) {
    bool is_told = std::exchange(told_, signal_->ready.load()) != signal_->ready;
    if (!is_told && (left_.empty() || kernel_room == 0))
      return;
    while (left_.empty() || kernel_room != 0) {
      if (left_.empty() && !take())
        break;
      auto bytes = std::min(kernel_room, left_.size());
      read_ += left_.substr(0, bytes);
      left_.remove_prefix(bytes);
      kernel_room -= bytes;
      box.sent(bytes, left_.empty() ? frames_ : 0);
      if (!left_.empty())
        break;
    }
    if (left_.empty())
      return;
    own_ = std::string{left_};
    left_ = own_;
    box.copy_shared(own_.size());
  }

  bool has_read_all() const { return read_ == written_ && box.bytes() == 0; }
  std::size_t lent = 0; ///< so many frames were sent from where they stood

private:
  bool take() {
    if (auto shared = box.take_shared(); shared.frames != 0) {
      left_ = shared.bytes;
      frames_ = shared.frames;
      lent += frames_;
      return true;
    }
    taken_.clear();
    frames_ = box.take(taken_);
    left_ = taken_.view();
    return !left_.empty();
  }

  const limits& bounds_;
  memory_budget budget_{bounds_};
  std::shared_ptr<counting_signal> signal_ = std::make_shared<counting_signal>();
  int told_ = 0;

public:
  outbox box{bounds_, budget_, signal_, threads::one};

private:
  byte_buffer taken_;
  std::string own_;
  std::string_view left_;
  std::size_t frames_ = 0;
  std::string written_;
  std::string read_;
};

/// What was shared is written over when the turn is over.
void reuse(turn_share& share) {
  share.end_turn();
  static_cast<void>(share.put(std::string(5000, 'x'), {}));
  share.end_turn();
}

} // namespace

TEST_CASE("an event for many is sent from one place") {
  limits bounds;
  turn_share share;
  auto dn = some_dn("7001");
  std::list<sharing_client> all;
  for (int i = 0; i < 5; ++i)
    all.emplace_back(bounds);
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    auto frame = share.put(event_frame(*dn, sequence), {});
    for (auto& one : all)
      one.event(dn, frame, true);
  }
  for (auto& one : all) {
    one.end_turn(10'000);
    CHECK(one.lent == 3);
    CHECK(one.has_read_all());
  }
}

TEST_CASE("a turn that shares too much has no room for more, and the next one has") {
  turn_share share;
  std::string large(turn_share::bytes_max / 2, 'x');
  CHECK(share.put(large, "head") == large + "head");
  CHECK(share.put(large, {}).empty());
  CHECK(share.put("small", {}) == "small");
  share.end_turn();
  CHECK(share.put(large, large).size() == turn_share::bytes_max);
}

TEST_CASE("what is still looked for behind its turn is no frame, in builds that are not shipped") {
  turn_share share;
  auto at = share.put("head", "tail");
  share.end_turn();
  CHECK((at == std::string(8, '\xff')) == debug_checks);
}

TEST_CASE("whoever shares reads what it would have read of copies, in order") {
  auto seed = GENERATE(range(1u, 40u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  limits bounds;
  turn_share share;
  auto dn = some_dn("7001");
  auto other = some_dn("7002");
  sharing_client client{bounds};
  std::uint32_t number = 0;
  std::size_t room = 0;
  for (int turn = 0; turn < 300; ++turn) {
    for (auto writes = random() % 6; writes > 0; --writes) {
      auto frame = event_frame(*dn, ++number, random() % 300);
      switch (random() % 5) {
      case 0: client.answer(ack_frame(number)); break;
      case 1: client.event(dn, frame, false); break;
      case 2: static_cast<void>(share.put(event_frame(*other, number), {})); break; // others'
      default: client.event(dn, share.put(frame, {}), true); break;
      }
    }
    std::size_t rooms[] = {0, 0, random() % 500, 100'000, 100'000, 100'000};
    room = rooms[random() % std::size(rooms)];
    client.end_turn(room);
    reuse(share);
  }
  client.end_turn(1'000'000);
  CHECK(client.lent > 20);
  CHECK(client.has_read_all());
}

TEST_CASE("who missed events hears so before what is shared next") {
  auto bounds = small_outbox();
  memory_budget budget{bounds};
  outbox box{bounds, budget, std::make_shared<counting_signal>(), threads::one};
  fake_edge edge{box};
  turn_share share;
  auto dn = some_dn("7001");
  box.note_missed(dn, {1}, {}, {});
  auto frame = share.put(event_frame(*dn, 2), {});
  REQUIRE(box.reserve_event(*dn, frame.size(), traffic::reserved) == room::accepted);
  box.write_shared_event(*dn, frame);
  CHECK(box.take_shared().frames == 0);
  edge.drain();
  CHECK(edge.read_in_short() == std::vector<std::string>{"7001 missed 1-1", "7001 2"});
}

TEST_CASE("who hears only what is shared does not keep the buffer of a burst") {
  limits bounds;
  memory_budget budget{bounds};
  outbox box{bounds, budget, std::make_shared<counting_signal>(), threads::one};
  turn_share share;
  auto dn = some_dn("7001");
  byte_buffer taken;
  std::size_t lent = 0;
  auto hear = [&](std::uint64_t sequence) {
    auto frame = share.put(event_frame(*dn, sequence, 1000), {});
    REQUIRE(box.reserve_event(*dn, frame.size(), traffic::ordinary) == room::accepted);
    box.write_shared_event(*dn, frame);
  };
  auto send_all = [&] {
    auto shared = box.take_shared();
    lent += shared.frames;
    if (shared.frames == 0) {
      taken.clear();
      shared.frames = box.take(taken);
      shared.bytes = taken.view();
    }
    box.sent(shared.bytes.size(), shared.frames);
    share.end_turn();
  };
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    hear(i);
    box.copy_shared(taken.capacity()); // the socket takes nothing
    share.end_turn();
  }
  send_all();
  for (std::uint64_t i = 1001; i <= 1040; ++i) {
    hear(i);
    send_all();
  }
  CHECK(lent == 39); // all the others are still sent from where they stand
  CHECK(budget.used() < 10'000);
  CHECK(taken.capacity() < 10'000);
}
