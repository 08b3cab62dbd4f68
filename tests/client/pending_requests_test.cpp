// Every accepted request ends once, and only what may be sent twice is.
#include "client/internal/pending_requests.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

const steady_time start{1h};

pending_requests::request plain(steady_time deadline = start + 1s) {
  return {pending_requests::kind::send, {}, deadline, "7001", std::nullopt, false};
}

pending_requests::request repeatable(steady_time deadline = start + 1s,
                                     const std::string& dn = "7001") {
  auto r = plain(deadline);
  r.this_dn = dn;
  r.again = outgoing_event::capture(dn, capture_verb::pause);
  return r;
}

event_ack ack(std::uint32_t reference) {
  event_ack e;
  e.reference = {reference};
  return e;
}

event_error refusal(std::uint32_t reference, error_code code) {
  event_error e;
  e.reference = {reference};
  e.code = static_cast<std::uint32_t>(code);
  e.retry = info(code).retry;
  return e;
}

/// The one that an answer ends, if it does.
std::optional<finished_request> one(std::vector<finished_request> ended) {
  CHECK(ended.size() <= 1);
  return ended.empty() ? std::nullopt : std::optional{std::move(ended.front())};
}

/// No DN has to wait.
bool none(const std::string&) {
  return false;
}

} // namespace

TEST_CASE("a request ends with the answer that carries its reference, once") {
  pending_requests pending{{}};
  auto id = pending.add(plain(), {7});
  CHECK_FALSE(one(pending.on_answer(ack(8))));
  CHECK_FALSE(one(pending.on_answer(ack(0))));
  auto done = one(pending.on_answer(ack(7)));
  REQUIRE(done);
  CHECK(done->what.status == request_status::acknowledged);
  CHECK(done->what.request == id);
  CHECK(done->what.times_sent == 1);
  CHECK(done->what.ack() != nullptr);
  CHECK(done->what.error() == nullptr);
  CHECK_FALSE(one(pending.on_answer(ack(7))));
  CHECK(pending.size() == 0);
  CHECK(pending.next_deadline() == steady_time::max());
}

TEST_CASE("a refusal has had no effect, a broker's own fault may have had one") {
  pending_requests pending{{}};
  pending.add(plain(), {1});
  CHECK(one(pending.on_answer(refusal(1, error_code::not_registered)))->what.status ==
        request_status::refused);
  pending.add(plain(), {2});
  auto fault = one(pending.on_answer(refusal(2, error_code::internal_error)))->what;
  CHECK(fault.status == request_status::unknown_outcome);
  CHECK(fault.doubt == doubt_reason::broker_fault);
  CHECK(fault.error()->code == 52);
}

TEST_CASE("an answer of the wrong kind leaves the outcome unknown") {
  pending_requests pending{{}};
  auto query = plain();
  query.what = pending_requests::kind::query;
  pending.add(query, {1});
  CHECK(one(pending.on_answer(ack(1)))->what.doubt == doubt_reason::wrong_answer);
  pending.add(plain(), {2});
  event_registered registered;
  registered.reference = {2};
  CHECK(one(pending.on_answer(registered))->what.doubt == doubt_reason::wrong_answer);
}

TEST_CASE("a lost link ends what may not be sent twice, and keeps the rest in order") {
  pending_requests pending{{}};
  pending.add(plain(), {1});
  auto first = pending.add(repeatable(start + 2s), {2});
  pending.add(plain(), {3});
  auto second = pending.add(repeatable(), {4});
  auto lost = pending.on_link_lost();
  REQUIRE(lost.size() == 2);
  for (auto& f : lost) {
    CHECK(f.what.status == request_status::unknown_outcome);
    CHECK(f.what.doubt == doubt_reason::link_lost);
  }
  CHECK(pending.size() == 2);
  CHECK_FALSE(
    one(pending.on_answer(ack(2)))); // of the old link: the number means something else now
  CHECK(pending.waits_again("7001"));
  CHECK_FALSE(pending.waits_again("7002"));
  CHECK(pending.next_again(none) == first);
  pending.sent_again(first, {11});
  CHECK(pending.next_again(none) == second);
  pending.sent_again(second, {12});
  CHECK_FALSE(pending.next_again(none));
  auto done = one(pending.on_answer(ack(11)));
  REQUIRE(done);
  CHECK(done->what.request == first);
  CHECK(done->what.times_sent == 2);
  auto refused = one(pending.on_answer(refusal(12, error_code::not_registered)));
  REQUIRE(refused);
  CHECK(refused->what.request == second);
  CHECK(refused->what.doubt == doubt_reason::refused_again); // the first may have had its effect
}

TEST_CASE("a DN that has to wait holds up no other") {
  pending_requests pending{{}};
  pending.add(repeatable(start + 1s, "7001"), {1});
  auto other = pending.add(repeatable(start + 1s, "7002"), {2});
  pending.on_link_lost();
  auto first_waits = [](const std::string& dn) { return dn == "7001"; };
  REQUIRE(pending.next_again(first_waits) == other);
  pending.sent_again(other, {3});
  CHECK_FALSE(pending.next_again(first_waits));
  CHECK(pending.next_again(none));
}

TEST_CASE("what is to be sent again ends at its time like everything else") {
  pending_requests pending{{}};
  pending.add(repeatable(start + 1s), {1});
  pending.add(plain(start + 3s), {2});
  pending.on_link_lost();
  CHECK(pending.next_deadline() == start + 1s);
  CHECK(pending.on_time(start + 999ms).empty());
  auto late = pending.on_time(start + 1s);
  REQUIRE(late.size() == 1);
  CHECK(late[0].what.doubt == doubt_reason::timed_out);
  CHECK_FALSE(pending.next_again(none));
  CHECK(pending.kept_bytes() == 0);
}

TEST_CASE("requests and the bytes kept for a second sending are bounded") {
  t_client_bounds limits;
  limits.requests_max = 2;
  limits.request_bytes_max = 100;
  pending_requests pending{limits};
  CHECK(pending.room(0) == send_status::accepted);
  CHECK(pending.room(101) == send_status::buffer_full);
  pending.add(plain(), {1});
  pending.add(repeatable(), {2});
  CHECK(pending.kept_bytes() > 0);
  CHECK(pending.room(0) == send_status::window_full);
  CHECK(pending.end_all(doubt_reason::stopped).size() == 2);
  CHECK(pending.kept_bytes() == 0);
  user_data data;
  data.add("k", std::vector<user_data_pair>{{"inner", std::string(500, 'x')}});
  CHECK(content_bytes(data) > 500);
}

TEST_CASE("whatever happens in whatever order, each request ends exactly once") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    pending_requests pending{{}};
    std::map<std::uint64_t, int> ended;
    std::set<std::uint64_t> accepted;
    std::uint32_t reference = 0;
    auto now = start;
    auto note = [&](std::vector<finished_request> all) {
      for (auto& f : all)
        ++ended[f.what.request.value];
    };
    for (int step = 0; step < 200; ++step) {
      switch (random() % 6) {
      case 0:
      case 1:
        accepted.insert(
          pending.add(random() % 2 ? plain(now + 50ms) : repeatable(now + 50ms), {++reference})
            .value);
        break;
      case 2:
        if (auto done = one(pending.on_answer(ack(1 + random() % (reference + 1)))))
          ++ended[done->what.request.value];
        break;
      case 3: note(pending.on_link_lost()); break;
      case 4:
        if (auto id = pending.next_again(none))
          pending.sent_again(id, {++reference});
        break;
      case 5:
        now += std::chrono::milliseconds{random() % 20};
        note(pending.on_time(now));
        break;
      }
    }
    note(pending.end_all(doubt_reason::stopped));
    CHECK(ended.size() == accepted.size());
    for (auto& [id, times] : ended)
      CHECK(times == 1);
    CHECK(pending.kept_bytes() == 0);
    CHECK(pending.next_deadline() == steady_time::max());
  }
}

// ---- many DNs in one request -----------------------------------------------------------------

namespace {

event_ack ack_of(std::uint32_t reference, const std::string& dn) {
  auto e = ack(reference);
  e.this_dn = dn;
  return e;
}

std::vector<pending_requests::request> one_each(const std::vector<std::string>& dns,
                                                steady_time deadline = start + 1s) {
  std::vector<pending_requests::request> all;
  for (auto& dn : dns) {
    all.push_back(plain(deadline));
    all.back().this_dn = dn;
  }
  return all;
}

std::vector<std::string> dns_of(const std::vector<finished_request>& ended) {
  std::vector<std::string> dns;
  for (auto& f : ended)
    dns.push_back(f.what.this_dn);
  return dns;
}

} // namespace

TEST_CASE("of a request for many DNs each ends with its own answer, once") {
  pending_requests pending{{}};
  auto first = pending.add_each(one_each({"7001", "7002", "7003"}), {7});
  CHECK(pending.size() == 3);
  auto second = one(pending.on_answer(ack_of(7, "7002")));
  REQUIRE(second);
  CHECK(second->what.status == request_status::acknowledged);
  CHECK(second->what.this_dn == "7002");
  CHECK(second->what.request.value == first.value + 1);
  CHECK_FALSE(one(pending.on_answer(ack_of(7, "7002"))));
  CHECK_FALSE(one(pending.on_answer(ack_of(7, "7009"))));
  CHECK_FALSE(one(pending.on_answer(ack_of(8, "7001"))));
  auto refused = refusal(7, error_code::not_registered);
  refused.this_dn = "7003";
  CHECK(one(pending.on_answer(refused))->what.status == request_status::refused);
  CHECK(one(pending.on_answer(ack_of(7, "7001")))->what.request == first);
  CHECK(pending.size() == 0);
}

TEST_CASE("a refusal that names no DN ends the whole request, and no other") {
  pending_requests pending{{}};
  pending.add_each(one_each({"7001", "7002", "7002"}), {7}); // one twice, which the broker refuses
  pending.add_each(one_each({"7001"}), {8});
  auto ended = pending.on_answer(refusal(7, error_code::invalid_attribute));
  CHECK(dns_of(ended) == std::vector<std::string>{"7001", "7002", "7002"});
  for (auto& f : ended)
    CHECK(f.what.status == request_status::refused);
  CHECK(pending.size() == 1);
}

TEST_CASE(
  "of a request for many DNs those without an answer end in doubt, and are not sent again") {
  for (bool link_is_lost : {false, true}) {
    pending_requests pending{{}};
    pending.add_each(one_each({"7001", "7002"}), {7});
    pending.on_answer(ack_of(7, "7001"));
    auto ended = link_is_lost ? pending.on_link_lost() : pending.on_time(start + 1s);
    CHECK(dns_of(ended) == std::vector<std::string>{"7002"});
    CHECK(ended.at(0).what.doubt ==
          (link_is_lost ? doubt_reason::link_lost : doubt_reason::timed_out));
    CHECK(pending.next_again(none) == request_id{});
    CHECK_FALSE(one(pending.on_answer(ack_of(7, "7002")))); // too late
    pending.add(plain(), {7});
    CHECK(one(pending.on_answer(ack(7))));
  }
}

TEST_CASE("a list is answered by a list") {
  pending_requests pending{{}};
  auto list = plain();
  list.what = pending_requests::kind::list;
  pending.add(list, {1});
  event_address_list page;
  page.reference = {1};
  page.next = "7001";
  auto done = one(pending.on_answer(page));
  REQUIRE(done);
  CHECK(done->what.status == request_status::acknowledged);
  REQUIRE(done->what.list() != nullptr);
  CHECK(done->what.list()->next == "7001");
  pending.add(list, {2});
  CHECK(one(pending.on_answer(ack(2)))->what.doubt == doubt_reason::wrong_answer);
}
