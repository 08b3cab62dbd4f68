// A run against a broker of the test's own: an honest one passes, and one that loses,
// damages, doubles or reorders is caught.
#include "bench/load/knee.hpp"
#include "bench/load/pause_probe.hpp"
#include "bench/load/run.hpp"
#include "tests/bench/small_load.hpp"
#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <thread>

using namespace ringdown;
using namespace ringdown::bench;
using namespace std::chrono_literals;
using ringdown::test::fake_broker;

namespace {

load_options small(const fake_broker& broker) {
  return test::small_load(broker.port());
}

} // namespace

TEST_CASE("an honest broker passes with every delivery verified") {
  fake_broker::options options;
  options.dns_per_request_max = 4; // several registrations each
  options.window_requests = 8;
  fake_broker broker{options};
  auto o = small(broker);
  REQUIRE_FALSE(unusable(o));
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.found.sent > 0);
  CHECK(r.found.delivered == r.found.acked);
  CHECK(r.ack_latency.count() > 0);
  CHECK(r.delivery_latency.count() == r.ack_latency.count());
  CHECK(r.errors.empty());
  CHECK(r.frames > 0);
}

TEST_CASE("what the broker says of its own is nobody's delivery") {
  fake_broker::options options;
  std::vector<int> receivers; // the broker's thread's
  options.on_request = [&receivers](fake_broker& broker, int fd, const v1::Frame& request) {
    if (request.has_request_sign_on() && request.request_sign_on().role() != v1::ROLE_DESKTOP)
      receivers.push_back(fd);
    if (request.has_request_send_event())
      for (int receiver : receivers) {
        v1::Frame order;
        auto& event = *order.mutable_event_user_event();
        event.set_origin_role(v1::ROLE_BROKER);
        event.mutable_event()->set_this_dn(request.request_send_event().this_dn());
        broker.send(receiver, order);
      }
    return false;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.found.delivered == r.found.acked);
}

TEST_CASE("receivers come when all producers are up") {
  fake_broker::options options;
  options.dns_per_request_max = 1; // it takes the producers a while
  std::string order;               // the broker's thread's, while there is one
  options.on_request = [&order](fake_broker&, int, const v1::Frame& request) {
    if (request.has_request_sign_on())
      order += request.request_sign_on().role() == v1::ROLE_DESKTOP ? 'd' : 'r';
    else if (request.has_request_register_address())
      order += '.';
    return false;
  };
  std::optional<fake_broker> broker{options};
  auto o = small(*broker);
  CHECK(run_load(o).good());
  broker.reset();
  CHECK(order.find('r') == o.producers + o.dns); // behind all their sign-ons and registrations
}

TEST_CASE("a broker that loses one delivery is caught") {
  fake_broker::options options;
  int count = 0;
  options.on_delivery = [&count](v1::Frame&) { return ++count != 30; };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.found.lost == 1);
}

TEST_CASE("each receiver of a DN gets each event, and one copy that is kept back is missed") {
  fake_broker::options options;
  int count = 0;
  bool is_honest = GENERATE(true, false);
  options.on_delivery = [&](v1::Frame&) { return is_honest || ++count != 30; };
  fake_broker broker{options};
  auto o = small(broker);
  o.fan_out = 2;
  auto r = run_load(o);
  CHECK(r.good() == is_honest);
  CHECK(r.found.lost == (is_honest ? 0 : 1));
  CHECK(r.found.delivered + r.found.lost == 2 * r.found.acked);
}

TEST_CASE("a broker that says one delivery again in the place of the next is caught") {
  fake_broker::options options;
  std::optional<v1::Frame> kept;
  options.on_delivery = [&](v1::Frame& frame) {
    auto& event = frame.event_user_event();
    if (kept && kept->event_user_event().event().this_dn() == event.event().this_dn())
      std::swap(*kept, frame);
    else if (!kept)
      kept = frame; // said now, and once more in the place of the next one of its DN
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.found.duplicated > 0);
}

TEST_CASE("an open loop offers what it was told, whatever the broker does") {
  fake_broker broker;
  auto o = small(broker);
  o.open_loop.emplace().per_second = 2000;
  o.open_loop->kind = GENERATE(arrival::constant, arrival::poisson, arrival::burst);
  o.open_loop->burst_events = 20;
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.offered > 0);
  // Each that was due in the measured time is timed, also when its answer comes later.
  CHECK(r.ack_latency.count() + r.unsent >= r.offered);
}

TEST_CASE("an open loop does not wait for a broker that is silent") {
  fake_broker::options options;
  options.on_request = [](fake_broker&, int, const v1::Frame& request) {
    return request.has_request_send_event();
  };
  fake_broker broker{options};
  auto o = small(broker);
  o.silence_max = 50ms;
  o.open_loop.emplace().per_second = 2000;
  o.backlog_max = 10;
  auto r = run_load(o);
  CHECK_FALSE(r.good());
  CHECK(r.found.sent == o.producers * o.window);
  CHECK(r.unsent > 0);
}

TEST_CASE("a broker that damages one byte is caught") {
  fake_broker::options options;
  int count = 0;
  options.on_delivery = [&count](v1::Frame& frame) {
    auto* pair =
      frame.mutable_event_user_event()->mutable_event()->mutable_user_data()->mutable_pairs(0);
    if (++count == 30)
      pair->mutable_binary_value()->back() ^= 1;
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.found.corrupted == 1);
}

TEST_CASE("a broker that refuses with errors is no broken broker, and the run goes on") {
  fake_broker::options options;
  int count = 0;
  options.on_request = [&count](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event() || ++count % 10 != 0)
      return false;
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_error()->set_error_code(111);
    frame.mutable_event_error()->set_retry_after_ms(1);
    broker.send(fd, frame);
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.errors[111] == r.found.refused);
  CHECK(r.found.refused > 0);
}

TEST_CASE("a broker that goes away ends the run with the reason") {
  fake_broker::options options;
  int count = 0;
  options.on_request = [&count](fake_broker& broker, int fd, const v1::Frame& request) {
    if (!request.has_request_send_event() || ++count != 50)
      return false;
    broker.disconnect(fd);
    return true;
  };
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK_FALSE(r.good());
  CHECK(r.trouble.starts_with("connection ")); // which one; closed or reset, as it happened
}

TEST_CASE("a window above what the broker grants is refused") {
  fake_broker::options options;
  options.window_requests = 4;
  fake_broker broker{options};
  auto r = run_load(small(broker));
  CHECK(r.trouble.find("grants") != std::string::npos);
}

TEST_CASE("options that make no run are refused") {
  fake_broker broker;
  auto few = small(broker);
  few.dns = 2;
  CHECK(unusable(few));
  auto wide = small(broker);
  wide.fan_out = 3;
  CHECK(unusable(wide));
  auto never = small(broker);
  never.open_loop.emplace().per_second = 0;
  CHECK(unusable(never));
}

TEST_CASE("rising rates end beyond what the closed loop reached") {
  fake_broker broker;
  knee_options o;
  o.load = small(broker);
  o.steps = 3;
  o.up_to = 0.5;
  std::size_t heard = 0;
  auto r = run_knee(o, [&](const knee_step&) { ++heard; });
  INFO(r.closed.trouble);
  CHECK(r.good());
  REQUIRE(r.steps.size() == 3);
  CHECK(heard == 3);
  CHECK(r.steps[0].offered_per_s < r.steps[2].offered_per_s);
  CHECK(r.steps[2].load.ack_latency.count() > 0);
}

TEST_CASE("a receiver that has stopped reading is no fault, and not in the others' latency") {
  fake_broker broker;
  auto o = small(broker);
  o.dns = 1;
  o.producers = 1;
  o.receivers = o.fan_out = 3;
  o.slow_receivers = 1;
  o.slow_bytes_per_second = 0;
  o.open_loop.emplace().per_second = 500;
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good()); // it reads all at the end
  CHECK(r.found.delivered == 3 * r.found.acked);
  CHECK(r.delivery_latency.count() == 2 * r.ack_latency.count());
}

TEST_CASE("pauses of a desktop of its own are timed by phase, and each is answered") {
  fake_broker broker;
  probe_options o;
  o.links = small(broker).links;
  o.every = 4ms;
  pause_probe probe{o};
  probe.enter(pause_probe::phase::unloaded);
  probe.start();
  std::this_thread::sleep_for(300ms);
  probe.enter(pause_probe::phase::loaded);
  std::this_thread::sleep_for(300ms);
  probe.stop();
  INFO(probe.trouble());
  CHECK(probe.good());
  for (auto p : {pause_probe::phase::unloaded, pause_probe::phase::loaded}) {
    CHECK(probe.of(p).sent > 0);
    CHECK(probe.of(p).ack.count() == probe.of(p).sent);
    CHECK(probe.of(p).errors.empty());
  }
  CHECK(probe.of(pause_probe::phase::aside).sent == 0);
}

TEST_CASE("desktops of a probe command in turns, each a DN of its own") {
  std::set<int> desktops;                        // the broker's thread's, like the next
  std::map<std::string, std::uint64_t> commands; // of each DN
  std::optional<fake_broker> broker;
  fake_broker::options options;
  options.on_request = [&](fake_broker&, int fd, const v1::Frame& request) {
    if (request.has_request_sign_on() && request.request_sign_on().role() == v1::ROLE_DESKTOP)
      desktops.insert(fd);
    if (request.has_request_send_event() && desktops.contains(fd))
      ++commands[request.request_send_event().this_dn()];
    return false;
  };
  broker.emplace(options);
  probe_options o;
  o.links = small(*broker).links;
  o.pairs = 3;
  o.every = 2ms;
  o.times_resumes = GENERATE(false, true);
  pause_probe probe{o};
  probe.enter(pause_probe::phase::loaded_by_tls);
  probe.start();
  while (!probe.has_begun())
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(100ms);
  probe.stop();
  INFO(probe.trouble());
  CHECK(probe.good());
  auto& found = probe.of(pause_probe::phase::loaded_by_tls);
  CHECK(found.ack.count() == found.sent);
  broker.reset();
  REQUIRE(commands.size() == 3);
  std::uint64_t all = 0;
  for (auto& [dn, count] : commands)
    all += count;
  REQUIRE(all > 9); // a start, a pause and a resume of each, and more
  CHECK(o.times_resumes == (all - found.sent == 3)); // the starts
}

TEST_CASE("a probe whose broker goes away says so") {
  probe_options o;
  {
    fake_broker broker;
    o.links = small(broker).links;
  }
  pause_probe probe{o};
  probe.start();
  probe.stop();
  CHECK_FALSE(probe.good());
}
