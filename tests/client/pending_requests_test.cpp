// Every accepted request ends once, and only what may be sent twice is.
#include "client/pending_requests.hpp"

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

/// No DN has to wait.
bool none(const std::string&) {
  return false;
}

} // namespace

TEST_CASE("a request ends with the answer that carries its reference, once") {
  pending_requests pending{{}};
  auto id = pending.add(plain(), {7});
  CHECK_FALSE(pending.on_answer(ack(8)));
  CHECK_FALSE(pending.on_answer(ack(0)));
  auto done = pending.on_answer(ack(7));
  REQUIRE(done);
  CHECK(done->what.status == request_status::acknowledged);
  CHECK(done->what.request == id);
  CHECK(done->what.times_sent == 1);
  CHECK(done->what.ack() != nullptr);
  CHECK(done->what.error() == nullptr);
  CHECK_FALSE(pending.on_answer(ack(7)));
  CHECK(pending.size() == 0);
  CHECK(pending.next_deadline() == steady_time::max());
}

TEST_CASE("a refusal has had no effect, a broker's own fault may have had one") {
  pending_requests pending{{}};
  pending.add(plain(), {1});
  CHECK(pending.on_answer(refusal(1, error_code::not_registered))->what.status ==
        request_status::refused);
  pending.add(plain(), {2});
  auto fault = pending.on_answer(refusal(2, error_code::internal_error))->what;
  CHECK(fault.status == request_status::unknown_outcome);
  CHECK(fault.doubt == doubt_reason::broker_fault);
  CHECK(fault.error()->code == 52);
}

TEST_CASE("an answer of the wrong kind leaves the outcome unknown") {
  pending_requests pending{{}};
  auto query = plain();
  query.what = pending_requests::kind::query;
  pending.add(query, {1});
  CHECK(pending.on_answer(ack(1))->what.doubt == doubt_reason::wrong_answer);
  pending.add(plain(), {2});
  event_registered registered;
  registered.reference = {2};
  CHECK(pending.on_answer(registered)->what.doubt == doubt_reason::wrong_answer);
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
  CHECK_FALSE(pending.on_answer(ack(2))); // of the old link: the number means something else now
  CHECK(pending.waits_again("7001"));
  CHECK_FALSE(pending.waits_again("7002"));
  CHECK(pending.next_again(none) == first);
  pending.sent_again(first, {11});
  CHECK(pending.next_again(none) == second);
  pending.sent_again(second, {12});
  CHECK_FALSE(pending.next_again(none));
  auto done = pending.on_answer(ack(11));
  REQUIRE(done);
  CHECK(done->what.request == first);
  CHECK(done->what.times_sent == 2);
  auto refused = pending.on_answer(refusal(12, error_code::not_registered));
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
        if (auto done = pending.on_answer(ack(1 + random() % (reference + 1))))
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
