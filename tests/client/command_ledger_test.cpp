// The commands whose outcome a desktop's program is owed.
#include "client/command_ledger.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;

namespace {

constexpr conn_id call{0x1f};

event_outcome the_command(std::uint8_t id, capture_verb verb) {
  event_outcome e;
  e.this_dn = "7001";
  e.command.bytes[0] = id;
  e.connection = call;
  e.verb = verb;
  return e;
}

event_outcome the_outcome(std::uint8_t id, outcome result) {
  auto e = the_command(id, capture_verb::pause);
  e.result = result;
  e.time_us = 5;
  return e;
}

event_ack the_ack(std::uint64_t sequence) {
  event_ack a;
  a.epoch = {1};
  a.sequence = {sequence};
  a.version = {sequence};
  return a;
}

constexpr command_ledger::time deadline{std::chrono::seconds{7}};

} // namespace

TEST_CASE("each command has one outcome: the broker's, or unknown") {
  command_ledger ledger;
  int called = 0;
  auto id = the_command(1, capture_verb::pause).command;
  ledger.sent(the_command(1, capture_verb::pause), [&](const event_outcome&) { ++called; });
  CHECK_FALSE(ledger.on_outcome(the_outcome(2, outcome::confirmed))); // somebody else's
  CHECK(ledger.acknowledged(id, the_ack(3), deadline));
  auto told = ledger.on_outcome(the_outcome(1, outcome::timed_out));
  REQUIRE(told);
  CHECK(told->what.result == outcome::timed_out);
  told->done(told->what);
  CHECK(called == 1);
  CHECK_FALSE(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
  CHECK_FALSE(ledger.in_doubt(id));

  ledger.sent(the_command(1, capture_verb::stop), {});
  CHECK(ledger.acknowledged(id, the_ack(4), deadline));
  told = ledger.in_doubt(id);
  REQUIRE(told);
  CHECK(told->what.result == outcome::unknown);
  CHECK(told->what.verb == capture_verb::stop);
  CHECK(told->what.connection == call);
  CHECK(told->what.sequence == dn_sequence{4});
  CHECK(told->what.time_us == 0);
  CHECK_FALSE(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
}

TEST_CASE("an outcome that comes before the answer is told, and the answer brings none") {
  command_ledger ledger;
  auto id = the_command(1, capture_verb::pause).command;
  ledger.sent(the_command(1, capture_verb::pause), {});
  CHECK(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
  CHECK_FALSE(ledger.acknowledged(id, the_ack(1), deadline));
  CHECK_FALSE(ledger.newest());
}

TEST_CASE("a command that was refused has no outcome") {
  command_ledger ledger;
  auto id = the_command(1, capture_verb::pause).command;
  ledger.sent(the_command(1, capture_verb::pause), {});
  ledger.withdrawn(id);
  CHECK_FALSE(ledger.in_doubt(id));
  CHECK_FALSE(ledger.on_outcome(the_outcome(1, outcome::confirmed)));
}

TEST_CASE("where no outcome can come any more, only commands without an answer still wait") {
  command_ledger ledger;
  for (std::uint8_t i = 1; i <= 3; ++i)
    ledger.sent(the_command(i, capture_verb::pause), {});
  for (std::uint8_t i : {std::uint8_t{3}, std::uint8_t{1}})
    ledger.acknowledged(the_command(i, capture_verb::pause).command, the_ack(10u + i), deadline);
  auto all = ledger.all_in_doubt();
  REQUIRE(all.size() == 2);
  CHECK(all[0].what.command.bytes[0] == 1); // in the DN's order
  CHECK(all[1].what.command.bytes[0] == 3);
  CHECK(ledger.all_in_doubt().empty());
  CHECK(ledger.in_doubt(the_command(2, capture_verb::pause).command));
}

TEST_CASE("what is pending is the newest command that was acknowledged") {
  command_ledger ledger;
  auto pause = the_command(9, capture_verb::pause);
  auto resume = the_command(1, capture_verb::resume);
  ledger.sent(pause, {});
  CHECK_FALSE(ledger.newest()); // not accepted yet
  ledger.acknowledged(pause.command, the_ack(1), deadline);
  ledger.sent(resume, {});
  ledger.acknowledged(resume.command, the_ack(2), deadline);
  CHECK(ledger.newest() == pending_command{capture_verb::resume, call, resume.command, deadline});
  ledger.on_outcome(the_outcome(1, outcome::held));
  CHECK(ledger.newest() == pending_command{capture_verb::pause, call, pause.command, deadline});
  ledger.on_outcome(the_outcome(9, outcome::confirmed));
  CHECK_FALSE(ledger.newest());
}

TEST_CASE("a command that is held has one more outcome: that of its release, to the same handler") {
  command_ledger ledger;
  std::vector<outcome> told;
  auto id = the_command(1, capture_verb::resume).command;
  ledger.sent(the_command(1, capture_verb::resume),
              [&](const event_outcome& o) { told.push_back(o.result); });
  ledger.acknowledged(id, the_ack(3), deadline);
  auto held = the_outcome(1, outcome::held);
  held.sequence = {3};
  auto first = ledger.on_outcome(held);
  REQUIRE(first);
  first->done(first->what);
  CHECK_FALSE(ledger.newest()); // it waits, and is not pending
  CHECK(ledger.open().empty());
  CHECK_FALSE(ledger.on_outcome(held));

  event_outcome release; // of the broker's order, which has no command id
  release.result = outcome::confirmed;
  release.sequence = {9};
  release.released = {3};
  release.released_command = id;
  auto second = ledger.on_outcome(release);
  REQUIRE(second);
  CHECK(second->what.sequence == dn_sequence{9});
  second->done(second->what);
  CHECK(told == std::vector{outcome::held, outcome::confirmed});
  CHECK_FALSE(ledger.on_outcome(release));
  CHECK_FALSE(ledger.held_in_doubt(id));
}

TEST_CASE("of a held command whose release nobody tells, what became of it is unknown") {
  command_ledger ledger;
  for (std::uint8_t i = 1; i <= 2; ++i) {
    auto what = the_command(i, capture_verb::resume);
    ledger.sent(what, {});
    ledger.acknowledged(what.command, the_ack(i), deadline);
    auto held = the_outcome(i, outcome::held);
    held.epoch = {1};
    held.sequence = {i};
    CHECK(ledger.on_outcome(held));
  }
  dn_snapshot now;
  now.epoch = {1};
  now.session.emplace();
  now.session->orders = {{{1}, capture_verb::resume}, {{2}, capture_verb::resume}};
  now.session->orders[1].held = true;
  auto first = the_command(1, capture_verb::resume).command;
  auto second = the_command(2, capture_verb::resume).command;
  CHECK(ledger.let_go(now) == std::vector{first}); // its order went out, or it is another's
  now.epoch = {2};                                 // the DN was reborn, and has forgotten it
  CHECK(ledger.let_go(now) == std::vector{first, second});
  now.session.reset();
  CHECK(ledger.let_go(now) == std::vector{first, second});
  CHECK_FALSE(ledger.in_doubt(first)); // that outcome was told
  auto doubtful = ledger.held_in_doubt(first);
  REQUIRE(doubtful);
  CHECK(doubtful->what.result == outcome::unknown);
  CHECK(doubtful->what.released == dn_sequence{1});
  CHECK(doubtful->what.released_command == first);
  CHECK(doubtful->what.time_us == 0);
  auto rest = ledger.all_in_doubt(); // the broker has restarted
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].what.released_command == second);
  CHECK(ledger.let_go(now).empty());
}
