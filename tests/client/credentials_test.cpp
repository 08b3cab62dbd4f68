// Credentials of a client that reconnects, in virtual time: asked of the program for each link,
// renewed on a link that stands, and told when that fails.
#include "tests/client/scripted_broker.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t noon_us = 1'700'000'000'000'000; ///< by the broker's clock

std::int64_t us(std::chrono::microseconds time) {
  return time.count();
}

/// A program whose credentials are numbered as they are asked for.
struct stand {
  int asked = 0;
  bool has_none = false;
  scripted_client c;

  explicit stand(std::chrono::microseconds life = 0s) : c(with_function(this)) {
    c.broker.time_us = noon_us;
    c.broker.credentials_expire_time_us = life == 0s ? 0 : noon_us + us(life);
  }

  static t_client_options with_function(stand* self) {
    t_client_options options;
    options.who.credentials = "fixed";
    options.credentials = [self]() -> std::optional<std::string> {
      ++self->asked;
      if (self->has_none)
        return std::nullopt;
      return "token " + std::to_string(self->asked);
    };
    return options;
  }

  /// The renewal that was sent; fails the test if there is none.
  v1::Frame renewal() {
    auto said = c.broker.said();
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].has_request_renew_credentials());
    return said[0];
  }
  void renew(const v1::Frame& request, std::chrono::microseconds expires_after_noon) {
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_ack()->set_credentials_expire_time_us(noon_us + us(expires_after_noon));
    c.broker.send(frame);
    c.settle();
  }
  credentials_notice told() {
    auto all = c.told<credentials_notice>();
    REQUIRE(all.size() == 1);
    return all[0];
  }
};

} // namespace

TEST_CASE("credentials are asked for with each attempt to connect") {
  stand s;
  s.c.subject.start();
  s.c.settle();
  auto first = s.c.broker.expect();
  CHECK(first.request_sign_on().credentials() == "token 1");
  s.c.broker.grant(first);
  s.c.settle();
  s.c.broker.farewell(v1::DISCONNECT_REASON_CREDENTIALS_EXPIRED);
  s.c.settle();
  auto down = s.c.told<link_notice>().back();
  CHECK(down.phase == link_phase::waiting);
  CHECK(down.reason == disconnect_reason::credentials_expired);
  s.c.pass(500ms);
  CHECK(s.c.broker.expect().request_sign_on().credentials() == "token 2");
}

TEST_CASE("without a function the fixed credentials are sent, and never renewed") {
  t_client_options options;
  options.who.credentials = "fixed";
  scripted_client c{options};
  c.broker.time_us = noon_us;
  c.broker.credentials_expire_time_us = noon_us + us(60s);
  c.subject.start();
  c.settle();
  auto first = c.broker.expect();
  CHECK(first.request_sign_on().credentials() == "fixed");
  c.broker.grant(first);
  c.settle();
  c.pass(70s);
  CHECK(c.broker.said().empty());
}

TEST_CASE("an access list that no longer lets a client in ends it with the refusal that follows") {
  stand s;
  s.c.bring_up();
  s.c.broker.farewell(v1::DISCONNECT_REASON_ACCESS_CHANGED);
  s.c.settle();
  CHECK(s.c.told<link_notice>().back().phase == link_phase::waiting);
  s.c.pass(500ms);
  s.c.broker.error(s.c.broker.expect(), 119);
  s.c.settle();
  CHECK(s.c.told<link_notice>().back().phase == link_phase::given_up);
}

TEST_CASE("a program that has no credentials now is asked again later") {
  stand s;
  s.has_none = true;
  s.c.subject.start();
  s.c.settle();
  CHECK(s.c.broker.attempts == 0);
  auto down = s.c.told<link_notice>().back();
  CHECK(down.phase == link_phase::waiting);
  CHECK(down.fault == link_fault::no_credentials);
  s.has_none = false;
  s.c.pass(500ms);
  CHECK(s.c.broker.expect().request_sign_on().credentials() == "token 2");
}

TEST_CASE("a function that throws is reported, and asked again later") {
  t_client_options options;
  options.credentials = []() -> std::optional<std::string> {
    throw std::runtime_error{"no such file"};
  };
  scripted_client c{options};
  c.subject.start();
  c.settle();
  CHECK(c.broker.attempts == 0);
  REQUIRE(c.failures.size() == 1);
  CHECK(c.failures[0].where == "credentials");
  CHECK(c.subject.phase() == link_phase::waiting);
}

TEST_CASE("credentials are renewed at four fifths of their time, and at the new ones' again") {
  stand s{100s};
  s.c.bring_up();
  s.c.pass(79s);
  CHECK(s.c.broker.said().empty());
  CHECK(s.c.subject.next_deadline() == s.c.time + 1s);
  s.c.pass(1s);
  auto request = s.renewal();
  CHECK(request.request_renew_credentials().credentials() == "token 2");
  s.renew(request, 1080s); // 1,000 s from now
  auto told = s.told();
  CHECK(told.renewed);
  CHECK(told.expire_time_us == noon_us + us(1080s));
  CHECK(told.again_in == 800s);
  s.c.pass(799s);
  CHECK(s.c.broker.said().empty());
  s.c.pass(1s);
  CHECK(s.renewal().request_renew_credentials().credentials() == "token 3");
}

TEST_CASE("a short life leaves ten seconds, and what is too short is renewed at once") {
  auto [life, when] =
    GENERATE(table<std::chrono::seconds, std::chrono::seconds>({{30s, 20s}, {11s, 1s}, {3s, 0s}}));
  stand s{life};
  s.c.bring_up();
  if (when > 0s) {
    s.c.pass(when - 1ms);
    CHECK(s.c.broker.said().empty());
    s.c.pass(1ms);
  }
  auto request = s.renewal();
  s.renew(request, life); // the same as before
  CHECK(s.told().again_in >= 5s);
  s.c.pass(4s);
  CHECK(s.c.broker.said().empty()); // no storm
}

TEST_CASE("credentials that last longer than any link are not a time that overflows") {
  stand s{std::chrono::hours{24 * 365 * 1000}};
  s.c.bring_up();
  s.c.pass(2h);
  CHECK(s.c.broker.said().empty());
  CHECK(s.asked == 1);
}

TEST_CASE("a renewal that is refused is told, tried once more, and then left to the broker") {
  stand s{100s};
  s.c.bring_up();
  s.c.pass(80s);
  s.c.broker.error(s.renewal(), 119);
  s.c.settle();
  auto told = s.told();
  CHECK_FALSE(told.renewed);
  REQUIRE(told.error);
  CHECK(told.error->code == 119);
  CHECK(told.expire_time_us == noon_us + us(100s));
  CHECK(told.again_in == 10s); // ten seconds before they expire
  CHECK(s.c.subject.phase() == link_phase::up);
  s.c.pass(10s);
  auto again = s.renewal();
  CHECK(again.request_renew_credentials().credentials() == "token 3");
  s.c.broker.error(again, 119);
  s.c.settle();
  CHECK_FALSE(s.told().again_in);
  s.c.pass(600s);
  CHECK(s.c.broker.said().empty());
  CHECK(s.asked == 3);
}

TEST_CASE("a broker that has no time for a renewal is asked again, however often") {
  stand s{100s};
  s.c.bring_up();
  s.c.pass(80s);
  struct answer {
    std::uint32_t code;
    std::uint32_t retry_after_ms;
    std::chrono::milliseconds again_in;
  };
  for (auto [code, retry_after_ms, again_in] :
       {answer{1186, 1'000, 5s}, answer{52, 0, 5s}, answer{58, 7'500, 7'500ms}, answer{1186, 0, 5s},
        answer{1186, 4'000'000'000, 60s}}) {
    s.c.broker.error(s.renewal(), code, {}, retry_after_ms);
    s.c.settle();
    auto told = s.told();
    REQUIRE(told.error);
    CHECK(told.error->code == code);
    CHECK(told.again_in == again_in);
    s.c.pass(again_in);
  }
  s.renew(s.renewal(), 1'000s);
  CHECK(s.told().renewed);
}

TEST_CASE("a renewal without new credentials is told, and tried while the link stands") {
  stand s{100s};
  s.c.bring_up();
  s.has_none = true;
  s.c.pass(80s);
  CHECK(s.c.broker.said().empty());
  auto told = s.told();
  CHECK_FALSE(told.renewed);
  CHECK_FALSE(told.error);
  CHECK(told.again_in == 10s);
  s.has_none = false;
  s.c.pass(10s);
  s.renew(s.renewal(), 200s);
  CHECK(s.told().renewed);
}

TEST_CASE("a renewal that finds no room waits for it") {
  stand s{100s};
  s.c.broker.window_requests = 1;
  s.c.bring_up();
  auto sent = s.c.subject.query_address("7001", s.c.keep(), {.timeout = 600s});
  REQUIRE(sent);
  s.c.settle();
  auto question = s.c.broker.expect();
  s.c.pass(80s);
  s.c.pass(5s);
  CHECK(s.c.broker.said().empty());
  CHECK(s.c.told<credentials_notice>().empty());
  v1::Frame answer;
  answer.set_reference_id(question.reference_id());
  answer.mutable_event_address_info()->set_this_dn("7001");
  s.c.broker.send(answer);
  s.c.pass(5s);
  s.renew(s.renewal(), 200s);
  CHECK(s.told().renewed);
}

TEST_CASE("a link's renewal ends with the link") {
  stand s{100s};
  s.c.bring_up();
  s.c.broker.vanish();
  s.c.settle();
  s.c.broker.listens = false;
  s.c.pass(90s);
  CHECK(s.c.told<credentials_notice>().empty());
}

TEST_CASE("a program without such a client renews on its link itself") {
  stand s{100s};
  steady_time time{1h};
  connection link{[&] { return time; }};
  CHECK(link.renew_credentials("early").status == send_status::disconnected);
  link.start(s.c.broker.factory()(), {});
  link.poll(0ms);
  s.c.broker.grant(s.c.broker.expect());
  link.poll(0ms);
  CHECK(link.link().credentials_expire_time_us == noon_us + us(100s));
  auto sent = link.renew_credentials("new");
  REQUIRE(sent);
  auto request = s.c.broker.expect();
  CHECK(request.request_renew_credentials().credentials() == "new");
  v1::Frame answer;
  answer.set_reference_id(request.reference_id());
  answer.mutable_event_ack()->set_credentials_expire_time_us(noon_us + us(500s));
  s.c.broker.send(answer);
  auto reply = link.wait_reply(sent.reference, 0ms);
  REQUIRE(reply);
  CHECK(std::get<event_ack>(*reply.answer).credentials_expire_time_us == noon_us + us(500s));
}
