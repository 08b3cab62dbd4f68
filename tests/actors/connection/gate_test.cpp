// Who passes the gate is in the client's window until it is answered, and nothing is lost on the
// way: credit comes back with the answers, and only with them.
#include "actors/connection/gate.hpp"
#include "tests/actors/outbox_support.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <type_traits>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using words = std::vector<std::string>;

limits small_window() {
  limits bounds;
  bounds.requests_outstanding_max = 2;
  bounds.requests_outstanding_reserve = 1;
  bounds.memory_budget_bytes = 1000;
  bounds.memory_budget_reserve = 500;
  return bounds;
}

struct bench {
  bench() {
    context.utc_now = [] { return std::int64_t{1234}; };
  }

  broker_context context{small_window()};
  client_ptr client =
    std::make_shared<t_client>(context.bounds, context.budget, std::make_shared<counting_signal>());
  fake_edge edge{client->box};
  std::vector<gate_answer> inside; // requests that stay in the window

  std::size_t outstanding() const { return client->window.outstanding(); }
  /// What the gate says: 0, or the code of the refusal. Who passes stays.
  int code_of(const gate_request& what) {
    auto answer = pass_gate(context, *client, what);
    if (auto* why = std::get_if<gate_fault>(&answer))
      return static_cast<int>(describe(*why).code);
    inside.push_back(std::move(answer));
    return 0;
  }
  words heard() {
    edge.drain();
    words all;
    for (auto& frame : edge.read_new())
      all.push_back(
        frame.has_event_error()
          ? "Error " + std::to_string(frame.reference_id()) + ": " +
              std::to_string(frame.event_error().error_code()) +
              (frame.event_error().has_this_dn() ? " on " + frame.event_error().this_dn() : "")
          : in_short(frame));
    return all;
  }
  ~bench() { inside.clear(); }
};

admitted_request& admitted(gate_answer& answer) {
  return std::get<admitted_request>(answer);
}

// It cannot be copied, so that nobody answers twice, nor overwritten unanswered.
static_assert(!std::is_copy_constructible_v<admitted_request>);
static_assert(!std::is_move_assignable_v<admitted_request>);

} // namespace

TEST_CASE("who may not pass is told why by the first fault in the order of checks") {
  bench b;
  CHECK(b.code_of({.reference = {1}}) == 0);
  b.context.budget.add(5000);
  CHECK(b.code_of({.reference = {2}}) == 1186);
  CHECK(b.outstanding() == 1); // what was refused for memory has left the window again
  CHECK(b.code_of({.reference = {1}}) == 53);
  b.context.budget.remove(5000);
  CHECK(b.code_of({.reference = {2}}) == 0);
  b.context.budget.add(5000);
  CHECK(b.code_of({.reference = {3}}) == 111);
  CHECK(b.code_of({.reference = {3}, .in_service = false}) == 58);
  CHECK(b.code_of({.reference = {0}, .in_service = false}) == 53);
  CHECK(b.outstanding() == 2);
  b.context.budget.remove(5000);
}

TEST_CASE("what is for safety passes where the reserves of window and budget have room") {
  bench b;
  CHECK(b.code_of({.reference = {1}}) == 0);
  CHECK(b.code_of({.reference = {2}}) == 0);
  CHECK(b.code_of({.reference = {3}}) == 111);
  b.context.budget.add(1200);
  CHECK(b.code_of({.reference = {3}, .safety = true}) == 0);
  CHECK(b.code_of({.reference = {4}, .safety = true}) == 111);
  admitted(b.inside[0]).answer(ack_frame(1));
  b.context.budget.add(1000);
  CHECK(b.code_of({.reference = {4}, .safety = true}) == 1186);
  b.context.budget.remove(2200);
}

TEST_CASE("a request of several answers that memory has no room for leaves the window whole") {
  bench b;
  b.context.budget.add(5000);
  CHECK(b.code_of({.reference = {1}, .answers = 200}) == 1186);
  CHECK(b.outstanding() == 0);
  b.context.budget.remove(5000);
  CHECK(b.code_of({.reference = {1}}) == 0);
}

TEST_CASE("the credit of a request comes back with its last answer") {
  bench b;
  auto answer = pass_gate(b.context, *b.client, {.reference = {7}, .answers = 3});
  auto& request = admitted(answer);
  CHECK(request.answers_owed() == 3);
  request.refuse({error_code::dn_not_configured, {}, {}, {}, {}}, "7001");
  request.answer(ack_frame(7));
  CHECK(request.answers_owed() == 1);
  CHECK(b.outstanding() == 1);
  request.refuse({error_code::not_registered, {}, {}, {}, {}}, "7002");
  CHECK(request.answers_owed() == 0);
  CHECK(b.outstanding() == 0);
  CHECK(b.heard() == words{"Error 7: 59 on 7001", "answer 7", "Error 7: 41 on 7002"});
}

TEST_CASE("an answer that was handed on is owed by whoever has it now") {
  bench b;
  {
    auto answer = pass_gate(b.context, *b.client, {.reference = {7}, .answers = 2});
    auto moved = std::move(admitted(answer));
    CHECK(moved.hand_on() == reference_id{7});
    CHECK(moved.hand_on() == reference_id{7});
  }
  CHECK(b.heard().empty());
  CHECK(b.outstanding() == 1);
  for (int i = 0; i < 2; ++i)
    b.client->answer({7}, ack_frame(7));
  CHECK(b.outstanding() == 0);
}

TEST_CASE("what was neither answered nor handed on gives its credit back without a word") {
  bench b;
  {
    auto answer = pass_gate(b.context, *b.client, {.reference = {7}, .answers = 3});
    static_cast<void>(admitted(answer).hand_on());
  }
  CHECK(b.outstanding() == 1);
  b.client->answer({7}, ack_frame(7)); // by whom it was handed to
  CHECK(b.outstanding() == 0);
  CHECK(b.heard() == words{"answer 7"});
}
