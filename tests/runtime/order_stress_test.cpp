// Producers -> pinned relays on several homes -> receivers: what a receiver hears of one relay
// comes in the relay's order, whether it went through mailboxes or in place.
#include "actors/runtime/pinned.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/send.hpp>
#include <caf/typed_behavior.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace ringdown::runtime;
using namespace ringdown::test;

namespace {

constexpr uint32_t relays = 6;
constexpr uint32_t receivers = 5;
constexpr uint32_t producers = 3;
constexpr uint32_t per_producer = 20000;

struct tally {
  std::atomic<uint64_t> heard{0};
  std::atomic<uint64_t> disorder{0};
  std::atomic<uint64_t> strays{0};
};

using receiver = caf::typed_actor<caf::reacts_to<uint32_t, uint64_t>>; // relay, its number
using relay = caf::typed_actor<caf::reacts_to<uint32_t, uint32_t>>;    // producer, its number

class receiver_actor : public pinned_actor<receiver> {
public:
  receiver_actor(caf::actor_config& config, home where, tally* t)
    : pinned_actor<receiver>(config, where), tally_(t) {}

protected:
  behavior_type make_behavior() override {
    return {[this](uint32_t from, uint64_t number) {
      if (where() && !where().is_current())
        ++tally_->strays;
      if (number != last_[from] + 1)
        ++tally_->disorder;
      last_[from] = number;
      ++tally_->heard;
    }};
  }

private:
  tally* tally_;
  std::vector<uint64_t> last_ = std::vector<uint64_t>(relays, 0);
};

// Tells each receiver of each message with a number of its own, in turn by mailbox and in place. It
// checks as well that each producer's messages come in order.
class relay_actor : public pinned_actor<relay> {
public:
  relay_actor(caf::actor_config& config, home where, uint32_t index,
              std::vector<pinned_ref<receiver>> to, tally* t)
    : pinned_actor<relay>(config, where), index_(index), to_(std::move(to)), tally_(t) {}

protected:
  behavior_type make_behavior() override {
    return {[this](uint32_t producer, uint32_t number) {
      if (number <= last_[producer])
        ++tally_->disorder;
      last_[producer] = number;
      ++sent_;
      for (const auto& one : to_)
        if ((sent_ + producer) % 3 == 0)
          send(one.handle(), index_, sent_);
        else
          deliver(one, index_, sent_);
    }};
  }

private:
  uint32_t index_;
  std::vector<pinned_ref<receiver>> to_;
  tally* tally_;
  uint64_t sent_ = 0;
  std::vector<uint32_t> last_ = std::vector<uint32_t>(producers, 0);
};

} // namespace

TEST_CASE("each receiver hears each relay's messages in order, on any number of threads") {
  const auto where = GENERATE(values<scenario>({{scheduler_kind::epoll, 1},
                                                {scheduler_kind::epoll, 2},
                                                {scheduler_kind::epoll, 4},
                                                {scheduler_kind::plain, 2},
                                                {scheduler_kind::stock, 2},
                                                {scheduler_kind::stock, 4}}));
  CAPTURE(where);
  tally t;
  test_system system{where};
  std::vector<pinned_ref<receiver>> to;
  for (size_t i = 0; i < receivers; ++i)
    to.emplace_back(system->spawn<receiver_actor>(home::at(*system, i), &t));
  std::vector<pinned_ref<relay>> through;
  for (uint32_t i = 0; i < relays; ++i)
    through.emplace_back(system->spawn<relay_actor>(home::at(*system, i + 1), i, to, &t));
  std::vector<std::thread> threads;
  for (uint32_t p = 0; p < producers; ++p)
    threads.emplace_back([&, p] {
      for (uint32_t k = 1; k <= per_producer; ++k) {
        const auto& one = through[k % relays];
        // By message, and by tasks that deliver in place on the relay's own loop. A producer keeps
        // to one way per relay: there is no order between the two.
        auto home_of = one.pinned()->where();
        if (home_of && (k % relays) % 2 == 0)
          home_of.loop()->post([&one, p, k] { deliver(one, p, k); });
        else
          deliver(one, p, k);
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(eventually([&] { return t.heard == uint64_t{producers} * per_producer * receivers; }));
  CHECK(t.disorder == 0);
  CHECK(t.strays == 0);
  for (const auto& one : through)
    caf::anon_send_exit(one.handle(), caf::exit_reason::kill);
  for (const auto& one : to)
    caf::anon_send_exit(one.handle(), caf::exit_reason::kill);
  system->await_all_actors_done();
}
