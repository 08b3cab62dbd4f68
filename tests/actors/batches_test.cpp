// Batches answer what nobody answered; the budget and the read credit come back with them.
#include "actors/batches.hpp"
#include "actors/context.hpp"
#include "actors/disconnect.hpp"
#include "tests/actors/outbox_support.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <thread>

using namespace ringdown;
using namespace ringdown::test;

namespace {

class kept_reports final : public report_target {
public:
  explicit kept_reports(std::vector<registration_report>& in) : in_(in) {}
  void report(registration_report what) override { in_.push_back(std::move(what)); }

private:
  std::vector<registration_report>& in_;
};

struct bench {
  bench() { client->reports_go_to(std::make_unique<kept_reports>(reports)); }

  limits bounds;
  memory_budget budget{bounds};
  std::shared_ptr<counting_signal> signal = std::make_shared<counting_signal>();
  client_ptr client = std::make_shared<t_client>(bounds, budget, signal);
  fake_edge edge{client->box};
  std::vector<registration_report> reports;

  /// A batch of requests with ReferenceIDs 1 to `count`, in the client's window.
  std::unique_ptr<dn_batch> batch_of(std::uint32_t count) {
    auto read = std::make_shared<read_batch>();
    read->time_us = 1234;
    auto batch = std::make_unique<dn_batch>();
    batch->begin(client, *read);
    batch->hold(std::move(read));
    for (std::uint32_t i = 1; i <= count; ++i) {
      dn_request request;
      request.reference = {i};
      CHECK(client->window.admit({i}, 10, false) == request_window::admission::accepted);
      batch->add() = request;
    }
    return batch;
  }
  /// ReferenceID -> error code (0: another answer), each of which may come once.
  std::map<std::uint32_t, std::uint32_t> answers() {
    edge.drain();
    std::map<std::uint32_t, std::uint32_t> codes;
    for (auto& frame : edge.read())
      CHECK(codes.emplace(frame.reference_id(), frame.event_error().error_code()).second);
    return codes;
  }
};

} // namespace

TEST_CASE("a batch that dies answers 52 once to each request that has no answer") {
  for (std::uint32_t answered = 0; answered <= 4; ++answered) {
    bench b;
    {
      auto batch = b.batch_of(4);
      for (std::uint32_t i = 1; i <= answered; ++i) {
        REQUIRE(batch->front() != nullptr);
        CHECK(batch->front()->reference.value == i);
        if (i % 2 == 0)
          batch->refuse({error_code::invalid_attribute, {}, {}, {}, {}}, {});
        else
          batch->answer(ack_frame(i));
      }
      CHECK(b.client->window.outstanding() == 4 - answered);
    }
    auto codes = b.answers();
    REQUIRE(codes.size() == 4);
    for (std::uint32_t i = 1; i <= 4; ++i)
      CHECK(codes[i] == (i > answered ? 52u : i % 2 == 0 ? 53u : 0u));
    CHECK(b.client->window.outstanding() == 0);
  }
}

TEST_CASE("the 52 of a batch that dies names its DN: without a name it would be for all DNs") {
  bench b;
  {
    auto batch = b.batch_of(0);
    batch->name("7001");
    dn_request request;
    request.event.this_dn = "7002"; // a send carries its own
    request.reference = {1};
    batch->add() = request;
    request.what = dn_request::kind::query;
    request.reference = {2};
    batch->add() = request;
    for (std::uint32_t i : {1, 2})
      CHECK(b.client->window.admit({i}, 10, false) == request_window::admission::accepted);
  }
  b.edge.drain();
  auto read = b.edge.read();
  REQUIRE(read.size() == 2);
  CHECK(read[0].event_error().this_dn() == "7002");
  CHECK(read[1].event_error().this_dn() == "7001");
}

TEST_CASE("a batch that was refused as a whole has nothing left to answer") {
  bench b;
  {
    auto batch = b.batch_of(3);
    batch->answer(ack_frame(1));
    batch->refuse_all({error_code::overloaded, {}, {}, {}, {}}, "7001");
    CHECK(batch->front() == nullptr);
  }
  auto codes = b.answers();
  CHECK(codes == std::map<std::uint32_t, std::uint32_t>{{1, 0}, {2, 1186}, {3, 1186}});
}

TEST_CASE("a batch that dies after its connection frees the window without a word") {
  bench b;
  auto batch = b.batch_of(2);
  b.client->box.close();
  batch.reset();
  CHECK(b.client->window.outstanding() == 0);
  CHECK(b.answers().empty());
}

TEST_CASE("a batch makes the report that its connection awaits, once, whatever becomes of it") {
  bench b;
  auto& reports = b.reports;
  b.batch_of(1).reset();
  CHECK(reports.empty()); // nobody waits
  {
    auto handled = b.batch_of(1);
    handled->await_report("7001");
    handled->answer(ack_frame(1));
    handled->report(true, registration_mode::monitor);
    CHECK_FALSE(handled->report_awaited());
  }
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].dn == "7001");
  CHECK(reports[0].registered);
  CHECK(reports[0].mode == registration_mode::monitor);
  CHECK_FALSE(reports[0].unasked);
  auto lost = b.batch_of(1);
  lost->await_report("7002");
  lost.reset();
  REQUIRE(reports.size() == 2);
  CHECK(reports[1].dn == "7002");
  CHECK_FALSE(reports[1].registered);
  auto forgotten = b.batch_of(1);
  forgotten->await_report("7003");
  forgotten->forget_report();
  forgotten.reset();
  CHECK(reports.size() == 2);
}

TEST_CASE("a batch that is done is used again as if it were new") {
  bench b;
  auto batch = b.batch_of(3);
  batch->name("7001");
  batch->await_report("7001");
  for (std::uint32_t i = 1; i <= 3; ++i) {
    CHECK_FALSE(batch->is_done());
    batch->answer(ack_frame(i));
  }
  CHECK_FALSE(batch->is_done()); // somebody waits
  batch->report(true, {});
  REQUIRE(batch->is_done());
  batch->reset();
  read_batch second;
  second.time_us = 99;
  batch->begin(b.client, second);
  CHECK(batch->time_us() == 99);
  CHECK(batch->is_done());
  CHECK_FALSE(batch->report_awaited());
  auto& request = batch->add();
  CHECK(request.what == dn_request::kind::send);
  CHECK(batch->front()->reference.value == 0);
  request.reference = {4};
  CHECK(b.client->window.admit({4}, 10, false) == request_window::admission::accepted);
  batch->answer(ack_frame(4));
  batch.reset();
  CHECK(b.reports.size() == 1);
}

TEST_CASE("batches of a burst are kept up to a bound, and hold nothing of their clients") {
  bench b;
  batch_pool pool;
  auto read = std::make_shared<read_batch>();
  std::vector<dn_batch_ptr> burst;
  for (std::size_t i = 0; i < 3 * batch_pool::spare_max; ++i) {
    burst.push_back(pool.borrow());
    burst.back()->begin(b.client, *read);
    burst.back()->hold(read);
  }
  for (auto& batch : burst)
    pool.give_back(std::move(batch));
  CHECK(pool.size() == batch_pool::spare_max);
  CHECK(b.client.use_count() == 1);
  CHECK(read.use_count() == 1);
  static_cast<void>(pool.borrow());
  CHECK(pool.size() == batch_pool::spare_max - 1);
}

TEST_CASE("a connection is read again when one of its read batches comes back, and not before") {
  bench b;
  auto read = [&] {
    auto batch = std::make_shared<read_batch>();
    batch->capacity = 500;
    batch->budget = &b.budget;
    b.budget.add(500);
    b.client->batch_begins();
    batch->from = b.client;
    return batch;
  };
  auto first = read();
  auto second = read();
  CHECK(b.budget.used() == 1000);
  CHECK(b.client->batches_in_flight() == read_batches_in_flight_max);
  auto for_dn = std::make_unique<dn_batch>();
  for_dn->begin(b.client, *first);
  for_dn->hold(std::move(first));
  CHECK(b.signal->credits == 0); // a DN still works on it
  for_dn.reset();
  CHECK(b.signal->credits == 1);
  CHECK(b.budget.used() == 500);
  second.reset();
  CHECK(b.signal->credits == 1); // the edge was reading already
  CHECK(b.budget.used() == 0);
  CHECK(b.client->batches_in_flight() == 0);
}

TEST_CASE("the memory budget is spent past its limit, and its reserve later") {
  limits bounds;
  bounds.memory_budget_bytes = 1000;
  bounds.memory_budget_reserve = 200;
  memory_budget budget{bounds};
  budget.add(1000);
  CHECK_FALSE(budget.spent());
  budget.add(1);
  CHECK(budget.spent());
  CHECK_FALSE(budget.reserve_spent());
  budget.add(199);
  CHECK_FALSE(budget.reserve_spent());
  budget.add(1);
  CHECK(budget.reserve_spent());
  budget.remove(201);
  CHECK_FALSE(budget.spent());
  CHECK(budget.used() == 1000);
}

TEST_CASE(
  "a spent budget is relieved when an eighth is free, and nobody with an even share spent it") {
  limits bounds;
  bounds.memory_budget_bytes = 800;
  memory_budget budget{bounds};
  memory_share one{budget};
  {
    memory_share other{budget};
    one.holds(700);
    other.holds(200);
    CHECK(budget.spent());
    other.holds(100);
    CHECK_FALSE(budget.spent());
    CHECK_FALSE(budget.is_relieved());
  }
  CHECK(budget.is_relieved());
  CHECK(budget.used() == 700);
  CHECK(budget.even_share(100) == 8);
}

TEST_CASE("without a list any DN is configured, with one only those on it") {
  dn_list list;
  CHECK(list.any());
  CHECK(list.has("7001"));
  list.replace(std::make_shared<const dn_list::names>(dn_list::names{"7001", "switch::7002"}));
  CHECK_FALSE(list.any());
  CHECK(list.has("7001"));
  CHECK(list.has("switch::7002"));
  CHECK_FALSE(list.has("7002"));
  CHECK_FALSE(list.has(""));
  list.replace(std::make_shared<const dn_list::names>());
  CHECK_FALSE(list.has("7001")); // an empty list allows nothing
  list.replace(nullptr);
  CHECK(list.has("7001"));
}

TEST_CASE("a client has its last word once") {
  bench b;
  disconnect(*b.client, disconnect_reason::taken_over, "signed on again elsewhere");
  disconnect(*b.client, disconnect_reason::internal_error, "too late");
  b.edge.drain();
  auto read = b.edge.read();
  REQUIRE(read.size() == 1);
  CHECK(read[0].event_link_disconnected().reason() == v1::DISCONNECT_REASON_TAKEN_OVER);
  CHECK(read[0].event_link_disconnected().text() == "signed on again elsewhere");
  CHECK_FALSE(read[0].event_link_disconnected().has_retry_after_ms());
  CHECK(b.client->box.closed());
}

TEST_CASE("a last word that waits for all answers stands behind them") {
  for (int round = 0; round < 2000; ++round) {
    bench b;
    REQUIRE(b.client->window.admit({7}, 10, false) == request_window::admission::accepted);
    std::thread answers{[&] { b.client->answer({7}, ack_frame(7)); }};
    while (!b.client->all_answered())
      std::this_thread::yield();
    disconnect(*b.client, disconnect_reason::signed_off, "signed off");
    answers.join();
    b.edge.drain();
    auto read = b.edge.read();
    REQUIRE(read.size() == 2);
    REQUIRE(read[0].reference_id() == 7);
    REQUIRE(read[1].has_event_link_disconnected());
  }
}

TEST_CASE("whoever is told of an answer may use its ReferenceID again at once") {
  using admission = request_window::admission;
  bench b;
  REQUIRE(b.client->window.admit({7}, 10, false) == admission::accepted);
  auto again = admission::full;
  b.signal->meanwhile = [&] { again = b.client->window.admit({7}, 10, false); };
  b.client->answer({7}, ack_frame(7));
  CHECK(again == admission::accepted);
}

TEST_CASE("a client knows how many outcomes it is owed, if it hears any") {
  bench b;
  b.client->who.outcomes = true;
  outcome_claim one{b.client};
  {
    auto two = one;
    CHECK(b.client->outcomes_owed() == 2);
    outcome_claim three = std::move(two);
    CHECK(b.client->outcomes_owed() == 2);
    CHECK(three == b.client);
    three = {};
    CHECK(b.client->outcomes_owed() == 1);
  }
  CHECK(b.client->outcomes_owed() == 1);
  one = {};
  CHECK(b.client->outcomes_owed() == 0);
  auto deaf = std::make_shared<t_client>(b.bounds, b.budget, b.signal);
  outcome_claim none{deaf};
  CHECK(deaf->outcomes_owed() == 0);
}

TEST_CASE("a client that should come back is told when") {
  for (auto reason : {disconnect_reason::draining, disconnect_reason::overloaded}) {
    auto frames = frames_of(encode_disconnected(reason, "later", {9}));
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].reference_id() == 9);
    CHECK(frames[0].event_link_disconnected().retry_after_ms() >= 500);
  }
}

TEST_CASE("the broker's heartbeat is one empty Heartbeat frame") {
  auto frames = frames_of(heartbeat_frame());
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].has_heartbeat());
  CHECK(frames[0].reference_id() == 0);
}

TEST_CASE("what a client hears is what its mask lets through") {
  bench b;
  CHECK(b.client->hears(event_kind::command));
  b.client->mask = mask_bit(event_kind::indication);
  CHECK(b.client->hears(event_kind::indication));
  CHECK_FALSE(b.client->hears(event_kind::command));
  CHECK_FALSE(b.client->hears(event_kind::user_event));
  for (int i = 0; i <= static_cast<int>(capture_verb::unknown); ++i) {
    auto verb = static_cast<capture_verb>(i);
    auto kind = kind_of(verb);
    CHECK((kind == event_kind::command) == is_command(verb));
    CHECK((kind == event_kind::indication) == is_indication(verb));
    CHECK((kind == event_kind::user_event) == (verb == capture_verb::none));
  }
}
