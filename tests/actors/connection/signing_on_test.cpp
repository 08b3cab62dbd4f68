// What a sign-on must say and what it makes of a client, without the conversation around it; and
// what a client may say in which stage of its connection's life.
#include "actors/connection/early_reads.hpp"
#include "actors/connection/life.hpp"
#include "actors/connection/sign_on.hpp"
#include "tests/actors/outbox_support.hpp"
#include "tests/actors/requests.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

v1::RequestSignOn usual() {
  return sign_on(1, v1::ROLE_DESKTOP, "desk").request_sign_on();
}

std::string checked(const v1::RequestSignOn& asked, const limits& bounds = {}) {
  auto wrong = check_sign_on(asked, bounds);
  return wrong ? std::to_string(static_cast<int>(wrong->code)) + " " + wrong->attribute : "right";
}

} // namespace

TEST_CASE("of several faults of a sign-on the first by order is told") {
  const std::vector<std::pair<std::string, std::function<void(v1::RequestSignOn&)>>> in_order = {
    {"55 version_min, version_max", [](auto& r) { r.set_version_min(2); }},
    {"53 application_name", [](auto& r) { r.clear_application_name(); }},
    {"53 instance_id", [](auto& r) { r.set_instance_id(std::string(17, 'i')); }},
    {"53 role", [](auto& r) { r.set_role(v1::ROLE_NODE); }},
    {"53 credentials", [](auto& r) { r.set_credentials(std::string(8193, 'c')); }},
    {"53 heartbeat_interval_ms", [](auto& r) { r.set_heartbeat_interval_ms(1); }},
  };
  auto asked = usual();
  CHECK(checked(asked) == "right");
  for (auto fault = in_order.rbegin(); fault != in_order.rend(); ++fault) {
    fault->second(asked);
    CHECK(checked(asked) == fault->first);
  }
}

TEST_CASE("what is just within the bounds of a sign-on is right") {
  limits bounds;
  auto asked = usual();
  asked.set_application_name(std::string(64, 'a'));
  asked.set_credentials(std::string(8192, 'c'));
  for (auto interval : {bounds.heartbeat_interval_min, bounds.heartbeat_interval_max, 0ms}) {
    asked.set_heartbeat_interval_ms(static_cast<std::uint32_t>(interval.count()));
    CHECK(checked(asked, bounds) == "right");
  }
  asked.set_heartbeat_interval_ms(
    static_cast<std::uint32_t>(bounds.heartbeat_interval_max.count() + 1));
  CHECK(checked(asked, bounds) == "53 heartbeat_interval_ms");
  for (auto role : {v1::ROLE_DESKTOP, v1::ROLE_RECORDER, v1::ROLE_SUPERVISOR, v1::ROLE_ADMIN,
                    v1::ROLE_CALL_SOURCE}) {
    asked = usual();
    asked.set_role(role);
    CHECK(checked(asked, bounds) == "right");
  }
}

TEST_CASE("a client is who it says, and where its edge said it is") {
  client_identity who;
  who.id = {17};
  who.peer.name = "[::1]:53422";
  instance_secret secret{7};
  identify(who,
           sign_on(1, v1::ROLE_RECORDER, "tape", {v1::CAPABILITY_EXACT_VERSIONS}).request_sign_on(),
           secret);
  CHECK(who.role == role::recorder);
  CHECK(who.application == "tape");
  CHECK(who.instance == published_instance(secret, "tape", *instance_id::from("tape's instance ")));
  CHECK(who.exact_versions);
  CHECK_FALSE((who.coalesce_ok || who.outcomes || who.directed));
  identify(who,
           sign_on(1, v1::ROLE_DESKTOP, "desk",
                   {v1::CAPABILITY_COALESCE_OK, v1::CAPABILITY_OUTCOMES, v1::CAPABILITY_DIRECTED})
             .request_sign_on(),
           secret);
  CHECK(who.role == role::desktop);
  CHECK((who.coalesce_ok && who.outcomes && who.directed));
  CHECK_FALSE(who.exact_versions); // of the sign-on before
  CHECK(who.id == client_id{17});
  CHECK(who.peer.name == "[::1]:53422");
}

TEST_CASE("others are told of an instance id what gives it away to nobody") {
  auto id = *instance_id::from("tape's instance ");
  auto other = *instance_id::from("tape's instancf ");
  instance_secret secret{7};
  auto published = published_instance(secret, "tape", id);
  CHECK(published == published_instance(secret, "tape", id));
  CHECK(published != id);
  CHECK(published != published_instance({8}, "tape", id));
  CHECK(published != published_instance(secret, "tapf", id));
  CHECK(published != published_instance(secret, "tape", other));
  CHECK(published != published_instance(secret, "tape", id, "vendor"));
  CHECK(published_instance(secret, "tape", id, "vendor") !=
        published_instance(secret, "tape", id, "vendos"));
}

TEST_CASE("silence may last so many percent of the interval that the client has, or the broker's") {
  limits bounds;
  bounds.heartbeat_interval = 3s;
  bounds.heartbeat_timeout_percent = 200;
  auto asked = usual();
  CHECK(heartbeat_for(asked, bounds).interval == 3s);
  CHECK(heartbeat_for(asked, bounds).timeout == 6s);
  asked.set_heartbeat_interval_ms(500);
  CHECK(heartbeat_for(asked, bounds).interval == 500ms);
  CHECK(heartbeat_for(asked, bounds).timeout == 1s);
}

TEST_CASE("the answer to a sign-on tells the terms of the link") {
  broker_context context{limits{}};
  context.server = {"ringdown", "1.2.3", 99, 1234, 0};
  context.utc_now = [] { return std::int64_t{5678}; };
  auto frames = frames_of(encode_connected({7}, {17}, {500ms, 1s}, 91'000, context));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].reference_id() == 7);
  auto& link = frames[0].event_link_connected();
  CHECK(link.client_id() == 17);
  CHECK(link.credentials_expire_time_us() == 91'000);
  CHECK(link.server_version() == "1.2.3");
  CHECK(link.heartbeat_interval_ms() == 500);
  CHECK(link.heartbeat_timeout_ms() == 1000);
  CHECK(link.window_requests() == context.bounds.requests_outstanding_max);
  CHECK(link.time_us() == 5678);
}

// ---- what follows a sign-on ----------------------------------------------------------------

TEST_CASE("what may be said depends on the stage of a connection's life") {
  using life = connection_life;
  struct stage {
    life at;
    bool may_ask, is_deaf, may_read;
  };
  for (auto [at, may_ask, deaf, reads] :
       {stage{life::awaiting_sign_on, false, false, true},
        stage{life::signing_on, false, false, false}, stage{life::signed_on, true, false, true},
        stage{life::draining, true, false, true}, stage{life::signing_off, true, true, false},
        stage{life::closing, false, true, false}}) {
    INFO(static_cast<int>(at));
    CHECK(is_signed_on(at) == may_ask);
    CHECK(is_deaf(at) == deaf);
    CHECK(may_read(at) == reads);
  }
}

TEST_CASE("what a client says behind its sign-on is kept in order, and only what was not read") {
  auto read_of = [](std::size_t frames, stream_end end = stream_end::open) {
    auto read = std::make_shared<read_batch>();
    read->frames.resize(frames);
    read->end = end;
    return read;
  };
  early_reads early;
  CHECK(early.take().empty());
  auto whole = read_of(2);
  auto half = read_of(3);
  auto broken = read_of(1, stream_end::malformed);
  early.put_aside(whole, 2); // the sign-on was its last frame
  early.put_aside(half, 1);
  early.put_aside(broken, 1); // nothing but the end of its stream
  auto taken = early.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].batch == half);
  CHECK(taken[0].first == 1);
  CHECK(taken[1].batch == broken);
  CHECK(early.take().empty());
  early.put_aside(whole, 0);
  CHECK(whole.use_count() == 2);
  early.drop();
  CHECK(whole.use_count() == 1);
}
