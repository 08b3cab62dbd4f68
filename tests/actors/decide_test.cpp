// The DN's decision about one request, as a value: the order of refusals, and what an accepted
// event says of the screen behind it, against what the screen then becomes.
#include "actors/dn/decide.hpp"

#include "tests/actors/outbox_support.hpp"
#include "tests/actors/screen_life.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using verb = capture_verb;

constexpr client_id recorder{70};

/// A DN with its screen, a desktop and what the desktop asks.
struct counter {
  screen_life life;
  dn_epoch epoch{9};
  memory_budget budget{limits{}};
  limits bounds;
  dn_facts facts;
  t_client client{bounds, budget, std::make_shared<counting_signal>()};
  sender_facts from{role::desktop, registration_mode::share, true};

  counter() {
    facts.recorders_active = 1;
    client.who.id = {5};
    client.who.role = role::desktop;
    client.who.application = "crm";
    life.comes(recorder, false);
    life.says(recorder, capture_state::disabled);
  }

  decision asks(const send_event_view& what) {
    facts.version = {life.version};
    dn_view view{.epoch = epoch,
                 .sequence = {life.sequence},
                 .version = {life.version},
                 .light = light(life.now_shown),
                 .now_shown = &life.now_shown,
                 .calls_are_told = life.calls_are_told,
                 .facts = facts,
                 .bounds = bounds,
                 .rules = &life.rules,
                 .now = life.now,
                 .time_us = life.utc_us()};
    return decide(view, from, client, what, {17});
  }
};

send_event_view request(verb what, std::uint64_t call = 71) {
  send_event_view view;
  view.this_dn = "7001";
  view.connection = {call};
  view.verb = what;
  return view;
}

int code_of(const decision& d) {
  auto* refused = std::get_if<refusal>(&d);
  return refused == nullptr ? 0 : static_cast<int>(refused->why.code);
}

} // namespace

TEST_CASE("an accepted command says its place, its version and what the screen is to be") {
  counter c;
  auto d = c.asks(request(verb::pause));
  auto& accepted = std::get<accepted_event>(d);
  auto& header = accepted.event.header;
  CHECK(header.sequence.value == c.life.sequence + 1);
  CHECK(header.version.value == 1);
  CHECK(accepted.version.value == 1);
  CHECK(header.desired == capture_state::paused);
  CHECK(header.effective_state == capture_state::disabled); // the light, and not what is desired
  CHECK(header.origin == c.client.who.id);
  CHECK(header.epoch == c.epoch);
  CHECK_FALSE(header.kept_from_recorders);
  CHECK(accepted.event.priority == traffic::reserved);
  CHECK(accepted.for_recorders);
  CHECK(accepted.command->judged.goes == way::recorders);
}

TEST_CASE("the decision changes nothing: asked twice it is the same") {
  counter c;
  auto before = c.life.now_shown;
  auto first = c.asks(request(verb::pause));
  auto second = c.asks(request(verb::pause));
  CHECK(std::get<accepted_event>(first).version == std::get<accepted_event>(second).version);
  CHECK(c.life.now_shown == before);
}

TEST_CASE("a query and an event of another kind take no version") {
  counter c;
  c.life.asks(verb::start, 71);
  for (auto what : {verb::query, verb::none}) {
    auto d = c.asks(request(what));
    auto& accepted = std::get<accepted_event>(d);
    CHECK(accepted.version.value == 1);
    CHECK(accepted.event.header.version.value == 0);
  }
  auto d = c.asks(request(verb::query));
  CHECK(std::get<accepted_event>(d).event.header.desired == capture_state::enabled);
}

TEST_CASE("where nobody has asked for anything a query says nothing of it") {
  counter c;
  auto d = c.asks(request(verb::query));
  CHECK_FALSE(std::get<accepted_event>(d).event.header.desired);
}

TEST_CASE("a held command is marked so and kept from recorders, and names its pause") {
  counter c;
  c.life.asks(verb::pause, 71, "bot");
  auto d = c.asks(request(verb::start, 72));
  auto& accepted = std::get<accepted_event>(d);
  CHECK(accepted.event.header.mark == event_mark::held);
  CHECK(accepted.event.header.kept_from_recorders);
  CHECK(accepted.event.header.desired == capture_state::paused);
  CHECK(accepted.event.header.version.value == 2);
  REQUIRE(accepted.command->judged.by);
  CHECK(accepted.command->judged.by->holder.application == "bot");
}

TEST_CASE("what has nothing to do is kept from recorders, and not marked as held") {
  counter c;
  c.life.asks(verb::pause, 71);
  auto d = c.asks(request(verb::resume));
  auto& accepted = std::get<accepted_event>(d);
  CHECK(accepted.command->judged.goes == way::nowhere);
  CHECK(accepted.event.header.kept_from_recorders);
  CHECK(accepted.event.header.mark == event_mark::none);
  CHECK(accepted.event.header.desired == capture_state::disabled);
}

TEST_CASE("what an event says is to be done is what the screen then is to be; a stop stops") {
  std::size_t seen = 0;
  std::vector<std::pair<verb, std::uint64_t>> all;
  for (auto what : {verb::start, verb::stop, verb::pause, verb::resume, verb::query})
    for (std::uint64_t call : {0, 71, 72})
      all.emplace_back(what, call);
  for (bool calls_are_told : {false, true})
    for (auto& first : all)
      for (auto& second : all)
        for (auto& third : all) {
          counter c;
          c.life.calls_are_told = calls_are_told;
          c.life.asks(first.first, first.second);
          c.life.asks(second.first, second.second, "bot");
          auto d = c.asks(request(third.first, third.second));
          auto went = c.life.asks(third.first, third.second);
          auto* accepted = std::get_if<accepted_event>(&d);
          REQUIRE((accepted == nullptr) == (went == "refused"));
          if (accepted == nullptr)
            continue;
          INFO(to_string(first.first)
               << " " << first.second << ", " << to_string(second.first) << " " << second.second
               << ", " << to_string(third.first) << " " << third.second);
          // Whatever goes on behind a stop has an order of its own.
          bool is_stop = third.first == verb::stop;
          auto wanted = is_stop ? capture_state::disabled : desired(c.life.now_shown);
          REQUIRE(accepted->event.header.desired == wanted);
          ++seen;
        }
  CHECK(seen > 6000);
}

TEST_CASE("refusals come in their order: the request, its sender, its id, the room, the state") {
  counter c;
  c.life.asks(verb::start, 71);
  c.life.asks(verb::stop, 71);
  auto wrong = request(verb::resume);
  wrong.dn_fault = send_fault::dn_empty;
  c.facts.commands_pending = 10'000;
  c.facts.seen = dn_facts::command_seen::other_content;
  c.from.mode.reset();
  CHECK(code_of(c.asks(wrong)) == 53);
  wrong.dn_fault = send_fault::none;
  CHECK(code_of(c.asks(wrong)) == 41);
  c.from.mode = registration_mode::share;
  CHECK(code_of(c.asks(wrong)) == 53);
  c.facts.seen = dn_facts::command_seen::never;
  CHECK(code_of(c.asks(wrong)) == 1186);
  c.facts.commands_pending = 0;
  auto d = c.asks(wrong);
  CHECK(code_of(d) == 185);
  CHECK(std::get<refusal>(d).version == command_version{2}); // by which it may be asked again
}

TEST_CASE("a command that was seen before gets its answer, whatever the screen is now") {
  counter c;
  c.life.asks(verb::start, 71);
  c.life.asks(verb::stop, 71);
  c.facts.seen = dn_facts::command_seen::same;
  CHECK(std::holds_alternative<seen_before>(c.asks(request(verb::resume))));
}

TEST_CASE("too many pauses are refused as overload, and stop never is") {
  counter c;
  for (std::uint64_t call = 1; call <= pauses_max; ++call)
    c.life.asks(verb::pause, call);
  CHECK(code_of(c.asks(request(verb::pause, 900))) == 1186);
  CHECK(code_of(c.asks(request(verb::stop, 900))) == 0);
}

TEST_CASE("a recorder may not echo an order that another recorder was given") {
  counter c;
  c.life.asks(verb::pause, 71);
  c.life.comes({80}, true);
  auto version = command_version{c.life.version}; // of the order for it alone
  CHECK(check_echo(c.life.now_shown, recorder, version)->attribute == "version");
  CHECK_FALSE(check_echo(c.life.now_shown, {80}, version));
  CHECK_FALSE(check_echo(c.life.now_shown, recorder, {1})); // of all
  CHECK_FALSE(check_echo(c.life.now_shown, recorder, {}));
  c.life.says({80}, capture_state::paused, version.value); // once it is decided, too
  CHECK(check_echo(c.life.now_shown, recorder, version)->attribute == "version");
  c.from.role = role::recorder;
  c.client.who.role = role::recorder;
  c.client.who.id = recorder;
  auto word = request(verb::paused);
  word.echoed_version = version;
  CHECK(code_of(c.asks(word)) == 53);
  word.echoed_version = {1};
  auto d = c.asks(word);
  CHECK(std::get<accepted_event>(d).event.header.version.value == 1);
}
