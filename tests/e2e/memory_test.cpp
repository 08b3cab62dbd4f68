// A client that does not read costs the broker what its limits say, and costs the others nothing.
#include "tests/e2e/bystander.hpp"
#include "tests/e2e/small_queues.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>

using namespace ringdown;
using namespace ringdown::e2e;

namespace {

const flags small_memory =
  small_queues + flags{"--limits.outbox_bytes_reserve=256 KiB", // takes the answers to a read
                       "--limits.read_bytes_per_turn_max=4 KiB"};

/// Freed memory that a sanitizer keeps to itself says nothing of the broker.
process::surroundings frugal() {
  process::surroundings around;
  auto* given = std::getenv("ASAN_OPTIONS");
  around.environment = {
    {"ASAN_OPTIONS", (given == nullptr ? std::string{} : std::string{given} + ":") +
                       "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}};
  return around;
}

constexpr std::size_t MiB = 1024 * 1024;
/// Eight clients' outboxes and reserves are 2.5 MiB. Allocators and AddressSanitizer, which keeps
/// memory of each size for each thread, add more; what is pushed is 112 MB, or without an end.
#ifdef RINGDOWN_PROGRAMS_UNDER_ASAN
constexpr std::size_t growth_max = 80 * MiB;
#else
constexpr std::size_t growth_max = 24 * MiB;
#endif

v1::Frame bulky(const std::string& dn) {
  return user_event(dn, "filler", std::string(3500, 'x'));
}

} // namespace

TEST_CASE("Receivers that stop reading neither grow the broker nor delay the others") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + small_memory, frugal()};
  bystander other{broker};
  auto sender = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto reader = registered(broker, v1::ROLE_DESKTOP, "7001");
  std::vector<raw_client> stuck;
  for (int i = 0; i < 8; ++i) {
    stuck.emplace_back(broker.port(), raw_client::options{2048});
    stuck.back().sign_on(sign_on(v1::ROLE_DESKTOP));
    stuck.back().register_on("7001");
  }
  auto push = [&](int events) {
    std::uint64_t last = 0;
    for (int i = 0; i < events; ++i) {
      REQUIRE(sender.ask(bulky("7001")).has_event_ack());
      last = reader.expect().event_user_event().dn_sequence();
    }
    return last;
  };
  push(500); // everything has been used once
  auto before = broker.child().resident_bytes();
  CHECK(push(4000) == 4500); // 8 x 14 MB that nobody reads
  auto after = broker.child().resident_bytes();
  INFO("resident before " << before << ", after " << after);
  CHECK(after < before + growth_max);
  other.still_works();
  stuck.clear();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A sender that reads no answers is not read either, and gets each of them later") {
  auto way = GENERATE(from_range(every_way_to_run));
  auto limits = GENERATE(flags{}, small_memory);
  INFO(way << (limits.empty() ? "" : ", small queues"));
  running_broker broker{run_as(way) + limits, frugal()};
  bystander other{broker};
  raw_client flood{broker.port(), {2048}};
  flood.sign_on(sign_on(v1::ROLE_DESKTOP));
  flood.register_on("7001");
  auto before = broker.child().resident_bytes();

  // Until the broker takes no more: for half a second there is no room for another byte.
  std::uint32_t sent = 0;
  std::string left;
  constexpr std::uint32_t enough_to_fail = 20'000'000;
  while (sent < enough_to_fail) {
    if (left.empty()) {
      auto frame = query_address("7001");
      for (int i = 0; i < 100; ++i) {
        frame.set_reference_id(1000 + sent++);
        left += delimited_bytes(frame.SerializeAsString());
      }
    }
    auto did = ::send(flood.descriptor(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (did > 0) {
      left.erase(0, static_cast<std::size_t>(did));
      continue;
    }
    REQUIRE(errno == EAGAIN);
    pollfd room{flood.descriptor(), POLLOUT, 0};
    if (::poll(&room, 1, 500) == 0)
      break;
  }
  REQUIRE(sent < enough_to_fail);
  auto after = broker.child().resident_bytes();
  INFO("resident before " << before << ", after " << after);
  CHECK(after < before + growth_max);
  other.still_works();

  // Now it reads: each request has its answer, once. The rest of the last goes out on the way.
  flood.read_wide();
  std::vector<bool> answered(sent);
  for (std::uint32_t seen = 0; seen < sent; ++seen) {
    if (!left.empty()) {
      auto did = ::send(flood.descriptor(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (did > 0)
        left.erase(0, static_cast<std::size_t>(did));
    }
    auto answer = flood.expect();
    auto number = answer.reference_id() - 1000;
    REQUIRE(number < sent);
    REQUIRE_FALSE(answered[number]);
    answered[number] = true;
    REQUIRE((answer.has_event_address_info() || kind_of(answer) == "EventError 111"));
  }
  CHECK(flood.ask(capture("7001", "pause")).has_event_ack());
  CHECK(broker.stop() == 0);
}

TEST_CASE("When the memory for queues is spent the broker waits until the slow are gone") {
  running_broker broker{
    run_as(GENERATE(from_range(every_way_to_run))) +
    flags{"--limits.memory_budget_bytes=1 MiB", "--limits.memory_budget_reserve=1 MiB",
          "--limits.outbox_bytes_max=1 MiB", "--limits.outbox_high_water_bytes=512 KiB",
          "--limits.outbox_low_water_bytes=256 KiB", "--limits.slow_consumer_timeout=500 ms"}};
  bystander other{broker};
  auto sender = registered(broker, v1::ROLE_DESKTOP, "7001");
  std::vector<raw_client> stuck;
  for (int i = 0; i < 4; ++i) {
    stuck.emplace_back(broker.port(), raw_client::options{2048});
    stuck.back().sign_on(sign_on(v1::ROLE_DESKTOP));
    stuck.back().register_on("7001");
  }
  // Far more than all of them may hold. Whatever is answered is accepted or told to wait.
  int overloaded = 0;
  for (int i = 0; i < 4000; ++i) {
    auto answer = sender.ask(bulky("7001"));
    if (answer.has_event_error()) {
      check_error(answer, answer.reference_id(), error_code::overloaded);
      ++overloaded;
    }
  }
  INFO("told to wait: " << overloaded);
  other.still_works();
  CHECK(sender.ask(capture("7001", "pause")).has_event_ack());
  CHECK(broker.stop() == 0);
}
