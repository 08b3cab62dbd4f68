// A DN's commands, from their acceptance to their one outcome.
#include "actors/dn/command_book.hpp"

#include "tests/actors/outbox_support.hpp"

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
    c.application = "crm";
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

TEST_CASE("the outcome goes to where the command was sent from last") {
  desk d;
  d.accept(3);
  d.accept(4);
  d.book.conclude({4}, true);
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
  CHECK(d.book.held().front().sender == nullptr);
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
