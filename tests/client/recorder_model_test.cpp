// What a recorder makes of what it hears: one stream of orders for each DN's one screen.
#include "client/recorder_model.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace ringdown;
using namespace ringdown::client;

namespace {

using enum capture_state;

constexpr std::array all_verbs{capture_verb::none,    capture_verb::start,    capture_verb::stop,
                               capture_verb::pause,   capture_verb::resume,   capture_verb::query,
                               capture_verb::enabled, capture_verb::disabled, capture_verb::paused,
                               capture_verb::failed,  capture_verb::unknown};
constexpr std::array commands{capture_verb::start, capture_verb::stop, capture_verb::pause,
                              capture_verb::resume};
constexpr conn_id call{0x1f};
constexpr conn_id other_call{0x2f};
constexpr client_id self{7};

event_user_event event_of(capture_verb verb, std::uint64_t version = 0,
                          std::optional<capture_state> desired = {}, conn_id connection = {}) {
  event_user_event e;
  e.this_dn = "7001";
  e.connection = connection;
  e.verb = verb;
  e.origin = {42};
  e.version = {version};
  e.command.bytes[0] = 1;
  e.desired = desired;
  return e;
}

dn_snapshot snapshot_of(std::optional<capture_state> desired, std::uint64_t version,
                        std::uint64_t epoch = 0) {
  dn_snapshot s;
  s.epoch = {epoch};
  s.session.emplace();
  s.session->connection = call;
  s.session->desired = desired;
  s.session->version = {version};
  return s;
}

struct stand {
  recorder_model model;
  explicit stand(bool per_call = false) : model(per_call) {}

  /// The order that an event makes; none.
  std::optional<recorder_order> hears(const event_user_event& e) {
    auto reaction = model.on_event(e, self);
    CHECK(reaction.words.empty());
    return reaction.order;
  }
  /// An event's order is done.
  indication does(const event_user_event& e) {
    auto order = hears(e);
    REQUIRE(order);
    auto said = model.answer(*order, order->screen);
    REQUIRE(said);
    return *said;
  }
  std::vector<indication> asked(conn_id connection = {}) {
    auto reaction = model.on_event(event_of(capture_verb::query, 0, {}, connection), self);
    CHECK_FALSE(reaction.order);
    return reaction.words;
  }
};

} // namespace

TEST_CASE("an order is what the screen is to be, whatever was commanded") {
  for (auto verb : commands)
    for (auto desired : {enabled, disabled, paused}) {
      stand s;
      auto order = s.hears(event_of(verb, 3, desired, call));
      INFO(to_string(verb) << " with " << to_string(desired));
      REQUIRE(order);
      CHECK(order->screen == desired);
      CHECK(order->verb == verb);
      CHECK(order->connection == call);
      CHECK(order->version == command_version{3});
      CHECK(order->command.bytes[0] == 1);
    }
}

TEST_CASE("a broker that does not say what the screen is to be means what was commanded") {
  for (auto desired : {std::optional<capture_state>{}, std::optional{unknown}}) {
    stand s;
    CHECK(s.hears(event_of(capture_verb::start, 1, desired))->screen == enabled);
    CHECK(s.hears(event_of(capture_verb::pause, 2, desired))->screen == paused);
    CHECK(s.hears(event_of(capture_verb::resume, 3, desired))->screen == enabled);
    CHECK(s.hears(event_of(capture_verb::stop, 4, desired))->screen == disabled);
  }
}

TEST_CASE("an order says who ordered and why") {
  auto e = event_of(capture_verb::pause, 1, paused);
  e.cause = broker_reason::drift;
  e.reason = "card";
  e.agent_id = "A-1017";
  stand s;
  auto order = s.hears(e);
  REQUIRE(order);
  CHECK(order->cause == broker_reason::drift);
  CHECK(order->reason == "card");
  CHECK(order->agent_id == "A-1017");
}

TEST_CASE("nothing but a command orders anything") {
  for (auto verb : all_verbs) {
    if (is_command(verb))
      continue;
    stand s;
    INFO(to_string(verb));
    CHECK_FALSE(s.hears(event_of(verb, 1, enabled)));
  }
}

TEST_CASE("what is held, kept from recorders or for another recorder is no order") {
  for (auto verb : commands) {
    stand s;
    auto held = event_of(verb, 1, enabled);
    held.held = true;
    CHECK_FALSE(s.hears(held));
    auto kept = event_of(verb, 2, enabled);
    kept.kept_from_recorders = true;
    CHECK_FALSE(s.hears(kept));
    auto directed = event_of(verb, 3, enabled);
    directed.for_recorder = {8};
    CHECK_FALSE(s.hears(directed));
    directed.for_recorder = self;
    CHECK(s.hears(directed));
  }
  stand s;
  auto query = event_of(capture_verb::query);
  query.for_recorder = {8};
  CHECK(s.model.on_event(query, self).words.empty());
}

TEST_CASE("what comes late or twice is no order, and a DN that is reborn counts anew") {
  stand s;
  CHECK(s.hears(event_of(capture_verb::pause, 5, paused)));
  CHECK_FALSE(s.hears(event_of(capture_verb::pause, 5, paused)));
  CHECK_FALSE(s.hears(event_of(capture_verb::start, 4, enabled)));
  CHECK(s.hears(event_of(capture_verb::resume, 6, enabled)));
  auto reborn = event_of(capture_verb::start, 1, enabled);
  reborn.epoch = {2};
  CHECK(s.hears(reborn));
  CHECK(s.hears(event_of(capture_verb::start, 0, enabled))); // without a version it always counts
}

TEST_CASE("what is so is said with what it answers") {
  stand s;
  auto said = s.does(event_of(capture_verb::pause, 3, paused, call));
  CHECK(said == indication{"7001", call, capture_verb::paused, {}, {3}, said.command, {}, {}});
  CHECK(said.command.bytes[0] == 1);
  CHECK(s.model.state("7001") == paused);
  CHECK(s.model.state("7001", other_call) == paused); // there is one screen
}

TEST_CASE("a failure is said, and what is so stays what it was") {
  stand s;
  s.does(event_of(capture_verb::start, 1, enabled));
  auto order = s.hears(event_of(capture_verb::pause, 2, paused, call));
  REQUIRE(order);
  auto said = s.model.answer(*order, recorder_failure{7, "disk full"});
  REQUIRE(said);
  CHECK(said->verb == capture_verb::failed);
  CHECK(said->failure == recorder_failure{7, "disk full"});
  CHECK(said->version == command_version{2});
  CHECK(said->connection == call);
  CHECK(s.model.state("7001") == enabled);
  // Both may be said at once.
  order = s.hears(event_of(capture_verb::pause, 3, paused));
  said = s.model.answer(*order, {disabled, {8, "stopped instead"}});
  REQUIRE(said);
  CHECK(said->verb == capture_verb::disabled);
  CHECK(said->failure == recorder_failure{8, "stopped instead"});
  CHECK(s.model.state("7001") == disabled);
}

TEST_CASE("what is not known yet is not said") {
  stand s;
  auto order = s.hears(event_of(capture_verb::start, 1, enabled));
  REQUIRE(order);
  CHECK_FALSE(s.model.answer(*order, later));
  CHECK_FALSE(s.model.answer(*order, unknown)); // which only the broker may say
  CHECK(s.model.state("7001") == disabled);
  CHECK(s.model.answer(*order, enabled));
}

TEST_CASE("an answer to an older order, of another epoch or of a DN that was left does not count") {
  stand s;
  auto first = s.hears(event_of(capture_verb::start, 1, enabled)).value();
  auto second = s.hears(event_of(capture_verb::pause, 2, paused)).value();
  CHECK(s.model.answer(second, paused));
  CHECK_FALSE(s.model.answer(first, enabled));
  CHECK_FALSE(s.model.answer(first, recorder_failure{1, "late"}));
  CHECK(s.model.state("7001") == paused);
  auto reborn = event_of(capture_verb::start, 1, enabled);
  reborn.epoch = {2};
  s.does(reborn);
  CHECK_FALSE(s.model.answer(second, paused));
  CHECK(s.model.state("7001") == enabled);
  s.model.forget("7001");
  CHECK_FALSE(s.model.answer(second, paused));
  CHECK(s.model.state("7001") == disabled);
}

TEST_CASE("a query is answered with what was last said, and orders nothing") {
  stand s;
  auto words = s.asked(call);
  REQUIRE(words.size() == 1);
  CHECK(words[0].verb == capture_verb::disabled);
  CHECK(words[0].connection == call);
  CHECK(words[0].asked_by == client_id{42});
  CHECK(words[0].command.bytes[0] == 1);
  s.does(event_of(capture_verb::start, 1, enabled));
  auto unanswered = s.hears(event_of(capture_verb::pause, 2, paused));
  CHECK(s.asked().at(0).verb == capture_verb::enabled); // not yet
  CHECK(s.model.answer(*unanswered, paused));           // which is still to be answered
  CHECK(s.asked().at(0).verb == capture_verb::paused);
}

TEST_CASE("a snapshot brings what was missed, once") {
  stand s;
  s.does(event_of(capture_verb::start, 1, enabled));
  auto now = s.model.on_snapshot("7001", snapshot_of(paused, 4), self);
  REQUIRE(now.order);
  REQUIRE(now.words.size() == 1); // what is so until then
  CHECK(now.words[0].verb == capture_verb::enabled);
  CHECK(now.words[0].version == command_version{});
  CHECK(now.order->screen == paused);
  CHECK(now.order->verb == capture_verb::none);
  CHECK(now.order->connection == call);
  CHECK(now.order->version == command_version{4});
  CHECK_FALSE(s.hears(event_of(capture_verb::pause, 4, paused))); // in the snapshot already
  CHECK(s.model.answer(*now.order, paused));
  CHECK_FALSE(s.model.on_snapshot("7001", snapshot_of(paused, 4), self).order);
  now = s.model.on_snapshot("7001", snapshot_of(paused, 1, 2), self); // reborn
  CHECK(now.order);
  CHECK(now.words.empty()); // it is so already
}

TEST_CASE("what an order found at registration ends is said first, unless the broker knows") {
  stand s;
  s.does(event_of(capture_verb::start, 1, enabled));
  s.model.on_restart("7001");
  auto found = snapshot_of(paused, 1, 2); // a desktop was quicker, and has paused
  auto now = s.model.on_snapshot("7001", found, self);
  REQUIRE(now.order);
  REQUIRE(now.words.size() == 1);
  CHECK(now.words[0].verb == capture_verb::enabled);
  CHECK(now.words[0].version == command_version{});
  CHECK(now.words[0].epoch == dn_epoch{2});
  CHECK(s.model.answer(*now.order, paused)->version == command_version{1});
  found = snapshot_of(disabled, 2, 2);
  found.session->recorders = {{self, "me", paused}};
  now = s.model.on_snapshot("7001", found, self);
  CHECK(now.order);
  CHECK(now.words.empty());
  stand fresh; // which does not know yet itself
  CHECK(fresh.model.on_snapshot("7001", snapshot_of(paused, 1, 2), self).words.empty());
}

TEST_CASE("an order without an answer comes again with the snapshot, whatever was said since") {
  stand s;
  auto order = s.hears(event_of(capture_verb::start, 1, enabled, call)).value();
  s.model.set("7001", {}, disabled); // which answers nothing
  auto again = s.model.on_snapshot("7001", snapshot_of(enabled, 1), self);
  REQUIRE(again.order);
  CHECK(again.order->screen == enabled);
  CHECK(again.order->version == order.version);
  CHECK(s.model.answer(*again.order, recorder_failure{1, "no"})); // a failure is an answer
  CHECK_FALSE(s.model.on_snapshot("7001", snapshot_of(enabled, 1), self).order);
}

TEST_CASE("what the broker does not know is said again without an order") {
  stand s;
  s.does(event_of(capture_verb::start, 1, enabled));
  auto known = snapshot_of(enabled, 1);
  known.session->recorders = {{{8}, "other", disabled}, {self, "me", enabled}};
  auto now = s.model.on_snapshot("7001", known, self);
  CHECK_FALSE(now.order);
  CHECK(now.words.empty());
  known.session->recorders[1].said = {}; // this link has said nothing yet
  now = s.model.on_snapshot("7001", known, self);
  REQUIRE(now.words.size() == 1);
  CHECK(now.words[0].verb == capture_verb::enabled);
  CHECK(now.words[0].version == command_version{1});
  dn_snapshot empty; // the broker has restarted, and knows of nothing
  empty.epoch = {2};
  now = s.model.on_snapshot("7001", empty, self);
  CHECK_FALSE(now.order);
  REQUIRE(now.words.size() == 1);
  CHECK(now.words[0].verb == capture_verb::enabled);
  CHECK(now.words[0].version == command_version{});
  CHECK(now.words[0].epoch == dn_epoch{2});
}

TEST_CASE("what is done of an order that the broker has forgotten is said, as an answer to none") {
  stand s;
  s.does(event_of(capture_verb::start, 1, enabled));
  auto order = s.hears(event_of(capture_verb::pause, 2, paused, call)).value();
  dn_snapshot empty; // the broker has restarted
  empty.epoch = {2};
  auto now = s.model.on_snapshot("7001", empty, self);
  REQUIRE(now.words.size() == 1);
  CHECK(now.words[0].verb == capture_verb::enabled);             // still so
  CHECK_FALSE(s.model.answer(order, recorder_failure{1, "no"})); // of which nobody knows
  auto said = s.model.answer(order, paused);
  REQUIRE(said);
  CHECK(said->verb == capture_verb::paused);
  CHECK(said->connection == call);
  CHECK(said->version == command_version{});
  CHECK(said->command == command_id{});
  CHECK(said->epoch == dn_epoch{2});
  CHECK(s.model.state("7001") == paused);
  CHECK(s.model.still_so(*said));
  auto newer = event_of(capture_verb::start, 1, enabled);
  newer.epoch = {2};
  s.does(newer);
  CHECK_FALSE(s.model.answer(order, paused)); // the newer one's answer counts
}

TEST_CASE(
  "an answer that comes before the restarted broker's registration names no order of the old") {
  stand s;
  auto event = event_of(capture_verb::start, 1, enabled);
  event.epoch = {1};
  auto order = s.hears(event).value();
  s.model.on_restart("7002"); // another DN
  s.model.on_restart("7001");
  auto said = s.model.answer(order, enabled);
  REQUIRE(said);
  CHECK(said->verb == capture_verb::enabled);
  CHECK(said->version == command_version{});
  CHECK(s.model.state("7001") == enabled);
}

TEST_CASE(
  "a recorder whose first order the broker has forgotten says what it does when it is done") {
  stand s;
  auto order = s.hears(event_of(capture_verb::start, 1, enabled)).value();
  dn_snapshot empty;
  empty.epoch = {2};
  CHECK(s.model.on_snapshot("7001", empty, self).words.empty()); // it does not know yet itself
  auto said = s.model.answer(order, enabled);
  REQUIRE(said);
  CHECK(said->verb == capture_verb::enabled);
}

TEST_CASE("a recorder that has said nothing says nothing where nobody has asked for anything") {
  stand s;
  for (auto desired : {std::optional<capture_state>{}, std::optional{unknown}}) {
    auto now = s.model.on_snapshot("7001", snapshot_of(desired, 9), self);
    CHECK_FALSE(now.order);
    CHECK(now.words.empty());
  }
}

TEST_CASE("a snapshot that is older than the last order changes nothing") {
  stand s;
  auto order = s.hears(event_of(capture_verb::pause, 5, paused)).value();
  auto now = s.model.on_snapshot("7001", snapshot_of(enabled, 4), self);
  CHECK_FALSE(now.order);
  CHECK(now.words.empty());
  CHECK(s.model.answer(order, paused));
}

TEST_CASE("a word is said again only as long as it is still so") {
  stand s;
  auto said = s.does(event_of(capture_verb::start, 1, enabled));
  CHECK(s.model.still_so(said));
  auto own = s.model.set("7001", {}, disabled);
  CHECK_FALSE(s.model.still_so(said));
  CHECK(s.model.still_so(own));
  s.hears(event_of(capture_verb::pause, 2, paused));
  CHECK(s.model.still_so(own)); // the order has no answer yet
  auto failed = s.hears(event_of(capture_verb::pause, 3, paused)).value();
  auto failure = s.model.answer(failed, recorder_failure{1, "no"});
  REQUIRE(failure);
  CHECK(s.model.still_so(*failure));
  s.hears(event_of(capture_verb::stop, 4, disabled));
  CHECK_FALSE(s.model.still_so(*failure));
  s.model.forget("7001");
  CHECK_FALSE(s.model.still_so(own));
}

TEST_CASE("DNs do not touch each other") {
  stand s;
  s.does(event_of(capture_verb::start, 1, enabled));
  CHECK(s.model.state("7002") == disabled);
  CHECK_FALSE(s.model.on_snapshot("7002", {}, self).order);
}

// ---- a recorder that records calls apart
// ---------------------------------------------------------

TEST_CASE("a per-call recorder keeps a state for each call, and says each when they differ") {
  stand s{true};
  s.does(event_of(capture_verb::start, 1, enabled, call));
  CHECK(s.model.state("7001", call) == enabled);
  CHECK(s.model.state("7001", other_call) == disabled);
  CHECK(s.asked().size() == 1);
  auto stop = s.hears(event_of(capture_verb::stop, 2, enabled, other_call)).value();
  CHECK(s.model.answer(stop, disabled));
  CHECK(s.asked(call).at(0).verb == capture_verb::enabled);
  auto words = s.asked();
  REQUIRE(words.size() == 2);
  CHECK(words[0].connection == call);
  CHECK(words[0].verb == capture_verb::enabled);
  CHECK(words[1].connection == other_call);
  CHECK(words[1].verb == capture_verb::disabled);
  auto now = s.model.on_snapshot("7001", snapshot_of(enabled, 2), self);
  CHECK(now.words.size() == 2);
  s.does(event_of(capture_verb::pause, 3, paused)); // of all of them
  CHECK(s.model.state("7001", call) == paused);
  CHECK(s.model.state("7001", other_call) == paused);
  CHECK(s.asked().size() == 1);
  s.model.set("7001", call, enabled);
  CHECK(s.model.state("7001", other_call) == paused);
}

TEST_CASE(
  "what a call's recording is to be is what was commanded, within what the screen is to be") {
  auto of_call = [](capture_verb verb, capture_state screen) {
    return recorder_order{"7001", screen, verb, call}.of_call();
  };
  CHECK(of_call(capture_verb::start, enabled) == enabled);
  CHECK(of_call(capture_verb::start, paused) == paused);
  CHECK(of_call(capture_verb::resume, disabled) == disabled);
  CHECK(of_call(capture_verb::pause, paused) == paused);
  CHECK(of_call(capture_verb::stop, enabled) == disabled); // another call goes on
  CHECK(of_call(capture_verb::stop, paused) == disabled);
  CHECK(of_call(capture_verb::none, paused) == paused);
}

TEST_CASE("a per-call recorder that pauses the screen as ordered has paused all of its calls") {
  stand s{true};
  s.does(event_of(capture_verb::start, 1, enabled, call));
  s.does(event_of(capture_verb::start, 2, enabled, other_call));
  auto stop = s.hears(event_of(capture_verb::stop, 3, enabled, call)).value();
  auto said = s.model.answer(stop, stop.of_call());
  REQUIRE(said);
  CHECK(said->connection == call);
  CHECK(s.model.state("7001", other_call) == enabled);
  said = s.does(event_of(capture_verb::pause, 4, paused, other_call));
  CHECK(said->connection == conn_id{});
  CHECK(s.model.state("7001", call) == paused);
  CHECK(s.model.state("7001", other_call) == paused);
}

TEST_CASE("calls of a per-call recorder are bounded, and one that is recorded goes last") {
  stand s{true};
  s.model.set("7001", call, enabled);
  for (std::uint64_t i = 0; i < 3 * recorder_model::calls_max; ++i)
    s.model.set("7001", conn_id{100 + i}, disabled);
  CHECK(s.model.calls("7001") == recorder_model::calls_max);
  CHECK(s.model.state("7001", call) == enabled);
  for (std::uint64_t i = 0; i < recorder_model::calls_max; ++i)
    s.model.set("7001", conn_id{500 + i}, paused);
  CHECK(s.model.calls("7001") == recorder_model::calls_max);
}
