// The client over scripted links in virtual time: what it asks for again, what it tells, and what
// it never does.
#include "messages/frame.hpp"
#include "tests/client/scripted_broker.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

TEST_CASE("a client signs on and registers by itself, and again after each loss") {
  scripted_client c;
  c.bring_up_on("7001", 4);
  auto told = c.told<registration_notice>();
  REQUIRE(told.size() == 1);
  CHECK(told[0].snapshot->sequence == dn_sequence{4});
  c.told<link_notice>();
  c.broker.vanish();
  c.settle();
  auto down = c.told<link_notice>();
  REQUIRE(down.size() == 1);
  CHECK(down[0].phase == link_phase::waiting);
  CHECK(down[0].fault == link_fault::closed_by_peer);
  CHECK(c.subject.registration_of("7001") == registration_phase::wanted);
  c.bring_back();
  auto asked = c.broker.expect();
  CHECK(asked.request_register_address().this_dn(0) == "7001");
  c.broker.registered(asked, 9);
  c.settle();
  auto gaps = c.told<gap_notice>();
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].from == dn_sequence{5});
  CHECK(gaps[0].to == dn_sequence{9});
  auto up = c.told<link_notice>();
  CHECK(up.back().phase == link_phase::up);
  CHECK_FALSE(up.back().broker_restarted);
}

TEST_CASE("a client with one DN asks for it before its sign-on is answered, on each link") {
  scripted_client c;
  c.subject.register_on("7001");
  c.subject.start();
  for (int link = 0; link < 2; ++link) {
    c.settle();
    auto said = c.broker.said();
    REQUIRE(said.size() == 2);
    CHECK(said[1].request_register_address().this_dn(0) == "7001");
    CHECK(c.subject.registration_of("7001") == registration_phase::wanted);
    c.broker.grant(said[0]);
    c.broker.registered(said[1], 3);
    c.settle();
    CHECK(c.subject.registration_of("7001") == registration_phase::registered);
    CHECK(c.broker.said().empty()); // asked once
    CHECK(c.told<registration_notice>().size() == 1);
    c.broker.vanish();
    c.settle();
    c.pass(1s);
  }
}

TEST_CASE(
  "a registration that went out with a sign-on waits for it as long as the sign-on may take") {
  t_client_options options;
  options.limits.registration_timeout = 1s;
  options.link.connect_timeout = 5s;
  scripted_client c{options};
  auto said = c.begin_on("7001");
  REQUIRE(said.size() == 2);
  c.pass(4s);
  CHECK(c.told<registration_notice>().empty()); // not late: the link is not up
  c.broker.grant(said[0]);
  c.broker.registered(said[1]);
  c.settle();
  CHECK(c.subject.registration_of("7001") == registration_phase::registered);
}

TEST_CASE("a registration that a broker does not take before its grant is asked for again") {
  std::vector<std::string> shown;
  t_client_options options;
  options.on_traffic = [&](const traffic& t) {
    if (auto* asked = std::get_if<registration_sent>(&t))
      shown.insert(shown.end(), asked->dns.begin(), asked->dns.end());
  };
  scripted_client c{options};
  auto said = c.begin_on("7001");
  REQUIRE(said.size() == 2);
  CHECK(shown.empty()); // until the link is up
  c.broker.error(said[1], 217);
  c.broker.grant(said[0]);
  c.settle();
  CHECK(shown == std::vector<std::string>{"7001"});
  CHECK(c.subject.registration_of("7001") == registration_phase::wanted);
  c.pass(10s);
  c.broker.registered(c.broker.expect());
  c.settle();
  CHECK(c.subject.registration_of("7001") == registration_phase::registered);
}

TEST_CASE("a link that stood for a moment is told before what came over it") {
  scripted_client c;
  auto said = c.begin_on("7001");
  REQUIRE(said.size() == 2);
  c.notices.clear();
  c.broker.grant(said[0]);
  c.broker.registered(said[1]);
  c.broker.vanish();
  c.settle();
  REQUIRE(c.notices.size() == 3);
  CHECK(std::get<link_notice>(c.notices[0]).phase == link_phase::up);
  CHECK(std::get<registration_notice>(c.notices[1]).phase == registration_phase::registered);
  CHECK(std::get<link_notice>(c.notices[2]).phase == link_phase::waiting);
}

TEST_CASE("a client with more DNs asks for them together, within what is granted") {
  scripted_client c;
  c.subject.register_on("7001");
  c.subject.register_on("7002");
  c.subject.start();
  c.settle();
  auto said = c.broker.said();
  REQUIRE(said.size() == 1);
  c.broker.grant(said[0]);
  c.settle();
  CHECK(c.broker.expect().request_register_address().this_dn_size() == 2);
}

TEST_CASE("a client has the same instance id over all its links, and notices a new broker") {
  scripted_client c;
  c.subject.start();
  c.settle();
  auto first = c.broker.expect();
  c.broker.grant(first);
  c.settle();
  c.broker.vanish();
  c.settle();
  c.broker.server_instance = 2;
  c.random = 400;
  c.pass(1s);
  auto second = c.broker.expect();
  CHECK(first.request_sign_on().instance_id().size() == 16);
  CHECK(second.request_sign_on().instance_id() == first.request_sign_on().instance_id());
  c.broker.grant(second);
  c.settle();
  CHECK(c.told<link_notice>().back().broker_restarted);
}

TEST_CASE("attempts back off with jitter while nobody is there") {
  scripted_client c;
  c.broker.listens = false;
  c.random = 250;
  c.subject.start();
  c.settle();
  CHECK(c.broker.attempts == 1);
  auto told = c.told<link_notice>();
  CHECK(told.back().phase == link_phase::waiting);
  CHECK(told.back().fault == link_fault::refused);
  CHECK(told.back().retry_in == 250ms);
  c.pass(249ms);
  CHECK(c.broker.attempts == 1);
  c.pass(1ms);
  CHECK(c.broker.attempts == 2);
  c.random = 999;
  c.pass(250ms);
  CHECK(c.broker.attempts == 3);
  CHECK(c.told<link_notice>().back().retry_in == 999ms);
  c.broker.listens = true;
  c.subject.start(); // at once
  c.settle();
  CHECK(c.broker.attempts == 4);
}

TEST_CASE("a second place is tried when the first is not there") {
  scripted_broker other;
  scripted_broker gone;
  t_client_options options;
  gone.listens = false;
  options.places = {gone.factory(), other.factory()};
  scripted_client c{options};
  c.random = 0;
  c.subject.start();
  c.settle();
  CHECK(gone.attempts == 1);
  REQUIRE(other.attempts == 1);
  other.grant(other.expect());
  c.settle();
  CHECK(c.subject.phase() == link_phase::up);
}

TEST_CASE("a broker that drains or is overloaded gets the time it asks for") {
  scripted_client c;
  c.bring_up();
  c.broker.farewell(v1::DISCONNECT_REASON_DRAINING, 1000);
  c.settle();
  auto told = c.told<link_notice>().back();
  CHECK(told.reason == disconnect_reason::draining);
  CHECK(told.retry_in >= 1000ms); // and a random wait behind it
  c.pass(told.retry_in - 1ms);
  CHECK(c.broker.attempts == 1);
  c.pass(1ms);
  CHECK(c.broker.attempts == 2);
  c.broker.error(c.broker.expect(), 1186, {}, 2000);
  c.settle();
  auto refused = c.told<link_notice>().back().retry_in;
  CHECK(refused >= 2000ms);
  c.pass(refused);
  c.broker.expect();
  c.broker.farewell(v1::DISCONNECT_REASON_OVERLOADED, 500); // instead of an answer
  c.settle();
  CHECK(c.told<link_notice>().back().retry_in >= 500ms);
}

TEST_CASE("after a takeover or a refused sign-on it stays away until it is told to come back") {
  bool insist = GENERATE(false, true);
  t_client_options options;
  options.reconnect_when_refused = insist;
  scripted_client c{options};
  auto expected = insist ? link_phase::waiting : link_phase::given_up;
  SECTION("taken over") {
    c.bring_up();
    c.broker.farewell(v1::DISCONNECT_REASON_TAKEN_OVER);
  }
  SECTION("refused credentials") {
    c.subject.start();
    c.settle();
    c.broker.error(c.broker.expect(), 119);
  }
  c.settle();
  auto told = c.told<link_notice>().back();
  CHECK(told.phase == expected);
  if (insist)
    return;
  c.pass(24h);
  CHECK(c.broker.attempts == 1);
  c.subject.start();
  c.settle();
  CHECK(c.broker.attempts == 2);
}

TEST_CASE("a client that shall not reconnect gives up and ends what is outstanding") {
  t_client_options options;
  options.reconnect = false;
  scripted_client c{options};
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(command(capture_verb::pause, true), c.keep(), again()));
  c.broker.vanish();
  c.settle();
  CHECK(c.subject.phase() == link_phase::given_up);
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0].doubt == doubt_reason::link_lost);
}

TEST_CASE("events of wanted DNs are told in order, others are not") {
  scripted_client c;
  c.bring_up_on("7001");
  c.broker.event("7001", "pause", 1);
  c.broker.event("7002", "pause", 1);
  v1::Frame missed;
  missed.mutable_event_missed()->set_this_dn("7001");
  missed.mutable_event_missed()->set_from_sequence(2);
  missed.mutable_event_missed()->set_to_sequence(5);
  missed.mutable_event_missed()->set_dn_epoch(1);
  c.broker.send(missed);
  c.broker.event("7001", "resume", 6);
  c.settle();
  auto events = c.told<event_user_event>();
  REQUIRE(events.size() == 2);
  CHECK(events[1].verb == capture_verb::resume);
  auto gaps = c.told<gap_notice>();
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].why == gap_notice::cause::slow);
  CHECK(gaps[0].to == dn_sequence{5});
}

TEST_CASE("nothing more of a DN is told once it is left, not even what came before") {
  scripted_client c;
  REQUIRE(c.subject.register_on("7002") == registering::accepted);
  c.bring_up_on("7001");
  c.told<registration_notice>();
  REQUIRE(c.subject.listen([&](const notice& n) {
    auto* e = std::get_if<event_user_event>(&n);
    if (e == nullptr || e->sequence != dn_sequence{1})
      return;
    c.subject.unregister_from("7001");
    CHECK(c.subject.register_on("7001") == registering::accepted); // that is another wish
  }));
  for (std::uint64_t i = 1; i <= 3; ++i)
    c.broker.event("7001", "pause", i);
  c.broker.event("7002", "pause", 4);
  c.settle();
  auto events = c.told<event_user_event>();
  REQUIRE(events.size() == 2);
  CHECK(events[0].sequence == dn_sequence{1});
  CHECK(events[1].this_dn == "7002");
}

TEST_CASE("a handler that throws is reported and the client goes on") {
  t_client_options options;
  options.on_traffic = [](const traffic&) { throw std::runtime_error{"in traffic"}; };
  scripted_client c{options};
  bool heard = false;
  REQUIRE(c.subject.listen([](const notice&) { throw std::runtime_error{"in a notice"}; }));
  REQUIRE(c.subject.listen([](const notice&) { throw 5; }));
  REQUIRE(c.subject.listen([&](const notice&) { heard = true; }));
  c.bring_up_on("7001");
  CHECK(heard);
  c.failures.clear();
  REQUIRE(c.subject.send(command(capture_verb::start),
                         [](const completion&) { throw std::logic_error{"in a completion"}; }));
  c.settle();
  c.broker.ack(c.broker.expect());
  c.settle();
  CHECK(c.subject.requests_pending() == 0);
  auto reported = [&](const char* where, const char* what) {
    return std::any_of(c.failures.begin(), c.failures.end(), [&](const handler_failure& f) {
      return f.where == where && f.what == what;
    });
  };
  CHECK(reported("completion", "in a completion"));
  CHECK(reported("traffic", "in traffic"));
  CHECK(c.subject.handler_failures() > c.failures.size());
  CHECK(c.subject.phase() == link_phase::up);
}

TEST_CASE("a place whose factory throws is a failed attempt") {
  t_client_options options;
  options.places = {[]() -> std::unique_ptr<transport> { throw std::runtime_error{"no stream"}; },
                    transport_factory{}};
  scripted_client c{options};
  c.random = 100;
  c.subject.start();
  c.settle();
  CHECK(c.subject.phase() == link_phase::waiting);
  REQUIRE(c.failures.size() == 1);
  CHECK(c.failures[0].where == "transport_factory");
  c.pass(100ms); // the empty one
  CHECK(c.subject.phase() == link_phase::waiting);
}

TEST_CASE("a handler may send, register and stop; what would wait there is refused") {
  scripted_client c;
  std::vector<request_status> asked;
  bool polled = true;
  REQUIRE(c.subject.listen([&](const notice& n) {
    auto* r = std::get_if<registration_notice>(&n);
    if (r == nullptr || r->this_dn != "7001")
      return;
    asked.push_back(c.subject.ask(command(capture_verb::start)).status);
    polled = c.subject.poll(1h) || c.subject.await_registered("7001", 1h);
    CHECK(c.subject.register_on("7002") == registering::accepted);
    CHECK(c.subject.send(command(capture_verb::start), [&](const completion& done) {
      c.done.push_back(done);
      c.subject.stop(1s); // only begins
    }));
  }));
  c.bring_up_on("7001");
  CHECK(asked == std::vector{request_status::called_in_handler});
  CHECK_FALSE(polled);
  c.broker.ack(c.broker.expect());
  CHECK(c.broker.expect().request_register_address().this_dn(0) == "7002");
  c.settle();
  CHECK(c.done.size() == 1);
  CHECK(c.subject.phase() == link_phase::stopping);
  auto bye = c.broker.expect();
  CHECK(bye.has_request_sign_off());
  c.broker.farewell(v1::DISCONNECT_REASON_SIGNED_OFF);
  c.settle();
  CHECK(c.subject.phase() == link_phase::stopped);
}

TEST_CASE("a start within a handler that has stopped the client follows the stop") {
  for (bool stopped_again : {false, true}) {
    scripted_client c;
    c.bring_up_on("7001");
    auto both = [&](const completion&) {
      c.subject.stop(1s); // only begins
      c.subject.start();
      if (stopped_again)
        c.subject.stop(1s);
    };
    REQUIRE(c.subject.send(command(capture_verb::query), both));
    c.settle();
    c.broker.ack(c.broker.expect());
    c.settle();
    CHECK(c.broker.expect().has_request_sign_off());
    c.broker.farewell(v1::DISCONNECT_REASON_SIGNED_OFF);
    c.settle();
    CHECK(c.broker.attempts == (stopped_again ? 1 : 2));
    auto now = stopped_again ? link_phase::stopped : link_phase::connecting;
    CHECK(c.subject.phase() == now);
  }
}

TEST_CASE("stopping waits for answers, then ends the rest in doubt") {
  scripted_client c;
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(command(capture_verb::start), c.keep()));
  REQUIRE(c.subject.send(command(capture_verb::stop, true), c.keep(), again()));
  c.settle();
  bool answered = GENERATE(true, false);
  if (answered) {
    c.broker.ack(c.broker.expect());
    c.broker.farewell(v1::DISCONNECT_REASON_SIGNED_OFF);
  }
  c.subject.stop(answered ? 1s : 0s);
  CHECK(c.subject.phase() == link_phase::stopped);
  REQUIRE(c.done.size() == 2);
  CHECK(bool{c.done[0]} == answered);
  CHECK(c.done[1].doubt == doubt_reason::stopped);
  CHECK(c.subject.descriptor() == -1);
  c.pass(24h);
  CHECK(c.broker.attempts == 1);
  // And it can be started again: the wish to be registered stands.
  c.bring_up();
  CHECK(c.broker.expect().has_request_register_address());
}

TEST_CASE("a listener hears its DN and the link until its owner ends, and there is a bound") {
  t_client_options options;
  options.limits.listeners_max = 3; // one is the test's own
  scripted_client c{options};
  int heard = 0;
  auto owner = std::make_shared<int>();
  REQUIRE(c.subject.listen(owner, "7001", [&](const notice&) { ++heard; }));
  REQUIRE(c.subject.listen(owner, "7002", [&](const notice&) { heard += 100; }));
  CHECK_FALSE(c.subject.listen(owner, "7003", [](const notice&) {}));
  c.bring_up_on("7001");
  CHECK(heard % 100 == 3); // connecting, up, registered
  owner.reset();
  heard = 0;
  c.broker.event("7001", "pause", 1);
  c.settle();
  CHECK(heard == 0);
  owner = std::make_shared<int>();
  CHECK(c.subject.listen(owner, "7001", [](const notice&) {}));
}

TEST_CASE("a handler is called after its time or at the stop, unless its owner has ended") {
  t_client_options options;
  options.limits.timers_max = 3;
  scripted_client c{options};
  c.bring_up();
  auto owner = std::make_shared<int>();
  auto ended = std::make_shared<int>();
  std::vector<int> called;
  REQUIRE(c.subject.call_after(owner, 2s, [&] { called.push_back(2); }));
  REQUIRE(c.subject.call_after(owner, 1s, [&] {
    called.push_back(1);
    throw std::runtime_error{"in a timer"};
  }));
  REQUIRE(c.subject.call_after(ended, 1s, [&] { called.push_back(9); }));
  CHECK_FALSE(c.subject.call_after(owner, 1s, [] {}));
  ended.reset();
  CHECK(c.subject.next_deadline() == c.time + 1s);
  c.pass(999ms);
  CHECK(called.empty());
  c.pass(1ms);
  CHECK(called == std::vector{1});
  REQUIRE(c.failures.size() == 1);
  CHECK(c.failures[0].where == "timer");
  c.broker.farewell(v1::DISCONNECT_REASON_SIGNED_OFF);
  c.subject.stop(0s);
  CHECK(called == std::vector{1, 2});
  CHECK_FALSE(c.subject.call_after(owner, 1s, [] {}));
}

TEST_CASE("slow handlers do not keep a client from its heartbeats") {
  scripted_client c;
  c.bring_up_on("7001");
  constexpr int events = 5;
  REQUIRE(c.subject.listen([&](const notice& n) {
    if (std::holds_alternative<event_user_event>(n))
      c.time += 1h; // the granted interval
  }));
  for (std::uint64_t i = 1; i <= events; ++i)
    c.broker.event("7001", "pause", i);
  c.settle();
  int heartbeats = 0;
  for (auto& bytes = c.broker.pipe().written; !bytes.empty(); ++heartbeats) {
    auto piece = next_frame(bytes, 1024);
    REQUIRE(piece.status == cut_status::complete);
    v1::Frame frame;
    REQUIRE(frame.ParseFromArray(piece.frame.data(), static_cast<int>(piece.frame.size())));
    CHECK(frame.has_heartbeat());
    bytes.erase(0, piece.consumed);
  }
  CHECK(heartbeats == events);
}
