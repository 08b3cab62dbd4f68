// The broker as a part of a program: in-process T-Clients, the host's functions, start and end.
#include "actors/runtime/defaults.hpp"
#include "client/internal/codec.hpp"
#include "tests/broker/edge/file_table_size.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

outgoing_event plain(std::string dn) {
  outgoing_event event;
  event.this_dn = std::move(dn);
  return event;
}

} // namespace

TEST_CASE("a desktop and a recorder inside the process speak as over sockets") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  auto started = b.start();
  REQUIRE(started);
  CHECK(b.port() == 0);
  auto desktop = registered(b, role::desktop, "7001");
  auto recorder = registered(b, role::recorder, "7001");

  auto ack = answer_to<event_ack>(desktop, send(desktop, "7001", capture_verb::pause));
  CHECK(ack.recorders_queued == 1u);
  auto heard = next<event_user_event>(recorder);
  CHECK(heard.verb == capture_verb::pause);
  CHECK(heard.sequence == ack.sequence);
  answer_to<event_ack>(recorder, send(recorder, "7001", capture_verb::paused));
  auto light = next<event_user_event>(desktop);
  CHECK(light.verb == capture_verb::paused);
  CHECK(light.effective_state == capture_state::paused);

  // The rules are the same: who may say what, and who may speak at all.
  CHECK(answer_to<event_error>(desktop, send(desktop, "7001", capture_verb::paused)).code == 165);
  CHECK(answer_to<event_error>(desktop, send(desktop, "7002", capture_verb::pause)).code == 41);
  CHECK(b.counters().connections == 2);
  CHECK(log.tells("client signed on"));
}

TEST_CASE("a program speaks to its own broker over TCP and inside, on one DN") {
  kept_log log;
  auto options = quiet(log);
  options.listen = true;
  auto config = run_as(GENERATE(from_range(every_way)));
  config.listen.port = 0;
  broker b{config, options};
  auto started = b.start();
  REQUIRE(started);
  REQUIRE(b.port() != 0);
  connection outside;
  REQUIRE(outside.open(endpoint{"127.0.0.1", b.port()}, as(role::recorder)));
  register_on(outside, "7001");
  auto desktop = registered(b, role::desktop, "7001");
  answer_to<event_ack>(desktop, send(desktop, "7001", capture_verb::start));
  CHECK(next<event_user_event>(outside).verb == capture_verb::start);
}

TEST_CASE("a client inside that asks beyond its window is told 111, like any other") {
  kept_log log;
  auto config = run_as(GENERATE(from_range(every_way)));
  config.limits.requests_outstanding_max = 4;
  broker b{config, quiet(log)};
  auto started = b.start();
  REQUIRE(started);
  bounds limits;
  limits.keep_window = false;
  auto link = join(b, role::desktop, limits);
  register_on(link, "7001");
  CHECK(link.link().window_requests == 4);
  std::vector<reference_id> sent;
  for (int i = 0; i < 2000; ++i) { // without a look at the answers: more than four are in flight
    auto one = link.send_event(plain("7001"));
    if (!one)
      break;
    sent.push_back(one.reference);
  }
  int accepted = 0;
  int refused = 0;
  for (auto reference : sent) {
    auto reply = link.wait_reply(reference, patience);
    REQUIRE(reply);
    if (std::holds_alternative<event_ack>(*reply.answer))
      ++accepted;
    else if (std::get<event_error>(*reply.answer).code == 111)
      ++refused;
  }
  CHECK(accepted + refused == static_cast<int>(sent.size()));
  CHECK(accepted >= 4);
}

TEST_CASE("a client inside that does not read loses ordinary events and is told which") {
  kept_log log;
  auto config = run_as(GENERATE(from_range(every_way)));
  config.limits.frame_bytes_max = 8 * 1024;
  config.limits.user_data_bytes_max = 4000;
  config.limits.outbox_low_water_bytes = 16 * 1024;
  config.limits.outbox_high_water_bytes = 32 * 1024;
  config.limits.outbox_bytes_max = 64 * 1024;
  config.limits.slow_consumer_timeout = 10min;
  broker b{config, quiet(log)};
  auto started = b.start();
  REQUIRE(started);
  auto slow = registered(b, role::desktop, "7001");
  auto sender = registered(b, role::desktop, "7001");
  auto bulky = plain("7001");
  bulky.data.add("filler", std::string(3000, 'x'));
  std::uint64_t last = 0;
  for (int i = 0; i < 500; ++i)
    last = answer_to<event_ack>(sender, sender.send_event(bulky)).sequence.value;
  std::uint64_t expected = 1;
  std::uint64_t missed = 0;
  while (expected <= last) {
    auto e = slow.wait(patience);
    REQUIRE(e);
    if (auto* gap = std::get_if<event_missed>(&*e)) {
      REQUIRE(gap->from.value == expected);
      missed += gap->to.value - gap->from.value + 1;
      expected = gap->to.value + 1;
    } else {
      REQUIRE(std::get<event_user_event>(*e).sequence.value == expected++);
    }
  }
  CHECK(missed > 0);
}

TEST_CASE("a wrong configuration is an error with its key's name, and nothing runs") {
  kept_log log;
  configuration::config config;
  config.runtime.loops = 0;
  config.limits.frame_bytes_max = 1;
  broker b{config, quiet(log)};
  auto started = b.start();
  REQUIRE(started.errors.size() == 2);
  CHECK(started.errors[0].key == "runtime.loops");
  CHECK(started.errors[1].key == "limits.frame_bytes_max");
  CHECK(started.text().find("runtime.loops: ") == 0);
  CHECK_FALSE(b.connect());
  b.stop();
}

TEST_CASE("a port in use and a log that cannot be opened are errors, and nothing runs") {
  kept_log log;
  auto options = quiet(log);
  options.listen = true;
  configuration::config config;
  config.listen.port = 0;
  broker first{config, options};
  REQUIRE(first.start());
  config.listen.port = first.port();
  broker second{config, options};
  auto started = second.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors[0].key == "listen.port");
  CHECK_FALSE(second.connect());

  configuration::config unwritable;
  unwritable.log.file = "/nowhere/ringdown.log";
  broker third{unwritable, {.listen = false}};
  started = third.start();
  REQUIRE(started.errors.size() == 1);
  CHECK(started.errors[0].key == "log.file");
}

TEST_CASE("a link can be had while the broker runs, and else it says why not") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  CHECK(b.connect().text == "the broker has not been started");
  CHECK(b.stop(1s)); // there was nothing to end
  CHECK(b.start().errors.size() == 1);
  broker other{{}, quiet(log)};
  REQUIRE(other.start());
  CHECK(other.start().errors.size() == 1);
  CHECK(other.connect());
  other.stop();
  CHECK(other.connect().text == "the broker has stopped");
  other.stop();
}

TEST_CASE("connections_max counts the clients inside") {
  kept_log log;
  configuration::config config;
  config.limits.connections_max = 3;
  config.limits.connections_unsigned_max = 2;
  broker b{config, quiet(log)};
  REQUIRE(b.start());
  auto strange = b.connect();
  REQUIRE(strange);
  auto stranger = b.connect();
  REQUIRE(stranger);
  auto strangest = b.connect(); // for which the oldest of those that have not signed on goes
  REQUIRE(strangest);
  auto until = std::chrono::steady_clock::now() + patience;
  while (b.counters().connections != 2 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(1ms);
  connection one;
  REQUIRE(one.open(std::move(strangest.transport), as(role::desktop)));
  connection other;
  REQUIRE(other.open(std::move(stranger.transport), as(role::desktop)));
  auto two = join(b, role::desktop);
  CHECK(b.connect().text == "too many connections");
  two.leave(patience);
  connect_result again;
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!(again = b.connect()) && std::chrono::steady_clock::now() < deadline)
    ::poll(nullptr, 0, 1);
  CHECK(again);
}

TEST_CASE("a client that signs on and goes at once is counted out once") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  auto hello = codec::sign_on(reference_id{1}, as(role::desktop));
  for (int i = 0; i < 500; ++i) { // fewer than connections_unsigned_max
    auto link = b.connect();
    REQUIRE(link);
    REQUIRE(link.transport->write_some(hello).bytes == hello.size());
  }
  CHECK(b.stop(patience)); // whatever the directory still had to answer has come
  CHECK(b.counters().connections == 0);
  CHECK(b.counters().connections_unsigned == 0);
}

TEST_CASE("stop drains: clients hear why, and what they asked is answered") {
  kept_log log;
  broker b{run_as(GENERATE(from_range(every_way))), quiet(log)};
  REQUIRE(b.start());
  auto desktop = registered(b, role::desktop, "7001");
  auto sent = send(desktop, "7001", capture_verb::pause);
  REQUIRE(sent);
  std::atomic<bool> drained{false};
  std::thread ender{[&] { drained = b.stop(patience); }};
  auto reply = desktop.wait_reply(sent.reference, patience);
  REQUIRE(reply);
  auto* error = std::get_if<event_error>(&*reply.answer);
  CHECK((error == nullptr || error->code == 58)); // before the drain, or told
  auto end = next<event_link_disconnected>(desktop);
  CHECK(end.reason == disconnect_reason::draining);
  desktop.close();
  ender.join();
  CHECK(drained);
  CHECK(b.counters().connections == 0);
}

TEST_CASE("who listens has room for all connections before the first comes") {
  kept_log log;
  auto options = quiet(log);
  options.listen = true;
  auto config = run_as(GENERATE(from_range(every_way)));
  config.listen.port = 0;
  rlimit allowed{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &allowed) == 0);
  auto most = std::min<std::size_t>(allowed.rlim_cur, 100'000);
  config.limits.connections_max = std::min(2 * file_table_size(), most);
  config.limits.connections_unsigned_max = 10;
  broker b{config, options};
  REQUIRE(b.start());
  CHECK(file_table_size() >= config.limits.connections_max);
}

TEST_CASE("what an accepted socket is written leaves at once") {
  kept_log log;
  auto options = quiet(log);
  options.listen = true;
  auto config = run_as(way::one_loop);
  config.listen.port = 0;
  broker b{config, options};
  REQUIRE(b.start());
  connection client;
  REQUIRE(client.open(endpoint{"127.0.0.1", b.port()}, as(role::desktop)));
  std::size_t accepted = 0;
  for (int file = 0; file < 100; ++file) {
    sockaddr_in own{};
    sockaddr_in peer{};
    socklen_t size = sizeof own;
    int delays_not = 0;
    if (::getsockname(file, reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
        ntohs(own.sin_port) != b.port() ||
        ::getpeername(file, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
      continue; // not a socket, another one, or the one that listens
    size = sizeof delays_not;
    REQUIRE(::getsockopt(file, IPPROTO_TCP, TCP_NODELAY, &delays_not, &size) == 0);
    CHECK(delays_not == 1);
    ++accepted;
  }
  CHECK(accepted == 1);
}

TEST_CASE("a client that does not leave is closed when the time to stop is over") {
  kept_log log;
  auto config = run_as(GENERATE(from_range(every_way)));
  config.limits.linger_timeout = 60s;
  config.limits.drain_timeout = 60s;
  broker b{config, quiet(log)};
  REQUIRE(b.start());
  auto link = b.connect();
  connection desktop;
  REQUIRE(desktop.open(std::move(link.transport), as(role::desktop)));
  CHECK_FALSE(b.stop(50ms));
  auto end = next<event_link_disconnected>(desktop); // it reads only now
  CHECK(end.reason == disconnect_reason::draining);
}

TEST_CASE("a link outlives its broker and says that it has ended") {
  auto b = std::make_unique<broker>(configuration::config{}, broker_options{.listen = false});
  REQUIRE(b->start());
  auto desktop = registered(*b, role::desktop, "7001");
  b.reset();
  auto e = desktop.wait(patience);
  REQUIRE(e);
  CHECK(std::holds_alternative<link_lost>(*e));
  CHECK(send(desktop, "7001", capture_verb::pause).status == send_status::disconnected);
}

TEST_CASE("the host decides who may do what, and gives the time") {
  kept_log log;
  auto options = quiet(log);
  options.authorize = [](const client_identity& who, action what, std::string_view dn,
                         std::string_view credentials) {
    if (what == action::sign_on)
      return credentials == "open sesame";
    return who.application == "test" && dn == "7001";
  };
  options.utc_clock = [] { return std::int64_t{42}; };
  broker b{run_as(GENERATE(from_range(every_way))), options};
  REQUIRE(b.start());
  connection link;
  auto refused = link.open(b.connect().transport, as(role::desktop));
  CHECK(refused.fault == link_fault::sign_on_refused);
  auto who = as(role::desktop);
  who.credentials = "open sesame";
  REQUIRE(link.open(b.connect().transport, who));
  CHECK(link.link().time_us == 42);
  register_on(link, "7001");
  std::string other[] = {"7002"};
  CHECK(answer_to<event_error>(link, link.register_address(other)).code == 165);
}

TEST_CASE("a host's function that throws is told in the log and harms nobody") {
  kept_log log;
  auto options = quiet(log);
  options.authorize = [](const client_identity&, action what, std::string_view dn,
                         std::string_view) -> bool {
    if (what == action::register_ && dn == "7666")
      throw std::runtime_error{"no such agent"};
    if (what == action::register_ && dn == "7667")
      throw 7;
    return true;
  };
  options.utc_clock = []() -> std::int64_t { throw std::runtime_error{"no time"}; };
  broker b{run_as(GENERATE(from_range(every_way))), options};
  REQUIRE(b.start());
  auto other = registered(b, role::recorder, "7001");
  auto desktop = registered(b, role::desktop, "7001");
  for (std::string dn : {"7666", "7667"}) {
    std::string one[] = {dn};
    CHECK(answer_to<event_error>(desktop, desktop.register_address(one)).code == 165);
  }
  CHECK(log.tells("no such agent"));
  CHECK(log.tells("not a std::exception"));
  CHECK(log.tells("no time"));
  auto ack = answer_to<event_ack>(desktop, send(desktop, "7001", capture_verb::pause));
  CHECK(ack.time_us > 0);
  CHECK(next<event_user_event>(other).verb == capture_verb::pause);
}

TEST_CASE("an authorize that throws at sign-on counts as no, with 119") {
  kept_log log;
  auto options = quiet(log);
  options.authorize = [](const client_identity&, action what, std::string_view,
                         std::string_view) -> bool {
    if (what == action::sign_on)
      throw std::runtime_error{"no directory of persons"};
    return true;
  };
  broker b{run_as(GENERATE(from_range(every_way))), options};
  REQUIRE(b.start());
  connection link;
  auto refused = link.open(b.connect().transport, as(role::desktop));
  CHECK(refused.fault == link_fault::sign_on_refused);
  REQUIRE(refused.error);
  CHECK(refused.error->code == 119);
  CHECK(log.tells("no directory of persons"));
}

TEST_CASE("a loop that took long is told in the log, once") {
  kept_log log;
  auto options = quiet(log);
  options.authorize = [](const client_identity&, action what, std::string_view, std::string_view) {
    if (what == action::sign_on)
      std::this_thread::sleep_for(2 * runtime::defaults::long_turn);
    return true;
  };
  broker b{run_as(GENERATE(way::one_loop, way::two_loops)), options};
  REQUIRE(b.start());
  auto desktop = registered(b, role::desktop, "7001"); // a later turn: the long one is counted
  b.tick();
  CHECK(log.tells("runtime    a loop took long turns  loop="));
  b.stop();
  b.tick();
}

TEST_CASE("a log sink that throws loses its lines and nothing else") {
  broker_options options;
  options.listen = false;
  options.log_sink = [](logging::level, logging::component, std::string_view) { throw 7; };
  broker b{{}, options};
  REQUIRE(b.start());
  auto desktop = registered(b, role::desktop, "7001");
  CHECK(answer_to<event_ack>(desktop, send(desktop, "7001", capture_verb::pause)).version.value ==
        1);
}

TEST_CASE("reload changes the list of DNs, and refuses what is wrong") {
  kept_log log;
  auto config = run_as(GENERATE(from_range(every_way)));
  config.dns.list = {"7001"};
  broker b{config, quiet(log)};
  REQUIRE(b.start());
  auto link = registered(b, role::desktop, "7001");
  std::string two[] = {"7002"};
  CHECK(answer_to<event_error>(link, link.register_address(two)).code == 59);
  config.dns.list = {"70\n02"};
  CHECK(b.reload(config).errors.size() == 1);
  config.dns.list = {"7002"};
  CHECK(b.reload(config));
  auto gone = next<event_unregistered>(link);
  CHECK(gone.this_dn == "7001");
  CHECK(gone.code == 59);
  register_on(link, "7002");
}
