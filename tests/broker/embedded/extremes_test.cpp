// Every number of the configuration at its least and at its greatest: it is refused, and named, or
// a pause gets through.
#include "broker/config/table.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <map>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using configuration::value_kind;

namespace {

/// Left out at their least, with the reason: on a busy machine they end what this test does.
const std::map<std::string, const char*> too_short_to_wait_for{
  {"limits.sign_on_timeout", "a sign-on has 50 ms"},
  {"limits.frame_timeout", "a frame has 50 ms"},
  {"limits.slow_consumer_timeout", "a client that does not read for 10 ms is slow"},
  {"limits.control_timeout", "a DN is found within 10 ms, or refused"},
  {"limits.confirm_timeout", "a pause has its outcome after 10 ms"},
};

bool is_number(value_kind kind) {
  return kind == value_kind::number || kind == value_kind::size || kind == value_kind::duration;
}

/// What a desktop and a recorder do on a broker that works.
void pause_gets_through(broker& b) {
  auto desktop = registered(b, role::desktop, "7001");
  auto recorder = registered(b, role::recorder, "7001");
  auto ack = answer_to<event_ack>(desktop, send(desktop, "7001", capture_verb::pause));
  CHECK(ack.recorders_queued == 1u);
  CHECK(next<event_user_event>(recorder).verb == capture_verb::pause);
  answer_to<event_ack>(recorder, send(recorder, "7001", capture_verb::paused));
  CHECK(next<event_user_event>(desktop).effective_state == capture_state::paused);
}

/// Whether it was refused.
bool try_out(const configuration::key& key, std::uint64_t number) {
  configuration::config config;
  key.set(config, configuration::value{number});
  INFO(key.name << " = " << key.text(config));
  if (auto errors = configuration::validate(config); !errors.empty()) {
    CHECK_THAT(to_string(errors.front()), Catch::Matchers::Contains(key.name));
    return true;
  }
  kept_log log;
  broker b{config, quiet(log)};
  auto started = b.start();
  INFO(started.text());
  REQUIRE(started);
  pause_gets_through(b);
  return false;
}

} // namespace

TEST_CASE("a number at its least or its greatest is refused by name, or a pause gets through") {
  int worked = 0;
  int refused = 0;
  auto try_this = [&](const configuration::key& key, std::uint64_t number) {
    ++(try_out(key, number) ? refused : worked);
  };
  for (auto& key : configuration::table()) {
    if (!is_number(key.rule.kind))
      continue;
    if (!too_short_to_wait_for.contains(key.name))
      try_this(key, key.rule.min);
    try_this(key, key.rule.max);
  }
  CHECK(worked > 40);
  CHECK(refused > 10);
}

TEST_CASE("what is left out is a key still") {
  for (auto& [name, why] : too_short_to_wait_for)
    CHECK(configuration::find_key(name).has_value());
}
