// A client that meets a hostile or broken broker: every request still ends once, memory is
// bounded, nothing crashes, and it tries again.
#include "messages/frame.hpp"
#include "tests/client/scripted_broker.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

/// A client with a request under way that meets these bytes; they cost it the link.
void meets(const std::string& bytes, link_fault fault, bool then_vanish = false) {
  scripted_client c;
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(outgoing_event::capture("7001", capture_verb::pause), c.keep()));
  c.settle();
  c.broker.send_bytes(bytes);
  if (then_vanish)
    c.broker.vanish();
  c.settle();
  auto told = c.told<link_notice>();
  REQUIRE_FALSE(told.empty());
  CHECK(told.back().phase == link_phase::waiting);
  CHECK(told.back().fault == fault);
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0].doubt == doubt_reason::link_lost);
  c.bring_back();
}

} // namespace

TEST_CASE("garbage, oversized frames and half a frame cost the link and nothing else") {
  meets("\xff\xff\xff\xff\xff\xff\xff", link_fault::protocol_error);
  meets(std::string{"\x03\xff\xff\xff", 4}, link_fault::protocol_error);
  meets("\xff\xff\xff\xff\x0f", link_fault::protocol_error); // 4 GiB
  meets(std::string{"\x7f\x08\x01", 3}, link_fault::closed_by_peer, true);
  meets("", link_fault::closed_by_peer, true);
  v1::Frame again;
  again.mutable_event_link_connected();
  meets(delimited(again), link_fault::protocol_error);
}

TEST_CASE("a broker that accepts and says nothing is left after the sign-on's time") {
  scripted_client c;
  c.subject.start();
  c.settle();
  c.pass(bounds{}.connect_timeout);
  auto told = c.told<link_notice>();
  CHECK(told.back().fault == link_fault::timed_out);
  CHECK(c.broker.pipe().closed);
}

TEST_CASE("a broker that falls silent is left after the granted time, requests in doubt") {
  scripted_client c;
  c.bring_up_on("7001");
  request_options how;
  how.timeout = 24h; // cut
  REQUIRE(c.subject.send(outgoing_event::capture("7001", capture_verb::pause), c.keep(), how));
  c.pass(1h);
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0].doubt == doubt_reason::timed_out);
  c.pass(9h);
  CHECK(c.told<link_notice>().back().fault == link_fault::silent);
}

TEST_CASE("a broker that ends the link during sign-on, in any way, is tried again") {
  for (int way = 0; way < 3; ++way) {
    scripted_client c;
    c.subject.start();
    c.settle();
    auto sign_on = c.broker.expect();
    if (way == 0)
      c.broker.vanish();
    else if (way == 1)
      c.broker.event("7001", "pause", 1);
    else
      c.broker.send_bytes(delimited(sign_on)); // its own words back
    c.settle();
    CHECK(c.subject.phase() == link_phase::waiting);
    c.bring_back();
  }
}

TEST_CASE("answers with wrong references and of wrong kinds end nothing that they should not") {
  scripted_client c;
  c.bring_up_on("7001");
  REQUIRE(c.subject.send(outgoing_event::capture("7001", capture_verb::pause), c.keep()));
  c.settle();
  auto asked = c.broker.expect();
  auto wrong = asked;
  for (std::uint32_t reference : {0u, 1u, 2u, asked.reference_id() + 1, 0xffffffffu}) {
    wrong.set_reference_id(reference);
    c.broker.ack(wrong);
    c.broker.error(wrong, 59);
    c.broker.error(wrong, 59, "7001");
  }
  v1::Frame frame;
  frame.set_reference_id(77);
  frame.mutable_event_registered()->set_this_dn("7002"); // never asked
  c.broker.send(frame);
  frame.set_reference_id(asked.reference_id());
  frame.mutable_event_unregistered()->set_this_dn("7002");
  c.settle();
  CHECK(c.done.empty());
  CHECK(c.subject.registration_of("7001") == registration_phase::registered);
  CHECK(c.subject.registration_of("7002") == registration_phase::none);
  CHECK(c.told<registration_notice>().size() == 1);
  c.broker.send(frame); // the right reference, but no answer to it
  c.settle();
  REQUIRE(c.done.size() == 1);
  CHECK(c.done[0].doubt == doubt_reason::wrong_answer);
}

TEST_CASE("grants of nothing do not make the client spin, stop or grow") {
  scripted_client c;
  c.broker.window_requests = 0;
  c.broker.dns_per_request_max = 0;
  for (int i = 0; i < 3; ++i)
    REQUIRE(c.subject.register_on(std::to_string(i)) == registering::accepted);
  c.bring_up();
  for (int i = 0; i < 3; ++i) { // one at a time
    auto asked = c.broker.said();
    REQUIRE(asked.size() == 1);
    c.broker.registered(asked[0]);
    c.settle();
  }
  for (int i = 0; i < 3; ++i)
    CHECK(c.subject.registration_of(std::to_string(i)) == registration_phase::registered);
}

TEST_CASE("a broker that never answers cannot make a client hold more than its bounds") {
  t_client_options options;
  options.limits.requests_max = 100;
  options.limits.request_timeout = 1s;
  scripted_client c{options};
  c.broker.window_requests = 1'000'000;
  c.bring_up_on("7001");
  std::size_t accepted = 0;
  for (int i = 0; i < 1000; ++i)
    accepted +=
      c.subject.send(outgoing_event::capture("7001", capture_verb::start), c.keep()) ? 1 : 0;
  CHECK(accepted == 100);
  CHECK(c.subject.requests_pending() == 100);
  c.pass(1s);
  CHECK(c.done.size() == 100);
}

TEST_CASE("a stream of events that no handler takes stays with the broker") {
  constexpr std::size_t events = 20'000;
  t_client_options options;
  options.link.events_max = 10;
  scripted_client c{options};
  c.bring_up_on("7001");
  for (std::uint64_t i = 1; i <= events; ++i)
    c.broker.event("7001", "pause", i);
  auto all = c.broker.pipe().unread();
  c.subject.poll(0ms);
  // Only what one read takes, of far more that there is.
  CHECK(c.broker.pipe().unread() > all / 2);
  CHECK(c.notices.size() < events / 2);
  for (std::size_t i = 0; i < 100'000 && c.notices.size() < events; ++i)
    c.subject.poll(0ms);
  CHECK(c.told<event_user_event>().size() == events); // and none was lost
}

TEST_CASE("no more waits for handlers than its bound") {
  t_client_options options;
  options.limits.waiting_max = 3;
  scripted_client c{options};
  c.bring_up_on("7001");
  for (std::uint64_t i = 1; i <= 10; ++i)
    c.broker.event("7001", "pause", i);
  std::vector<std::size_t> told;
  while (c.subject.poll(0ms))
    told.push_back(c.told<event_user_event>().size());
  CHECK(told == std::vector<std::size_t>{3, 3, 3, 1});
}

TEST_CASE("damaged streams from a seed: every request ends once, whatever arrives") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    scripted_client c;
    c.random = seed;
    c.bring_up_on("7001");
    std::size_t accepted = 0;
    for (int link = 0; link < 4; ++link) {
      for (int i = 0; i < 5; ++i) {
        auto what = outgoing_event::capture("7001", capture_verb::pause);
        what.command = random_command_id();
        request_options how;
        how.again_after_loss = random() % 2 == 0;
        accepted += c.subject.send(what, c.keep(), how) ? 1 : 0;
      }
      c.settle();
      std::string bytes;
      for (auto& frame : c.broker.said()) {
        v1::Frame answer;
        answer.set_reference_id(frame.reference_id() + random() % 2);
        if (random() % 2 == 0)
          answer.mutable_event_ack();
        else
          answer.mutable_event_registered()->set_this_dn("7001");
        bytes += delimited(answer);
      }
      for (auto i = random() % 4; i > 0 && !bytes.empty(); --i)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      c.broker.send_bytes(bytes);
      c.settle();
      if (c.subject.phase() == link_phase::up) {
        c.broker.vanish();
        c.settle();
      }
      if (c.subject.phase() == link_phase::given_up)
        c.subject.start();
      else
        c.bring_back();
      if (c.subject.phase() != link_phase::up)
        break;
    }
    c.pass(1h);
    CHECK(c.done.size() == accepted);
    std::set<std::uint64_t> ids;
    for (auto& d : c.done)
      CHECK(ids.insert(d.request.value).second);
  }
}

TEST_CASE("an endless stream of events does not keep a poll from coming back") {
  scripted_client c;
  c.bring_up_on("7001");
  for (std::uint64_t i = 1; i <= 5000; ++i)
    c.broker.event("7001", "pause", i);
  c.subject.poll(0ms);
  CHECK(c.told<event_user_event>().size() <= 1024);
  CHECK(c.subject.next_deadline() <= c.time); // there is more
  c.settle();
  CHECK(c.told<event_user_event>().size() >= 5000 - 1024);
}
