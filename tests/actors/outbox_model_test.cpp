// The outbox against a simple model: whatever DNs write and however a client reads, nothing that
// was accepted is lost or moved, and what was missed is told exactly.
#include "tests/actors/outbox_support.hpp"

#include <rapidcheck/catch.h>

#include <map>
#include <random>
#include <set>
#include <thread>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr std::size_t dns = 3;

/// What one DN did, and what of it the client must hear.
struct dn_history {
  dn_identity_ptr dn;
  std::uint64_t sequence = 0;
  std::vector<std::uint64_t> missed;
  std::map<std::uint64_t, std::uint64_t> missed_indications; // sequence -> session
};

/// The newest indication of `session` that was missed in a range, or 0.
std::uint64_t newest_of(const dn_history& dn, std::uint64_t session, std::uint64_t from,
                        std::uint64_t to) {
  std::uint64_t newest = 0;
  for (auto& [sequence, of] : dn.missed_indications)
    if (of == session && sequence >= from && sequence <= to)
      newest = sequence;
  return newest;
}

/// What one DN's part of the stream must be like: returns what is wrong with it, or nothing.
class stream_check {
public:
  explicit stream_check(const dn_history& dn) : dn_(dn) {}

  std::string frame(const v1::Frame& frame) {
    if (frame.has_event_missed()) {
      auto& missed = frame.event_missed();
      if (missed.from_sequence() <= last_ || missed.to_sequence() < missed.from_sequence())
        return "a range that does not rise";
      from_ = missed.from_sequence();
      last_ = missed.to_sequence();
      last_newest_ = 0;
      for (auto sequence = from_; sequence <= last_; ++sequence)
        told_.push_back(sequence);
      return {};
    }
    auto& event = frame.event_user_event();
    if (event.coalesced())
      return newest(event);
    if (event.dn_sequence() <= last_)
      return "a sequence that does not rise";
    last_ = event.dn_sequence();
    from_ = 0;
    return {};
  }

  std::string end() const {
    return told_ == dn_.missed ? "" : "what was missed is not what was told";
  }

private:
  std::string newest(const v1::EventUserEvent& event) {
    auto sequence = event.dn_sequence();
    if (from_ == 0 || sequence < from_ || sequence > last_)
      return "a newest indication outside of what was missed";
    if (sequence <= last_newest_)
      return "newest indications out of order";
    last_newest_ = sequence;
    if (newest_of(dn_, event.event().connection_id(), from_, last_) != sequence)
      return "a newest indication that is not the newest";
    return {};
  }

  const dn_history& dn_;
  std::uint64_t last_ = 0;
  std::uint64_t from_ = 0; // of the range just told
  std::uint64_t last_newest_ = 0;
  std::vector<std::uint64_t> told_;
};

/// Checks a client's whole stream; returns what is wrong with it, or nothing.
std::string check_stream(const std::vector<v1::Frame>& read,
                         const std::map<std::string, dn_history>& histories) {
  std::map<std::string, stream_check> checks;
  for (auto& [name, history] : histories)
    checks.emplace(name, stream_check{history});
  for (auto& frame : read) {
    std::string wrong;
    if (frame.has_event_missed())
      wrong = checks.at(frame.event_missed().this_dn()).frame(frame);
    else if (frame.has_event_user_event())
      wrong = checks.at(frame.event_user_event().event().this_dn()).frame(frame);
    if (!wrong.empty())
      return wrong + ": " + in_short(frame);
  }
  for (auto& [name, check] : checks)
    if (auto wrong = check.end(); !wrong.empty())
      return name + ": " + wrong;
  return {};
}

/// Takes steps of a random history, and the model's part in them.
class history {
public:
  explicit history(const limits& bounds) : bench(bounds) {
    for (std::size_t i = 0; i < dns; ++i) {
      auto name = "700" + std::to_string(i);
      histories[name].dn = some_dn(name);
    }
  }

  void step(std::uint32_t dice) {
    auto roll = [&](std::uint32_t sides) {
      auto result = dice % sides;
      dice /= sides;
      return result;
    };
    switch (roll(8)) {
    case 0:
    case 1:
    case 2: event(roll(dns), roll(2) == 0, roll(4) == 0, roll(2), roll(200)); break;
    case 3: answer(roll(60)); break;
    case 4: change_of_mind(roll(300), roll(2) == 0); break;
    case 5: bench.edge.take(); break;
    case 6: bench.edge.send(1 + roll(600)); break;
    default:
      if (roll(4) == 0)
        bench.edge.trim();
    }
    check_bounds();
  }

  outbox_bench bench;
  std::map<std::string, dn_history> histories;
  std::vector<std::string> accepted; // in the order of writing

private:
  /// What reserve must say, from what the box holds.
  room expected(std::size_t bytes, traffic kind) const {
    auto& b = bench.bounds;
    auto spare = kind == traffic::reserved;
    auto bytes_max = b.outbox_bytes_max + (spare ? b.outbox_bytes_reserve : 0);
    if (bench.box.closed())
      return room::closed;
    bool fits =
      bench.box.bytes() + bytes <= bytes_max && (spare || bench.box.frames() < b.outbox_events_max);
    return fits ? room::accepted : room::full;
  }

  void event(std::uint32_t which, bool is_indication, bool is_safety, std::uint32_t session,
             std::size_t padding) {
    auto& dn = histories["700" + std::to_string(which)];
    auto sequence = ++dn.sequence;
    auto kind = is_safety ? traffic::reserved : traffic::ordinary;
    auto frame = event_frame(*dn.dn, sequence, padding, session);
    auto must = expected(frame.size(), kind);
    auto got = bench.box.reserve_event(*dn.dn, frame.size(), kind);
    // Reading may have closed the gap; while it is open, what is ordinary finds no room.
    if (!may_have_gap.contains(which) || is_safety || got == room::accepted)
      RC_ASSERT(got == must);
    if (got == room::accepted) {
      bench.box.write_event(*dn.dn, frame, {});
      may_have_gap.erase(which);
      accepted.push_back(dn.dn->name + " " + std::to_string(sequence));
      return;
    }
    RC_ASSERT(got == room::full);
    may_have_gap.insert(which);
    dn.missed.push_back(sequence);
    std::string newest;
    if (is_indication) {
      newest = event_frame(*dn.dn, sequence, padding, session, true);
      dn.missed_indications[sequence] = session;
    }
    bench.box.note_missed(dn.dn, {sequence}, {session}, newest);
  }

  void answer(std::size_t padding) {
    auto frame = ack_frame(++references, padding);
    if (expected(frame.size(), traffic::reserved) != room::accepted)
      return; // it would close the box, which has a test of its own
    RC_ASSERT(bench.box.answer(frame));
    accepted.push_back("answer " + std::to_string(references));
  }

  void change_of_mind(std::size_t bytes, bool is_safety) {
    auto kind = is_safety ? traffic::reserved : traffic::ordinary;
    auto before = std::pair{bench.box.bytes(), bench.box.frames()};
    auto must = expected(bytes, kind);
    auto got = bench.box.reserve(bytes, kind);
    RC_ASSERT(got == must);
    if (got == room::accepted)
      bench.box.unreserve(bytes);
    RC_ASSERT((std::pair{bench.box.bytes(), bench.box.frames()} == before));
  }

  void check_bounds() {
    auto& b = bench.bounds;
    // A gap told before a safety event: one short frame a DN and what was kept.
    auto told_bytes = b.coalesced_bytes_max + dns * 64;
    RC_ASSERT(bench.box.bytes() <= b.outbox_bytes_max + b.outbox_bytes_reserve + told_bytes);
    RC_ASSERT(bench.box.bytes() >= bench.edge.left());
    // Whoever waits has been announced since the edge last took.
    if (bench.box.bytes() > bench.edge.left())
      RC_ASSERT(bench.signal->ready > 0);
  }

  std::set<std::uint32_t> may_have_gap; // DNs; reading may have closed theirs
  std::uint32_t references = 0;
};

} // namespace

TEST_CASE("whatever is written and read, nothing accepted is lost and every miss is told") {
  rc::prop("outbox against its model", [] {
    auto steps = *rc::gen::scale(6, rc::gen::arbitrary<std::vector<std::uint32_t>>());
    history run{small_outbox()};
    for (auto dice : steps)
      run.step(dice);
    run.bench.edge.drain();
    RC_ASSERT(run.bench.box.bytes() == 0u);
    RC_ASSERT(run.bench.box.frames() == 0u);
    RC_ASSERT_FALSE(run.bench.box.has_gap());
    auto read = run.bench.edge.read();
    RC_ASSERT(check_stream(read, run.histories) == "");
    std::vector<std::string> heard;
    for (auto& frame : read)
      if (!frame.has_event_missed() && !frame.event_user_event().coalesced())
        heard.push_back(in_short(frame));
    RC_ASSERT(heard == run.accepted);
    run.bench.edge.trim();
    RC_ASSERT(run.bench.budget.used() == 0u);
  });
}

// ---- threads -------------------------------------------------------------------------------

namespace {

constexpr std::size_t writers = 4;
#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t events_per_writer = 2'000; // a hundredfold slower, and no race needs more
#else
constexpr std::uint64_t events_per_writer = 20'000;
#endif

/// One DN's thread: events of all kinds and answers, as its DN would write them.
void write_all(outbox& box, dn_history& dn, std::uint32_t seed, std::uint64_t& accepted) {
  std::mt19937 random{seed};
  for (std::uint64_t sequence = 1; sequence <= events_per_writer; ++sequence) {
    auto dice = random();
    auto session = dice % 3;
    auto kind = dice % 16 == 0 ? traffic::reserved : traffic::ordinary;
    auto frame = event_frame(*dn.dn, sequence, dice % 64, session);
    if (box.reserve_event(*dn.dn, frame.size(), kind) == room::accepted) {
      box.write_event(*dn.dn, std::string_view{frame}.substr(0, 9),
                      std::string_view{frame}.substr(9));
      ++accepted;
    } else {
      dn.missed.push_back(sequence);
      dn.missed_indications[sequence] = session;
      box.note_missed(dn.dn, {sequence}, {session},
                      event_frame(*dn.dn, sequence, dice % 64, session, true));
    }
    if (dice % 7 == 0 && box.reserve(100, traffic::ordinary) == room::accepted)
      box.unreserve(100);
    if (dice % 256 == 0)
      std::this_thread::yield(); // let the client read now and then
  }
}

} // namespace

TEST_CASE("four DNs write while a client reads, and its stream is whole") {
  limits bounds = small_outbox();
  bounds.outbox_bytes_max = 40'000;
  bounds.outbox_bytes_reserve = 1'000'000; // this test is not about the reserve's end
  bounds.outbox_events_max = 400;
  bounds.outbox_low_water_bytes = 8'000;
  bounds.coalesced_bytes_max = 2'000;
  outbox_bench bench{bounds};
  std::map<std::string, dn_history> histories;
  std::uint64_t accepted[writers] = {};
  std::atomic<std::size_t> writing{writers};
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < writers; ++i) {
    auto& dn = histories["700" + std::to_string(i)];
    dn.dn = some_dn("700" + std::to_string(i));
    threads.emplace_back([&bench, &dn, i, &accepted, &writing] {
      write_all(bench.box, dn, i, accepted[i]);
      --writing;
    });
  }
  std::mt19937 random{17};
  while (writing != 0) {
    bench.edge.take();
    bench.edge.send(1 + random() % 3000);
    static_cast<void>(bench.box.above_high_water());
  }
  for (auto& thread : threads)
    thread.join();
  bench.edge.drain();
  CHECK(bench.box.bytes() == 0);
  CHECK(bench.box.frames() == 0);
  auto read = bench.edge.read();
  CHECK(check_stream(read, histories) == "");
  std::uint64_t heard = 0;
  for (auto& frame : read)
    heard += frame.has_event_user_event() && !frame.event_user_event().coalesced() ? 1 : 0;
  CHECK(heard == accepted[0] + accepted[1] + accepted[2] + accepted[3]);
  std::uint64_t missed = 0;
  for (auto& [name, dn] : histories)
    missed += dn.missed.size();
  CHECK(bench.box.missed_total() == missed);
  CHECK(missed != 0); // else the test shows nothing
  bench.edge.trim();
  CHECK(bench.budget.used() == 0);
}

TEST_CASE("writers hear of a close that comes while they write") {
  outbox_bench bench{limits{}};
  auto dn = some_dn("7001");
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < writers; ++i)
    threads.emplace_back([&bench, &dn] {
      auto frame = event_frame(*dn, 1);
      for (;;) {
        auto got = bench.box.reserve_event(*dn, frame.size(), traffic::reserved);
        if (got == room::closed)
          return;
        if (got == room::accepted)
          bench.box.write_event(*dn, frame, {});
        std::this_thread::yield(); // the reader wants the lock too
      }
    });
  for (int i = 0; i < 5; ++i) {
    bench.edge.take();
    bench.edge.send(bench.edge.left());
  }
  bench.box.close();
  for (auto& thread : threads)
    thread.join();
  bench.edge.drain();
  CHECK(bench.box.bytes() == 0);
  CHECK(bench.box.frames() == 0);
}
