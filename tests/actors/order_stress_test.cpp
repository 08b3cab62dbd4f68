// The order that clients are promised, on real threads: connections on several loops send to
// shared DNs, some come and go, and every client sees each DN's one order, the broker's own events
// in it, and its own answers in the order of its requests.
#include "tests/actors/office.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <thread>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr std::size_t dns = 5;
constexpr std::size_t senders = 5;       // registered all the time: they hear everything
constexpr std::size_t wanderers = 2;     // register and unregister between their events
constexpr std::uint32_t requests = 3000; // of each client
constexpr std::size_t outstanding_max = 200;

std::string dn_name(std::size_t i) {
  return "700" + std::to_string(i);
}

/// One client: what it asked and has not been answered, and what it heard, by DN.
class member {
public:
  member(party& who, bool wanders, std::uint32_t seed)
    : who_(who), wanders_(wanders), random_(seed) {}

  void register_on_dn(std::size_t i) {
    asked_[dn_name(i)].push_back(++reference_);
    who_.read({register_on(reference_, {dn_name(i)})});
  }

  /// One read of a few requests, as long as the window has room.
  void speak() {
    if (outstanding_ > outstanding_max || done_speaking())
      return;
    std::vector<v1::Frame> read;
    for (auto count = 1 + random_() % 12; count > 0 && !done_speaking(); --count)
      read.push_back(next_request());
    who_.read(read);
  }

  void listen() {
    for (auto& frame : who_.frames())
      hear(frame);
  }

  bool all_answered() const {
    for (auto& [dn, waiting] : asked_)
      if (!waiting.empty())
        return false;
    return true;
  }
  bool done_speaking() const { return reference_ >= requests; }
  const std::string& wrong() const { return wrong_; }
  const std::map<std::string, std::set<std::uint64_t>>& heard() const { return heard_; }
  const std::map<std::string, std::uint64_t>& last() const { return last_; }

private:
  v1::Frame next_request() {
    auto dn = dn_name(random_() % dns);
    asked_[dn].push_back(++reference_);
    ++outstanding_;
    if (wanders_ && random_() % 4 == 0)
      return random_() % 2 == 0 ? register_on(reference_, {dn}) : unregister(reference_, {dn});
    if (random_() % 16 == 0)
      return query_address(reference_, dn);
    static constexpr const char* verbs[] = {"", "pause", "resume", "start", "strat"};
    return send(reference_, dn, verbs[random_() % 5], {.call = random_() % 3});
  }

  void hear(const v1::Frame& frame) {
    if (frame.has_event_user_event())
      return heard_event(frame.event_user_event());
    answered(frame.reference_id());
    if (frame.has_event_ack())
      acknowledged(frame);
    else if (frame.has_event_registered())
      rises(frame.event_registered().this_dn(),
            frame.event_registered().snapshot().dn_sequence() + 1, false);
    else if (frame.has_event_missed() || frame.has_event_link_disconnected())
      fail("was cut off: " + frame.ShortDebugString());
  }

  void heard_event(const v1::EventUserEvent& event) {
    rises(event.event().this_dn(), event.dn_sequence(), true);
  }
  void acknowledged(const v1::Frame& frame) {
    rises(dn_of_.at(frame.reference_id()), frame.event_ack().dn_sequence(), true);
  }

  /// Answers about one DN come in the order of the requests.
  void answered(std::uint32_t reference) {
    for (auto& [dn, waiting] : asked_)
      if (!waiting.empty() && waiting.front() == reference) {
        waiting.pop_front();
        dn_of_[reference] = dn;
        outstanding_ -= outstanding_ > 0 ? 1 : 0;
        return;
      }
    fail("answer " + std::to_string(reference) + " out of order");
  }

  /// What a client sees of one DN rises: events and its own ACKs, and never below a snapshot.
  void rises(const std::string& dn, std::uint64_t sequence, bool is_event) {
    auto& last = last_[dn];
    if (sequence <= last && is_event)
      fail("#" + std::to_string(sequence) + " of " + dn + " behind #" + std::to_string(last));
    if (sequence < last + 1 && !is_event)
      fail("a snapshot of " + dn + " from before #" + std::to_string(last));
    if (is_event) {
      last = sequence;
      heard_[dn].insert(sequence);
    }
  }

  void fail(const std::string& what) {
    if (wrong_.empty())
      wrong_ = who_.name() + ": " + what;
  }

  party& who_;
  bool wanders_;
  std::mt19937 random_;
  std::uint32_t reference_ = 1; // the sign-on's
  std::size_t outstanding_ = 0;
  std::map<std::string, std::deque<std::uint32_t>> asked_;
  std::map<std::uint32_t, std::string> dn_of_;
  std::map<std::string, std::uint64_t> last_;
  std::map<std::string, std::set<std::uint64_t>> heard_;
  std::string wrong_;
};

enum class members_speak : bool { no, yes };

/// Listens for all, and lets them speak, until each has its answers (and has spoken). False if that
/// takes too long.
bool run(std::deque<member>& members, members_speak speak) {
  auto deadline = std::chrono::steady_clock::now() + 120s; // finds hangs, measures nothing
  for (;;) {
    bool all = true;
    for (auto& one : members) {
      if (speak == members_speak::yes)
        one.speak();
      one.listen();
      all = all && one.all_answered() && (speak == members_speak::no || one.done_speaking());
    }
    if (all || std::chrono::steady_clock::now() > deadline)
      return all;
    std::this_thread::yield();
  }
}

/// Every DN's order as its steadiest listeners know it: all of 1 to n, each once.
void check_whole(const member& one, const std::map<std::string, std::uint64_t>& ends) {
  for (auto& [dn, end] : ends) {
    INFO("events of " << dn);
    auto heard = one.heard().find(dn);
    REQUIRE(heard != one.heard().end());
    CHECK(heard->second.size() == end);
    CHECK(*heard->second.rbegin() == end);
  }
}

} // namespace

TEST_CASE("every client sees each DN's one order and its own answers in order, on any threads") {
  auto where = GENERATE(values<stage>({{runs_on::loops, 1},
                                       {runs_on::loops, 2},
                                       {runs_on::loops, 4},
                                       {runs_on::stock, 2},
                                       {runs_on::stock, 4}}));
  INFO(where);
  limits bounds;
  bounds.outbox_bytes_max = std::size_t{1} << 30;
  bounds.outbox_events_max = 1 << 20;
  bounds.confirm_timeout = bounds.confirm_timeout_max; // no deadline comes to pass meanwhile
  office o{bounds, where};
  std::deque<member> members;
  for (std::uint32_t i = 0; i < senders + wanderers; ++i) {
    auto& who = o.desktop("client" + std::to_string(i));
    members.emplace_back(who, i >= senders, 100 + i);
  }
  // First all are registered, so that the steady ones hear from the beginning. A DN lives where its
  // first desktop does: each has one of its own, so that they live on all loops.
  for (std::size_t i = 0; i < dns; ++i) {
    members[i].register_on_dn(i);
    REQUIRE(run(members, members_speak::no));
  }
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t dn = 0; dn < dns; ++dn)
      if (dn != i)
        members[i].register_on_dn(dn);
  REQUIRE(run(members, members_speak::no));
  if (where.scheduler == runs_on::loops)
    for (std::size_t i = 0; i < dns; ++i)
      REQUIRE(o.loop_of(dn_name(i)) == i % where.threads);
  REQUIRE(run(members, members_speak::yes));
  // Answers are in; the last events of others may still be on their way.
  std::map<std::string, std::uint64_t> ends;
  auto& asking = o.desktop("asking");
  for (std::size_t i = 0; i < dns; ++i) {
    asking.says(register_on(2, {dn_name(i)}));
    ends[dn_name(i)] = asking.frame().event_registered().snapshot().dn_sequence();
  }
  auto deadline = std::chrono::steady_clock::now() + 120s;
  auto complete = [&](member& one) {
    for (auto& [dn, end] : ends) {
      auto last = one.last().find(dn);
      if (last == one.last().end() || last->second < end)
        return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < senders; ++i)
    while (!complete(members[i]) && std::chrono::steady_clock::now() < deadline)
      members[i].listen();
  for (auto& one : members) {
    one.listen();
    CHECK(one.wrong() == "");
  }
  for (std::size_t i = 0; i < senders; ++i)
    check_whole(members[i], ends);
}
