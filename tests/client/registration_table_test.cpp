// Which DNs a program wants, and what the broker makes of it: a wish that is brought about anew
// with each link.
#include "client/internal/registration_table.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using phase = registration_phase;

namespace {

const steady_time start{1h};

event_registered registered(std::uint32_t reference, const std::string& dn,
                            std::uint64_t sequence = 0, std::uint64_t epoch = 1) {
  event_registered e;
  e.reference = {reference};
  e.this_dn = dn;
  e.snapshot.sequence = {sequence};
  e.snapshot.epoch = {epoch};
  return e;
}

event_error refusal(std::uint32_t reference, error_code code,
                    std::optional<std::string> dn = std::nullopt) {
  event_error e;
  e.reference = {reference};
  e.code = static_cast<std::uint32_t>(code);
  e.retry = info(code).retry;
  e.this_dn = std::move(dn);
  return e;
}

event_unregistered unregistered(std::uint32_t reference, const std::string& dn, error_code code) {
  event_unregistered e;
  e.reference = {reference};
  e.this_dn = dn;
  e.code = static_cast<std::uint32_t>(code);
  return e;
}

/// Asks for all there is, under references from `reference` on; the DNs asked for.
std::vector<std::string> ask(registration_table& table, std::uint32_t reference,
                             std::size_t most = 256, steady_time now = start) {
  std::vector<std::string> dns;
  while (auto batch = table.next_batch(most)) {
    dns.insert(dns.end(), batch->dns.begin(), batch->dns.end());
    table.asked({reference++}, std::move(*batch), now);
  }
  return dns;
}

using names = std::vector<std::string>;

template <class Kind>
Kind only(const registration_table::notices& all) {
  REQUIRE(all.size() == 1);
  REQUIRE(std::holds_alternative<Kind>(all[0]));
  return std::get<Kind>(all[0]);
}

} // namespace

TEST_CASE("what is wanted is asked for with each link, and stands when the broker says so") {
  registration_table table{{}};
  CHECK(table.want("7001", {}) == registering::accepted);
  CHECK(table.want("7002", {}) == registering::accepted);
  CHECK_FALSE(table.has_more()); // there is no link
  table.link_up();
  CHECK(ask(table, 1) == names{"7001", "7002"});
  CHECK(table.unanswered() == 2);
  CHECK(table.phase("7001") == phase::wanted);
  auto told = only<registration_notice>(table.on_registered(registered(1, "7001")));
  CHECK(told.phase == phase::registered);
  CHECK(told.snapshot);
  CHECK(table.phase("7001") == phase::registered);
  table.link_down();
  CHECK(table.phase("7001") == phase::wanted);
  table.link_up();
  CHECK(ask(table, 9) == names{"7001", "7002"});
}

TEST_CASE("requests are of one kind each and not above the broker's limit") {
  registration_table table{{}};
  registration monitor;
  monitor.mode = registration_mode::monitor;
  table.link_up();
  for (auto* dn : {"1", "2", "3"})
    CHECK(table.want(dn, {}) == registering::accepted);
  CHECK(table.want("4", monitor) == registering::accepted);
  auto first = table.next_batch(2);
  REQUIRE(first);
  CHECK(first->dns == names{"1", "2"});
  table.not_asked(*first); // no room: the same again
  CHECK(table.next_batch(2)->dns == names{"1", "2"});
  CHECK(table.next_batch(2)->dns == names{"3"});
  auto last = table.next_batch(2);
  REQUIRE(last);
  CHECK(last->how->mode == registration_mode::monitor);
  CHECK_FALSE(table.next_batch(2));
}

TEST_CASE("answers that nobody asked for change nothing") {
  registration_table table{{}};
  CHECK(table.want("7001", {}) == registering::accepted);
  table.link_up();
  ask(table, 5);
  CHECK(table.on_registered(registered(5, "7002")).empty()); // another DN
  CHECK(table.on_registered(registered(6, "7001")).empty()); // another request
  CHECK(table.on_registered(registered(0, "7001")).empty()); // none
  CHECK(table.on_error(refusal(5, error_code::dn_not_configured, "7002"), start).empty());
  CHECK(table.on_error(refusal(6, error_code::dn_not_configured), start).empty());
  CHECK(table.on_unregistered(unregistered(0, "7001", error_code::internal_error), start).empty());
  event_missed missed;
  missed.this_dn = "7002";
  CHECK(table.on_missed(missed).empty());
  CHECK(table.phase("7001") == phase::wanted);
  CHECK(table.size() == 1);
  only<registration_notice>(table.on_registered(registered(5, "7001")));
  CHECK(table.on_registered(registered(5, "7001")).empty()); // twice
  CHECK(table.unanswered() == 0);
}

TEST_CASE("a refusal is told; one that may pass is tried again, another with the next link") {
  registration_table table{{}};
  for (auto* dn : {"1", "2", "3"})
    CHECK(table.want(dn, {}) == registering::accepted);
  table.link_up();
  ask(table, 1);
  auto told =
    only<registration_notice>(table.on_error(refusal(1, error_code::resource_seized, "1"), start));
  CHECK(told.phase == phase::failed);
  CHECK(told.error->code == 42);
  CHECK_FALSE(told.will_retry);
  auto overloaded = refusal(1, error_code::overloaded, "2");
  overloaded.retry_after = 300ms;
  CHECK(only<registration_notice>(table.on_error(overloaded, start)).will_retry);
  CHECK(table.next_deadline() == start + 300ms);
  CHECK(table.on_time(start + 299ms).empty());
  CHECK_FALSE(table.has_more());
  CHECK(table.on_time(start + 300ms).empty());
  CHECK(ask(table, 2) == names{"2"});
  // Asked for by the program: at once.
  CHECK(table.want("1", {}) == registering::accepted);
  CHECK(ask(table, 3) == names{"1"});
  table.on_error(refusal(3, error_code::resource_seized, "1"), start);
  table.link_down();
  table.link_up();
  CHECK(ask(table, 4) == names{"1", "2", "3"});
}

TEST_CASE("an error without a DN is about all of the request") {
  registration_table table{{}};
  for (auto* dn : {"1", "2", "3"})
    CHECK(table.want(dn, {}) == registering::accepted);
  table.link_up();
  ask(table, 1);
  only<registration_notice>(table.on_registered(registered(1, "2")));
  CHECK(table.on_error(refusal(1, error_code::access_restricted), start).size() == 2);
  CHECK(table.phase("2") == phase::registered);
  CHECK(table.phase("3") == phase::failed);
}

TEST_CASE("a registration without an answer is told and asked for again") {
  t_client_bounds limits;
  registration_table table{limits};
  CHECK(table.want("1", {}) == registering::accepted);
  table.link_up();
  ask(table, 1);
  auto late = start + limits.registration_timeout;
  CHECK(table.next_deadline() == late);
  auto told = only<registration_notice>(table.on_time(late));
  CHECK(told.will_retry);
  CHECK_FALSE(told.error);
  CHECK(table.unanswered() == 0);
  table.on_time(late + limits.registration_retry);
  CHECK(ask(table, 2) == names{"1"});
  CHECK(table.on_registered(registered(1, "1")).empty()); // the late answer to the first
}

TEST_CASE("a DN that the broker takes away is told, and asked for again after a fault of its own") {
  registration_table table{{}};
  for (auto* dn : {"1", "2"})
    CHECK(table.want(dn, {}) == registering::accepted);
  table.link_up();
  ask(table, 1);
  for (auto* dn : {"1", "2"})
    only<registration_notice>(table.on_registered(registered(1, dn)));
  auto gone = only<registration_notice>(
    table.on_unregistered(unregistered(0, "1", error_code::dn_not_configured), start));
  CHECK(gone.phase == phase::failed);
  CHECK(gone.error->code == 59);
  auto fault = only<registration_notice>(
    table.on_unregistered(unregistered(0, "2", error_code::internal_error), start));
  CHECK(fault.will_retry);
  table.on_time(table.next_deadline());
  CHECK(ask(table, 2) == names{"2"});
}

TEST_CASE("a DN that is left is asked for no more, whatever was under way") {
  registration_table table{{}};
  CHECK(table.want("1", {}) == registering::accepted);
  table.leave("1"); // before there was a link
  CHECK(table.size() == 0);
  table.link_up();
  CHECK(table.want("1", {}) == registering::accepted);
  ask(table, 1);
  table.leave("1"); // before its answer
  CHECK_FALSE(table.wanted("1"));
  CHECK(table.on_registered(registered(1, "1")).empty());
  auto batch = table.next_batch(256);
  REQUIRE(batch);
  CHECK_FALSE(batch->how);
  table.asked({2}, *batch, start);
  CHECK(table.on_unregistered(unregistered(2, "1", {}), start).empty());
  CHECK(table.size() == 0);
  CHECK(table.unanswered() == 0);
}

TEST_CASE("a DN that is left is unregistered wherever the broker may have it registered") {
  t_client_bounds limits;
  registration_table table{limits};
  table.link_up();
  CHECK(table.want("1", {}) == registering::accepted);
  ask(table, 1);
  registration monitor;
  monitor.mode = registration_mode::monitor;
  auto late = start;
  SECTION("it stands, and another mode was wanted and not asked for yet") {
    only<registration_notice>(table.on_registered(registered(1, "1")));
    CHECK(table.want("1", monitor) == registering::accepted);
  }
  SECTION("it stands as it was, as another mode was refused") {
    only<registration_notice>(table.on_registered(registered(1, "1")));
    CHECK(table.want("1", monitor) == registering::accepted);
    ask(table, 2);
    only<registration_notice>(table.on_error(refusal(2, error_code::resource_seized, "1"), start));
  }
  SECTION("another mode was refused for now") {
    only<registration_notice>(table.on_registered(registered(1, "1")));
    CHECK(table.want("1", monitor) == registering::accepted);
    ask(table, 2);
    only<registration_notice>(table.on_error(refusal(2, error_code::overloaded, "1"), start));
  }
  SECTION("its answer is late") {
    late += limits.registration_timeout;
    only<registration_notice>(table.on_time(late));
  }
  SECTION("its answer is late, and another mode was refused before it came") {
    CHECK(table.want("1", monitor) == registering::accepted);
    ask(table, 2);
    only<registration_notice>(table.on_error(refusal(2, error_code::resource_seized, "1"), start));
  }
  table.leave("1");
  CHECK_FALSE(table.wanted("1"));
  auto batch = table.next_batch(256);
  REQUIRE(batch);
  CHECK_FALSE(batch->how);
  CHECK(batch->dns == names{"1"});
  table.asked({3}, *batch, late);
  CHECK(table.on_registered(registered(1, "1")).empty()); // the late one
  CHECK(table.on_unregistered(unregistered(3, "1", {}), late).empty());
  CHECK(table.size() == 0);
  CHECK(table.unanswered() == 0);
}

TEST_CASE("a DN whose unregistering finds no room, or no answer, is unregistered later") {
  registration_table table{{}};
  table.link_up();
  table.want("1", {});
  ask(table, 1);
  table.on_registered(registered(1, "1"));
  table.leave("1");
  ask(table, 2);
  auto later = start;
  SECTION("it is refused by a broker with too much to do") {
    CHECK(table.on_error(refusal(2, error_code::overloaded, "1"), start).empty());
    later += t_client_bounds{}.registration_retry;
  }
  SECTION("it has no answer") {
    later += t_client_bounds{}.registration_timeout;
    CHECK(table.on_time(later).empty());
    later += t_client_bounds{}.registration_retry;
  }
  CHECK(table.next_deadline() == later);
  CHECK_FALSE(table.has_more());
  CHECK(table.on_time(later).empty());
  auto batch = table.next_batch(256);
  REQUIRE(batch);
  CHECK_FALSE(batch->how);
  CHECK(batch->dns == names{"1"});
  table.asked({3}, std::move(*batch), later);
  table.on_error(refusal(3, error_code::not_registered, "1"), later);
  CHECK(table.size() == 0);
}

TEST_CASE("a DN that the broker has refused or taken away is left without a word") {
  registration_table table{{}};
  table.link_up();
  for (auto* dn : {"1", "2"})
    CHECK(table.want(dn, {}) == registering::accepted);
  ask(table, 1);
  only<registration_notice>(table.on_registered(registered(1, "1")));
  only<registration_notice>(
    table.on_unregistered(unregistered(0, "1", error_code::dn_not_configured), start));
  only<registration_notice>(table.on_error(refusal(1, error_code::resource_seized, "2"), start));
  for (auto* dn : {"1", "2"})
    table.leave(dn);
  CHECK_FALSE(table.next_batch(256));
  CHECK(table.size() == 0);
}

TEST_CASE("an answer to unregister that comes when the DN is wanted again makes room for others") {
  registration_table table{{}};
  table.link_up();
  CHECK(table.want("1", {}) == registering::accepted);
  ask(table, 1);
  only<registration_notice>(table.on_registered(registered(1, "1")));
  table.leave("1");
  ask(table, 2);
  CHECK(table.unanswered() == 1);
  CHECK(table.want("1", {}) == registering::accepted);
  CHECK(table.on_unregistered(unregistered(2, "1", {}), start).empty());
  CHECK(table.unanswered() == 0);
  CHECK(table.next_deadline() == steady_time::max());
  CHECK(ask(table, 3) == names{"1"});
  CHECK(table.on_unregistered(unregistered(3, "1", {}), start).empty()); // no answer to this one
  only<registration_notice>(table.on_registered(registered(3, "1")));
  CHECK(table.phase("1") == phase::registered);
}

TEST_CASE("a DN that is left and wanted again ends up registered") {
  registration_table table{{}};
  CHECK(table.want("1", {}) == registering::accepted);
  table.link_up();
  ask(table, 1);
  table.leave("1");
  ask(table, 2);
  CHECK(table.want("1", {}) == registering::accepted);
  ask(table, 3);
  CHECK(table.on_registered(registered(1, "1")).empty());
  CHECK(table.on_unregistered(unregistered(2, "1", {}), start).empty());
  only<registration_notice>(table.on_registered(registered(3, "1")));
  CHECK(table.phase("1") == phase::registered);
}

TEST_CASE("what was missed over a loss is told from the numbers") {
  registration_table table{{}};
  CHECK(table.want("1", {}) == registering::accepted);
  table.link_up();
  ask(table, 1);
  only<registration_notice>(table.on_registered(registered(1, "1", 5)));
  table.seen("1", {1}, {8});
  auto back = [&](std::uint64_t sequence, std::uint64_t epoch) {
    table.link_down();
    table.link_up();
    ask(table, 2);
    return table.on_registered(registered(2, "1", sequence, epoch));
  };
  CHECK(back(8, 1).size() == 1); // nothing
  auto some = back(11, 1);
  REQUIRE(some.size() == 2);
  auto gap = std::get<gap_notice>(some[0]); // before the snapshot that closes it
  CHECK(gap.why == gap_notice::cause::link);
  CHECK(gap.from == dn_sequence{9});
  CHECK(gap.to == dn_sequence{11});
  auto reborn = back(3, 2);
  REQUIRE(reborn.size() == 2);
  CHECK(std::get<gap_notice>(reborn[0]).why == gap_notice::cause::new_epoch);
  CHECK(back(1, 2).size() == 2); // a broker that went back in time: the same doubt
}

TEST_CASE("wishes are bounded, and what is no DN is refused") {
  t_client_bounds limits;
  limits.registrations_max = 2;
  registration_table table{limits};
  CHECK(table.want("", {}) == registering::bad_dn);
  CHECK(table.want(std::string(256, 'x'), {}) == registering::bad_dn);
  CHECK(table.want("a\nb", {}) == registering::bad_dn);
  CHECK(table.want("1", {}) == registering::accepted);
  CHECK(table.want("2", {}) == registering::accepted);
  CHECK(table.want("3", {}) == registering::too_many);
  CHECK(table.want("2", {}) == registering::accepted);
  table.leave("1");
  CHECK(table.want("3", {}) == registering::accepted);
}

// ---- every DN ----------------------------------------------------------------------------------

TEST_CASE("every DN is asked for in a request of its own, and stands without a snapshot") {
  registration_table table{{}};
  for (auto* dn : {"7001", "7002"})
    CHECK(table.want(dn, {}) == registering::accepted);
  CHECK(table.want(every_dn, {}) == registering::accepted);
  table.link_up();
  std::size_t alone = 0;
  for (std::uint32_t reference = 2; auto batch = table.next_batch(256); ++reference) {
    CHECK(batch->every() == (batch->dns == names{every_dn}));
    alone += batch->every() ? 1 : 0;
    table.asked({batch->every() ? 1 : reference}, *batch, start);
  }
  CHECK(alone == 1);
  event_registered stands;
  stands.reference = {1};
  stands.every_dn = true;
  auto told = only<registration_notice>(table.on_registered(stands));
  CHECK(told.this_dn == every_dn);
  CHECK(told.phase == phase::registered);
  CHECK_FALSE(told.snapshot);
  CHECK(table.phase(every_dn) == phase::registered);
  // What was missed of a DN that is not registered on by itself is told too.
  CHECK(only<gap_notice>(table.on_missed({"8001", {3}, {4}, {1}})).this_dn == "8001");
}

TEST_CASE("every DN may be refused, ended by the broker, and left") {
  registration_table table{{}};
  table.want(every_dn, {});
  table.link_up();
  ask(table, 1);
  auto refused =
    only<registration_notice>(table.on_error(refusal(1, error_code::access_restricted), start));
  CHECK(refused.this_dn == every_dn);
  CHECK(refused.phase == phase::failed);
  CHECK(table.on_missed({"8001", {3}, {4}, {1}}).size() == 1); // it is still wished for
  table.want(every_dn, {});
  ask(table, 2);
  event_registered stands;
  stands.reference = {2};
  stands.every_dn = true;
  table.on_registered(stands);
  event_unregistered ended;
  ended.every_dn = true;
  ended.code = static_cast<std::uint32_t>(error_code::access_restricted);
  CHECK(only<registration_notice>(table.on_unregistered(ended, start)).phase == phase::failed);
  table.want(every_dn, {});
  ask(table, 3);
  table.leave(every_dn);
  auto batch = table.next_batch(256);
  REQUIRE(batch);
  CHECK(batch->every());
  CHECK_FALSE(batch->how);
  table.asked({4}, *batch, start);
  ended.code = 0;
  ended.reference = {4};
  CHECK(table.on_unregistered(ended, start).empty());
  CHECK(table.size() == 0);
  CHECK(table.on_missed({"8001", {3}, {4}, {1}}).empty());
}
