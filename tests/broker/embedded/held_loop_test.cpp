// What only shows where much waits for one loop at once: it is kept from turning for a while.
#include "client/internal/codec.hpp"
#include "client/internal/socket.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <future>
#include <map>
#include <set>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

void say(const connect_result& link, const std::string& bytes) {
  REQUIRE(link.transport->write_some(bytes).bytes == bytes.size());
}

/// A broker that listens, whose only loop stands in a function of the host's when told.
class held_broker {
public:
  held_broker() : broker_(config(), options()) { REQUIRE(broker_.start()); }

  broker& operator*() noexcept { return broker_; }
  client::endpoint endpoint() const { return {"127.0.0.1", broker_.port()}; }
  /// A socket whose connect is over.
  unique_fd connect_socket() const {
    auto made = start_connect(resolve("127.0.0.1", broker_.port()).addresses.at(0));
    pollfd one{made.get(), POLLOUT, 0};
    REQUIRE(::poll(&one, 1, 60'000) == 1);
    return made;
  }

  /// Signs on. When it returns, the loop stands.
  void hold() {
    link_ = broker_.connect();
    say(link_, codec::sign_on(reference_id{1}, as(role::desktop, "holder")));
    stands_.get_future().wait();
  }
  void let_go() { goes_on_.set_value(); }
  /// Ends the link that held it.
  void leave() { link_.transport.reset(); }

  /// At each request that others make and the host may refuse. To be set while the loop stands.
  std::function<void()> on_request;

private:
  static configuration::config config() {
    auto one_loop = run_as(way::one_loop);
    one_loop.listen.port = 0;
    return one_loop;
  }
  broker_options options() {
    auto all = quiet(log_);
    all.listen = true;
    all.authorize = [this](const client_identity& who, action, std::string_view, std::string_view) {
      if (who.application == "holder") {
        stands_.set_value();
        goes_on_.get_future().wait();
      } else if (on_request) {
        on_request();
      }
      return true;
    };
    return all;
  }

  kept_log log_;
  std::promise<void> stands_;
  std::promise<void> goes_on_;
  connect_result link_;
  broker broker_; // last: it ends before what its functions use
};

} // namespace

TEST_CASE("who registers right behind the sign-on is answered in one write, however many come") {
  held_broker held;
  auto& b = *held;
  held.hold();
  std::map<std::string, connect_result> crowd; // by DN
  for (int number = 7000; number < 7200; ++number) {
    std::string dn[] = {std::to_string(number)};
    auto& link = crowd.emplace(dn[0], b.connect()).first->second;
    say(link, codec::sign_on(reference_id{1}, as(role::desktop, dn[0])) +
                codec::register_address(reference_id{2}, dn, {}));
  }
  held.let_go();
  for (auto& [dn, link] : crowd) {
    std::string heard;
    while (heard.find(dn) == std::string::npos) {
      pollfd one{link.transport->descriptor(), link.transport->poll_events(true, false), 0};
      REQUIRE(::poll(&one, 1, 60'000) == 1);
      char bytes[1000];
      auto got = link.transport->read_some(bytes, sizeof bytes);
      REQUIRE(
        (got.status == transport_status::done || got.status == transport_status::would_block));
      heard.append(bytes, got.bytes);
    }
  }
  while (b.counters().sends < 1 + crowd.size()) // counted behind the write
    std::this_thread::yield();
  CHECK(b.counters().sends == 1 + crowd.size());
}

TEST_CASE("many clients that say one thing each at the same time are answered as if alone") {
  held_broker held;
  auto& b = *held;
  auto dn_of = [](std::size_t number) { return std::to_string(7000 + number); };
  auto recorder = join(b, role::recorder);
  std::vector<connection> crowd(150); // more reads than wait for each other
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    REQUIRE(crowd[i].open(held.endpoint(), as(role::desktop)));
    register_on(crowd[i], dn_of(i));
    register_on(recorder, dn_of(i));
  }
  held.hold();
  std::vector<submission> said;
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    auto& desktop = crowd[i];
    said.push_back(i % 3 == 0   ? send(desktop, dn_of(i), capture_verb::start)
                   : i % 3 == 1 ? send(desktop, dn_of(i + 1), capture_verb::start)
                                : desktop.query_address(dn_of(i)));
    CHECK_FALSE(desktop.poll(0ms)); // what it said is on its way
  }
  held.let_go();
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    if (i % 3 == 0)
      CHECK(answer_to<event_ack>(crowd[i], said[i]).sequence.value == 1);
    else if (i % 3 == 1)
      CHECK(answer_to<event_error>(crowd[i], said[i]).this_dn == dn_of(i + 1));
    else
      CHECK(answer_to<event_address_info>(crowd[i], said[i]).this_dn == dn_of(i));
  }
  std::set<std::string> told;
  for (std::size_t i = 0; i < crowd.size(); i += 3)
    told.insert(next<event_user_event>(recorder).this_dn);
  CHECK(told.size() == crowd.size() / 3);
  CHECK_FALSE(recorder.poll(0ms));
}

TEST_CASE("reads of one frame are all made before the first is heard, but for a sign-on") {
  held_broker held;
  auto& b = *held;
  constexpr std::size_t clients = 10;
  std::vector<connection> known(clients);
  for (auto& one : known)
    REQUIRE(one.open(held.endpoint(), as(role::desktop)));
  std::vector<unique_fd> new_ones;
  for (std::size_t i = 0; i < clients; ++i)
    new_ones.push_back(held.connect_socket());
  while (b.counters().accepted < 2 * clients)
    std::this_thread::yield();
  held.hold();
  auto before = b.counters().reads;
  std::vector<std::uint64_t> reads_at; // so many were made when a request was heard
  held.on_request = [&] { reads_at.push_back(b.counters().reads); };
  SECTION("registrations") {
    std::vector<submission> asked;
    for (auto& one : known) {
      std::string dn[] = {"7001"};
      asked.push_back(one.register_address(dn));
      CHECK_FALSE(one.poll(0ms));
    }
    held.let_go();
    for (std::size_t i = 0; i < clients; ++i)
      answer_to<event_registered>(known[i], asked[i]);
    CHECK(reads_at == std::vector<std::uint64_t>(clients, before + clients));
  }
  SECTION("sign-ons") {
    auto hello = codec::sign_on(reference_id{1}, as(role::desktop));
    for (auto& one : new_ones)
      REQUIRE(::send(one.get(), hello.data(), hello.size(), 0) ==
              static_cast<ssize_t>(hello.size()));
    held.let_go();
    for (auto& one : new_ones) {
      pollfd answered{one.get(), POLLIN, 0};
      REQUIRE(::poll(&answered, 1, 60'000) == 1);
    }
    std::vector<std::uint64_t> one_by_one;
    for (std::size_t i = 1; i <= clients; ++i)
      one_by_one.push_back(before + i);
    CHECK(reads_at == one_by_one);
  }
}

TEST_CASE("a tick says of a loop that stands that it does not turn, until it goes on") {
  held_broker held;
  auto& b = *held;
  CHECK(b.tick());
  held.hold();
  while (b.tick()) // what was asked before it stood is answered
    std::this_thread::yield();
  CHECK_FALSE(b.tick());
  held.let_go();
  while (!b.tick())
    std::this_thread::yield();
}

TEST_CASE("who comes once the drain has begun is refused, though the listener is still there") {
  held_broker held;
  auto& b = *held;
  held.hold();
  auto late = held.connect_socket();
  CHECK_FALSE(b.drain([] { return true; })); // it has begun, and nobody waits for its end
  held.let_go();
  pollfd one{late.get(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, 60'000) == 1);
  char heard[1000];
  auto got = read_some(late.get(), heard, sizeof heard);
  CHECK(std::string(heard, got.bytes).find("the broker is shutting down") != std::string::npos);
  CHECK(b.counters().accepted == 1);
  CHECK(b.counters().refused == 1);
  held.leave();
  CHECK(b.stop(patience));
}
