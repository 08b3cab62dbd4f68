// What a read holds for DNs gets there together and in order; and a DN stays known as long as
// anything of this connection may be on its way to it.
#include "actors/connection/dn_table.hpp"
#include "tests/actors/outbox_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using words = std::vector<std::string>;
using kind = dn_request::kind;

/// A DN's actor: where it is free it takes a batch at once and answers all of it.
struct some_dn {
  std::string name;
  bool free = true;
  words* told = nullptr;
  int fetched = 0;
};

/// Its handle.
class dn_handle_of {
public:
  dn_handle_of() = default;
  dn_handle_of(some_dn& dn) : dn_(&dn) {}

  explicit operator bool() const { return dn_ != nullptr; }
  const std::string& name() const { return dn_->name; }
  void prefetch(std::size_t lines) const {
    CHECK(lines == read_ahead::dn_lines);
    if (dn_ != nullptr)
      ++dn_->fetched;
  }
  bool try_call(dn_batch& batch) const {
    if (dn_ == nullptr || !dn_->free)
      return false;
    dn_->told->push_back(dn_->name + " called:" + take(batch));
    return true;
  }

  /// Answers all; the ReferenceIDs.
  static std::string take(dn_batch& batch) {
    std::string references;
    for (; auto* request = batch.front(); batch.answer(ack_frame(request->reference.value)))
      references += " " + std::to_string(request->reference.value);
    if (batch.report_awaited())
      references += ", and reports";
    return references;
  }

private:
  some_dn* dn_ = nullptr;
};

using table = dn_table<dn_handle_of>;

const keyed_hash hash{17};

class kept_reports final : public report_target {
public:
  explicit kept_reports(std::vector<registration_report>& in) : in_(in) {}
  void report(registration_report what) override { in_.push_back(std::move(what)); }

private:
  std::vector<registration_report>& in_;
};

/// A connection's table, and a client that asks.
struct bench {
  bench() { client->reports_go_to(std::make_unique<kept_reports>(reports)); }

  limits bounds;
  memory_budget budget{bounds};
  client_ptr client =
    std::make_shared<t_client>(bounds, budget, std::make_shared<counting_signal>());
  fake_edge edge{client->box};
  std::vector<registration_report> reports; // made by batches that died
  table dns{hash};
  table::round at_hand;
  words told;

  std::shared_ptr<read_batch> begin_read() {
    auto read = std::make_shared<read_batch>();
    at_hand.begin(client, read);
    return read;
  }
  auto mail() {
    return [this](const dn_handle_of& dn, dn_batch_ptr batch) {
      told.push_back(dn.name() + " mailed:" + dn_handle_of::take(*batch));
      batch->forget_report(); // that it makes one is told
    };
  }
  void end_read() {
    dns.hand_over(at_hand, mail());
    at_hand.end();
  }
  void ask(const std::string& dn, std::uint32_t reference, kind what) {
    CHECK(client->window.admit({reference}, 10, false) == request_window::admission::accepted);
    auto* known = dns.find(dn);
    if (known == nullptr)
      known = &dns.add(dn, at_hand);
    auto& request = dns.batch_for(*known, what, at_hand).add();
    request.what = what;
    request.reference = {reference};
  }
  some_dn make(const std::string& name, bool free = true) { return {name, free, &told, 0}; }
  void find(some_dn& dn) { CHECK(dns.found(dn.name, dn, mail())); }
  /// The client is registered there, and nothing is under way.
  void settle(const std::string& name) {
    auto* known = dns.find(name);
    REQUIRE(known != nullptr);
    while (known->value.reports_awaited > 0)
      dns.heed({name, true, registration_mode::share, false});
  }
  words heard() {
    edge.drain();
    words all;
    for (auto& frame : edge.read_new())
      all.push_back(frame.has_event_error()
                      ? "Error " + std::to_string(frame.reference_id()) + ": " +
                          std::to_string(frame.event_error().error_code()) + " on " +
                          frame.event_error().this_dn()
                      : in_short(frame));
    return all;
  }
};

} // namespace

TEST_CASE("each DN of a read is handed its requests together, in the order of first appearance") {
  bench b;
  auto second = b.make("7002");
  auto first = b.make("7001");
  b.begin_read();
  b.ask("7002", 1, kind::register_);
  b.ask("7001", 2, kind::register_);
  b.end_read();
  b.find(second);
  b.find(first);
  b.settle("7001");
  b.settle("7002");
  b.told.clear();
  b.begin_read();
  b.ask("7001", 3, kind::send);
  b.ask("7002", 4, kind::send);
  b.ask("7001", 5, kind::send);
  CHECK(b.told.empty());                // before the read's end nobody is called
  b.dns.hand_over(b.at_hand, b.mail()); // as a connection that ends within the read does
  CHECK(b.told == words{"7001 called: 3 5", "7002 called: 4"});
  CHECK(first.fetched == 1);
  b.end_read();
  CHECK(b.told.size() == 2); // nothing is left, and nobody is looked at who may be gone
  CHECK(first.fetched == 1);
}

TEST_CASE("what a DN cannot take at once goes by mail, and holds its read") {
  bench b;
  auto busy = b.make("7001", false);
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.end_read();
  b.find(busy);
  b.settle("7001");
  b.told.clear();
  auto read = b.begin_read();
  b.ask("7001", 2, kind::send);
  std::vector<dn_batch_ptr> letters;
  b.dns.hand_over(b.at_hand, [&](const dn_handle_of&, dn_batch_ptr batch) {
    letters.push_back(std::move(batch));
  });
  b.at_hand.end();
  REQUIRE(letters.size() == 1);
  CHECK(read.use_count() == 2);
  CHECK(b.told.empty());
  letters.clear();
  CHECK(read.use_count() == 1);
}

TEST_CASE("a letter that is lost is answered 52 by its DN's name, whatever was asked") {
  for (auto what : {kind::query, kind::merge_calls, kind::end_call}) { // a send carries it
    bench b;
    auto busy = b.make("7001", false);
    b.begin_read();
    b.ask("7001", 1, kind::register_);
    b.end_read();
    b.find(busy);
    b.settle("7001");
    CHECK(b.heard() == words{"answer 1"});
    b.begin_read();
    b.ask("7001", 2, what);
    b.dns.hand_over(b.at_hand, [](const dn_handle_of&, dn_batch_ptr) {});
    CHECK(b.heard() == words{"Error 2: 52 on 7001"});
  }
}

TEST_CASE("a batch that was answered at once serves again, and holds nothing of its read") {
  bench b;
  auto dn = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.end_read();
  b.find(dn);
  b.settle("7001");
  auto ask_and_see = [&](std::uint32_t reference) {
    auto read = b.begin_read();
    b.ask("7001", reference, kind::send);
    auto* batch = b.dns.find("7001")->value.batch.get();
    b.end_read();
    CHECK(read.use_count() == 1);
    return batch;
  };
  auto* first = ask_and_see(2);
  auto other = std::make_shared<dn_batch>(); // where the first stood, if it has gone
  CHECK(ask_and_see(3) == first);
}

TEST_CASE("what a read holds for a DN that is looked for waits for it, and keeps its order") {
  bench b;
  auto dn = b.make("7001");
  auto read = b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.ask("7001", 2, kind::send);
  CHECK(b.at_hand.has_unknown());
  CHECK(b.at_hand.take_unknown() == words{"7001"});
  b.end_read();
  b.begin_read();
  b.ask("7001", 3, kind::send);
  CHECK_FALSE(b.at_hand.has_unknown()); // it is looked for already
  b.end_read();
  CHECK(b.told.empty());
  CHECK(read.use_count() > 1);
  b.find(dn);
  CHECK(b.told == words{"7001 mailed: 1 2, and reports", "7001 mailed: 3, and reports"});
  CHECK(read.use_count() == 1);
}

TEST_CASE("a DN that is not found refuses what waits for it, and is forgotten") {
  bench b;
  auto found = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.ask("7002", 2, kind::register_);
  b.ask("7002", 3, kind::send);
  b.end_read();
  b.find(found);
  for (auto* name : {"7001", "7002", "7003"})
    b.dns.not_found(name, {error_code::overloaded, {}, {}, {}, {}});
  CHECK(b.heard() == words{"answer 1", "Error 2: 1186 on 7002", "Error 3: 1186 on 7002"});
  CHECK(b.dns.find("7002") == nullptr);
  CHECK(b.dns.find("7001") != nullptr); // it has an actor
  CHECK(b.reports.empty());             // nobody waits for the word of a DN that is not
  CHECK(b.client->window.outstanding() == 0);
}

TEST_CASE("a DN that nobody wants any more is not taken") {
  bench b;
  auto dn = b.make("7001");
  CHECK_FALSE(b.dns.found("7001", dn, b.mail()));
  CHECK(b.dns.size() == 0);
}

// ---- reports -------------------------------------------------------------------------------

TEST_CASE("a DN reports on what registers or unregisters, and on all while that is not certain") {
  bench b;
  auto dn = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.end_read();
  b.find(dn);
  CHECK(b.told == words{"7001 mailed: 1, and reports"});
  auto read_of = [&](std::uint32_t reference, kind what) {
    b.told.clear();
    b.begin_read();
    b.ask("7001", reference, what);
    b.end_read();
    return b.told.at(0);
  };
  auto says = [&](bool registered) {
    b.dns.heed({"7001", registered, registration_mode::monitor, false});
  };
  CHECK(read_of(2, kind::send) == "7001 called: 2, and reports");
  says(true);
  CHECK(b.dns.find("7001")->value.registered);
  CHECK(b.dns.find("7001")->value.mode == registration_mode::monitor);
  CHECK(read_of(3, kind::send) == "7001 called: 3, and reports"); // one report is under way
  says(true);
  says(true);
  for (auto what : {kind::send, kind::query, kind::merge_calls, kind::end_call})
    CHECK(read_of(4, what) == "7001 called: 4");
  CHECK(read_of(5, kind::register_) == "7001 called: 5, and reports");
  says(true);
  CHECK(read_of(6, kind::unregister) == "7001 called: 6, and reports");
  CHECK(b.dns.find("7001") != nullptr);
  says(false);
  CHECK(b.dns.find("7001") == nullptr);
}

TEST_CASE("a DN reports once on a read, whatever stands in it") {
  bench b;
  auto dn = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.ask("7001", 2, kind::unregister);
  b.ask("7001", 3, kind::send);
  b.end_read();
  b.find(dn);
  CHECK(b.dns.find("7001")->value.reports_awaited == 1);
}

TEST_CASE("a DN that has ended a registration by itself is known until its reports are in") {
  bench b;
  auto dn = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.end_read();
  b.find(dn);
  b.settle("7001");
  b.begin_read();
  b.ask("7001", 2, kind::register_);
  b.end_read();
  b.dns.heed({"7001", false, {}, true}); // said before it read the second
  REQUIRE(b.dns.find("7001") != nullptr);
  CHECK_FALSE(b.dns.find("7001")->value.registered);
  b.dns.heed({"7001", false, {}, false});
  CHECK(b.dns.find("7001") == nullptr);
  b.dns.heed({"7001", false, {}, true}); // of one that is forgotten: nobody's
  CHECK(b.dns.size() == 0);
}

TEST_CASE("a DN with requests of the read at hand stays known") {
  bench b;
  auto dn = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.end_read();
  b.find(dn);
  b.settle("7001");
  b.begin_read();
  b.ask("7001", 2, kind::send);
  b.dns.heed({"7001", false, {}, true});
  CHECK(b.dns.find("7001") != nullptr);
  b.told.clear();
  b.end_read();
  CHECK(b.told == words{"7001 called: 2"});
}

// ---- the end -------------------------------------------------------------------------------

TEST_CASE("who leaves tells each DN that has an actor, and what waits for others is answered 52") {
  bench b;
  auto dn = b.make("7001");
  b.begin_read();
  b.ask("7001", 1, kind::register_);
  b.ask("7002", 2, kind::register_);
  b.end_read();
  b.find(dn);
  words left;
  b.dns.leave([&](const dn_handle_of& known) { left.push_back(known.name()); });
  CHECK(left == words{"7001"});
  CHECK(b.dns.size() == 0);
  CHECK(b.heard() == words{"answer 1", "Error 2: 52 on 7002"});
  b.dns.leave([&](const dn_handle_of& known) { left.push_back(known.name()); });
  CHECK(left.size() == 1);
}

TEST_CASE("a read stands as long as anything of it may still be answered") {
  bench b;
  std::weak_ptr<read_batch> read = b.begin_read();
  b.ask("7001", 1, kind::register_);
  CHECK_FALSE(read.expired()); // whoever has read it may have failed
  b.dns.leave([](const dn_handle_of&) {});
  CHECK(b.heard() == words{"Error 1: 52 on 7001"});
  CHECK(b.client->window.outstanding() == 0);
  b.at_hand.end();
  CHECK(read.expired());
}
