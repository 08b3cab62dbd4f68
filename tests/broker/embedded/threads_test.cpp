// What is promised of threads: any function from any thread; brokers beside each other and beside
// an actor system of the host's own.
#include "tests/broker/embedded/in_process.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

/// One desktop and one recorder that say `count` commands and indications to each other.
void converse(broker& b, const std::string& dn, int count) {
  auto desktop = registered(b, role::desktop, dn);
  auto recorder = registered(b, role::recorder, dn);
  for (int i = 0; i < count; ++i) {
    auto ack = answer_to<event_ack>(desktop, send(desktop, dn, capture_verb::pause));
    auto heard = next<event_user_event>(recorder);
    REQUIRE(heard.sequence == ack.sequence);
    REQUIRE(heard.this_dn == dn);
    answer_to<event_ack>(recorder, send(recorder, dn, capture_verb::paused));
    REQUIRE(next<event_user_event>(desktop).verb == capture_verb::paused);
  }
}

/// Catch2's assertions belong to one thread: others say what became of them.
template <class Work>
std::thread in_thread(std::atomic<int>& failed, Work work) {
  return std::thread{[&failed, work = std::move(work)] {
    try {
      work();
    } catch (...) {
      ++failed;
    }
  }};
}

void insist(bool right) {
  if (!right)
    throw std::runtime_error{"not as it should be"};
}

} // namespace

TEST_CASE("two brokers and a host's own actors in one process do not disturb each other") {
  caf::actor_system_config host_config;
  host_config.config_file_path = "";
  host_config.set("scheduler.max-threads", 2);
  caf::actor_system host{host_config};
  // The host's actors talk to themselves all the while.
  std::atomic<std::uint64_t> host_messages{0};
  auto talk = [&](caf::event_based_actor* self, int first) -> caf::behavior {
    self->send(self, first);
    return {[&, self](int) {
      ++host_messages;
      self->send(self, 1);
    }};
  };
  auto busy = host.spawn(talk, 1);
  {
    kept_log first_log;
    kept_log second_log;
    broker first{run_as(GENERATE(from_range(every_way))), quiet(first_log)};
    broker second{run_as(GENERATE(from_range(every_way))), quiet(second_log)};
    REQUIRE(first.start());
    REQUIRE(second.start());
    converse(first, "7001", 100);
    converse(second, "7001", 100); // the same DN is another one there
    auto desktop = registered(first, role::desktop, "7002");
    auto other = registered(second, role::desktop, "7002");
    auto ack = answer_to<event_ack>(desktop, send(desktop, "7002", capture_verb::pause));
    CHECK(ack.version.value == 1);
    first.stop();
    CHECK(first_log.tells("client signed on"));
    converse(second, "7003", 100);
    CHECK_FALSE(other.poll(0ms)); // heard nothing of the other broker, nor of its end
    auto before = host_messages.load();
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (host_messages.load() == before && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    CHECK(host_messages.load() > before);
  }
  caf::anon_send_exit(busy, caf::exit_reason::user_shutdown);
}

TEST_CASE("a host's own actor may be a T-Client's owner, on the host's threads") {
  caf::actor_system_config host_config;
  host_config.config_file_path = "";
  caf::actor_system host{host_config};
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  auto own = [&b](caf::event_based_actor*, const std::string& name) -> caf::behavior {
    auto link = std::make_shared<connection>();
    return {[link, &b, name](const std::string& dn) {
      auto opened = link->open(b.connect(name).transport, as(role::desktop));
      std::string one[] = {dn};
      auto sent = link->register_address(one);
      return opened && sent && link->wait_reply(sent.reference, patience).answer.has_value();
    }};
  };
  auto owner = host.spawn(own, std::string{"actor"});
  caf::scoped_actor self{host};
  bool registered = false;
  self->request(owner, patience, std::string{"7001"})
    .receive([&](bool yes) { registered = yes; }, [](const caf::error&) {});
  CHECK(registered);
  caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
  self->await_all_other_actors_done();
}

TEST_CASE("every function of a broker may be called from several threads at a time") {
  kept_log log;
  auto how = GENERATE(from_range(every_way));
  auto config = run_as(how);
  config.dns.list = {"7001", "7002", "7003"};
  broker b{config, quiet(log)};
  std::atomic<int> failed{0};
  std::atomic<int> started{0};
  std::vector<std::thread> starters;
  for (int i = 0; i < 3; ++i)
    starters.push_back(in_thread(failed, [&] { started += b.start() ? 1 : 0; }));
  for (auto& thread : starters)
    thread.join();
  REQUIRE(started == 1); // once in its life, whoever comes first
  std::atomic<bool> ends{false};
  std::vector<std::thread> all;
  for (std::string dn : {"7001", "7002", "7003"})
    all.push_back(in_thread(failed, [&b, &ends, dn] {
      while (!ends) {
        auto link = b.connect(dn);
        if (!link) {
          insist(link.text.find("shutting down") != std::string::npos ||
                 link.text.find("stopped") != std::string::npos);
          continue;
        }
        connection c;
        auto opened = c.open(std::move(link.transport), as(role::desktop));
        std::string one[] = {dn};
        if (opened)
          static_cast<void>(c.register_address(one));
        c.poll(1ms);
      }
    }));
  all.push_back(in_thread(failed, [&] {
    while (!ends) {
      auto taken = b.reload(config);
      insist(bool{taken} && b.counters().connections < 100 && b.port() == 0);
    }
  }));
  auto heard = [&] { return b.counters().frames_in > 200; };
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!heard() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(heard());
  std::vector<std::thread> enders;
  for (int i = 0; i < 2; ++i) {
    enders.push_back(in_thread(failed, [&] { insist(b.drain()); }));
    enders.push_back(in_thread(failed, [&] {
      b.stop(patience);
      insist(b.counters().connections == 0);
    }));
  }
  for (auto& thread : enders)
    thread.join();
  ends = true;
  for (auto& thread : all)
    if (thread.joinable())
      thread.join();
  CHECK(failed == 0);
}
