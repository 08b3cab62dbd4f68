// A DN's commands, from their acceptance to their one outcome.
#include "actors/dn/command_book.hpp"

#include "tests/actors/outbox_support.hpp"
#include "tests/actors/requests.hpp"
#include "tests/messages/ending.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

struct desk {
  broker_context context{limits{}};
  command_book book{context};
  client_ptr client = some_client(5);

  client_ptr some_client(std::uint64_t id) {
    auto one = std::make_shared<t_client>(context.bounds, context.budget,
                                          std::make_shared<counting_signal>());
    one->who.id = {id};
    one->who.application = "crm";
    return one;
  }
  void accept(std::uint64_t sequence) {
    accepted_command c;
    c.sequence = {sequence};
    c.sender = client;
    c.origin = client->who.id;
    c.application = c.owner = "crm";
    c.id.bytes[0] = static_cast<std::uint8_t>(sequence);
    book.accept(std::move(c));
  }
};

} // namespace

TEST_CASE("a command is pending until it is concluded, whatever came behind it") {
  desk d;
  d.accept(3);
  d.accept(5);
  d.accept(8);
  CHECK(d.book.pending() == 3);
  CHECK(d.book.front()->sequence.value == 3);
  CHECK(d.book.conclude({5}, false).sequence.value == 5);
  CHECK(d.book.is_pending({3}));
  CHECK_FALSE(d.book.is_pending({5}));
  CHECK_FALSE(d.book.is_pending({4}));
  d.book.conclude({3}, false);
  CHECK(d.book.front()->sequence.value == 8);
}

TEST_CASE("a held command is kept until it is let go, once") {
  desk d;
  d.accept(3);
  d.book.conclude({3}, true);
  CHECK(d.book.pending() == 0);
  CHECK(d.book.held().size() == 1);
  CHECK(d.book.let_go({3})->sequence.value == 3);
  CHECK_FALSE(d.book.let_go({3}));
  CHECK_FALSE(d.book.let_go({4}));
}

TEST_CASE("what the book keeps the memory budget knows of, and forgets with it") {
  broker_context context{limits{}};
  auto empty = context.budget.used();
  {
    command_book book{context};
    accepted_command c;
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
      c.sequence = {sequence};
      book.accept(c);
    }
    CHECK(context.budget.used() == empty + 3 * command_bytes);
    book.conclude({1}, true);
    CHECK(context.budget.used() == empty + 3 * command_bytes);
    book.conclude({2}, false);
    CHECK(context.budget.used() == empty + 2 * command_bytes);
    book.let_go({1});
    CHECK(context.budget.used() == empty + command_bytes);
  }
  CHECK(context.budget.used() == empty);
}

TEST_CASE("a command counts with the recorders that it awaits, a remembered one with its outcome") {
  broker_context context{limits{}};
  auto empty = context.budget.used();
  {
    command_book book{context};
    accepted_command c;
    c.sequence = {1};
    c.recorders = 3;
    book.accept(c);
    CHECK(context.budget.used() == empty + command_bytes + 3 * sizeof(awaited_recorder));
    book.conclude({1}, false);
    CHECK(context.budget.used() == empty);
    command_id id;
    id.bytes[0] = 1;
    book.ids.add("crm", id, {1, 2}, {}, steady_ms{0});
    book.ids.decide(*book.ids.find("crm", id), std::string(1000, '.'));
    CHECK(context.budget.used() == empty + command_bytes + 1000);
    book.ids.add("crm", id, {1, 2}, {}, steady_ms{0}); // of the same id, not decided
    CHECK(context.budget.used() == empty + command_bytes);
    book.ids.decide(*book.ids.find("crm", id), std::string(1000, '.'));
    book.ids.expire(steady_ms{context.bounds.command_id_window});
    CHECK(context.budget.used() == empty);
    book.ids.add("crm", id, {1, 2}, {}, steady_ms{0});
  }
  CHECK(context.budget.used() == empty);
}

TEST_CASE("one that sends again what another of its application sent takes no outcome away") {
  desk d;
  d.accept(3);
  d.accept(4);
  d.book.conclude({4}, true);
  auto twin = d.some_client(6);
  for (std::uint8_t id : {3, 4}) {
    command_id name;
    name.bytes[0] = id;
    d.book.sent_again(name, twin);
  }
  for (auto* command : {d.book.front(), &d.book.held().front()}) {
    CHECK(command->sender == d.client);
    CHECK(command->origin == d.client->who.id);
    CHECK(command->repeater == twin);
  }
  d.book.sender_left(*twin);
  CHECK(d.book.held().front().repeater.get() == nullptr);
}

TEST_CASE("where the sender is gone the outcome goes to where the command was sent from last") {
  desk d;
  d.accept(3);
  d.accept(4);
  d.book.conclude({4}, true);
  d.client->box.close();
  auto again = d.some_client(6);
  for (std::uint8_t id : {3, 4}) {
    command_id name;
    name.bytes[0] = id;
    d.book.sent_again(name, again);
  }
  CHECK(d.book.front()->sender == again);
  CHECK(d.book.front()->origin == again->who.id);
  CHECK(d.book.held().front().sender == again);
}

TEST_CASE("another application's command of the same id is another command") {
  desk d;
  d.accept(3);
  auto other = d.some_client(6);
  other->who.application = "bot";
  command_id name;
  name.bytes[0] = 3;
  d.book.sent_again(name, other);
  CHECK(d.book.front()->sender == d.client);
}

TEST_CASE("a command that may wait for hours holds no connection that is gone") {
  desk d;
  d.accept(3);
  d.accept(4);
  d.book.conclude({3}, true);
  d.book.sender_left(*d.client);
  CHECK(d.book.held().front().sender.get() == nullptr);
  CHECK(d.book.held().front().application == "crm");
  CHECK(d.book.front()->sender == d.client); // its outcome comes within its deadline
}

TEST_CASE("so many outcomes are remembered, the newest last") {
  desk d;
  for (std::size_t i = 0; i <= recent_outcomes_max; ++i) {
    encoded_outcome one;
    one.frame = std::to_string(i);
    CHECK(d.book.remember(std::move(one)) == std::to_string(i));
  }
  CHECK(d.book.outcomes().size() == recent_outcomes_max);
  CHECK(d.book.outcomes().front().frame == "1");
  CHECK(d.book.outcomes().back().frame == std::to_string(recent_outcomes_max));
}

// ---- what a command says -------------------------------------------------------------------

namespace {

content_hash content_of(std::string_view verb, const send_options& options, std::uint64_t secret) {
  auto body = send(1, "7001", verb, options).request_send_event().SerializeAsString();
  return ringdown::content_of(parse_send_event(body, limits{}), keyed_hash{secret});
}

} // namespace

TEST_CASE("a command's content is all that it says") {
  send_options said{.call = 0x71,
                    .if_version = 3,
                    .directed_to = 5,
                    .confirm_timeout_ms = 100,
                    .reason = "card",
                    .agent_id = "ann"};
  auto content = content_of("pause", said, 17);
  CHECK(content == content_of("pause", said, 17));
  CHECK(content != content_of("start", said, 17));
  auto differs = [&](auto change) {
    auto other = said;
    change(other);
    return content_of("pause", other, 17) != content;
  };
  CHECK(differs([](send_options& o) { o.call = 0x72; }));
  CHECK(differs([](send_options& o) { o.if_version = 4; }));
  CHECK(differs([](send_options& o) { o.if_version.reset(); }));
  CHECK(differs([](send_options& o) { o.directed_to = 6; }));
  CHECK(differs([](send_options& o) { o.confirm_timeout_ms = 101; }));
  CHECK(differs([](send_options& o) { o.confirm_timeout_ms.reset(); }));
  CHECK(differs([](send_options& o) { o.reason = "cards"; }));
  CHECK(differs([](send_options& o) { o.agent_id = "anne"; }));
  CHECK(differs([](send_options& o) { o.padding = 1; }));
}

TEST_CASE("texts of a command do not run together") {
  auto one = content_of("pause", {.reason = "ab", .agent_id = "c"}, 17);
  CHECK(one != content_of("pause", {.reason = "a", .agent_id = "bc"}, 17));
  CHECK(one != content_of("pause", {.reason = "abc"}, 17));
}

TEST_CASE("nobody can make two contents look alike who does not know the broker's secret") {
  auto one = content_of("pause", {}, 17);
  auto other = content_of("pause", {}, 18);
  CHECK(one.low != other.low);
  CHECK(one.high != other.high);
}

// ---- our own mistakes ----------------------------------------------------------------------

TEST_CASE("what would break a promise silently ends the process, shipped or not") {
  desk d;
  d.accept(3);
  d.accept(5);
  CHECK(child_that([&] { d.accept(4); }).signal == SIGABRT); // out of the DN's order
  CHECK(child_that([&] { d.accept(5); }).signal == SIGABRT);
  CHECK(child_that([&] {
          d.book.conclude({3}, false);
          d.book.conclude({3}, false); // a second outcome
        }).signal == SIGABRT);
  CHECK(child_that([&] { --d.context.outcomes_owed; }).signal == SIGABRT); // paid, and not owed
  CHECK(child_that([&] { d.accept(6); }).signal == 0);
}
