// The login storm at the start of a shift: 10,000 registrations at once.
#include "tests/e2e/expect.hpp"

#include "messages/frame.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace ringdown;
using namespace ringdown::e2e;

namespace {

constexpr int registrations = 10'000;

std::string dn_of(int number) {
  return "agent" + std::to_string(number);
}

/// One request, with its length, for a DN.
std::string request_for(const std::string& dn, std::uint32_t reference) {
  auto frame = register_on(dn);
  frame.set_reference_id(reference);
  return delimited(frame);
}

} // namespace

TEST_CASE("A client beyond its window gets 111 with a time to retry, and can finish") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  std::set<int> missing;
  for (int i = 0; i < registrations; ++i)
    missing.insert(i);
  int refused = 0;
  int rounds = 0;
  while (!missing.empty()) {
    REQUIRE(++rounds < 1000); // each round gets in what the window holds, at the least
    std::string bytes;
    std::map<std::uint32_t, int> asked;
    for (int i : missing) {
      auto reference = client.next_reference();
      asked[reference] = i;
      bytes += request_for(dn_of(i), reference);
    }
    client.send_bytes(bytes);
    while (!asked.empty()) {
      auto answer = client.expect();
      auto request = asked.find(answer.reference_id());
      REQUIRE(request != asked.end()); // each is answered exactly once
      if (answer.has_event_registered()) {
        CHECK(answer.event_registered().this_dn() == dn_of(request->second));
        missing.erase(request->second);
      } else {
        check_error(answer, request->first, error_code::too_many_requests);
        ++refused;
      }
      asked.erase(request);
    }
  }
  CHECK(refused > 0);
  auto last = client.ask(capture(dn_of(registrations - 1), "pause"));
  CHECK(last.event_ack().dn_sequence() == 1);
  CHECK(broker.stop() == 0);
}

TEST_CASE("Within its window one client registers on 10,000 DNs in 40 requests") {
  running_broker broker;
  auto recorder = signed_on(broker, v1::ROLE_RECORDER);
  auto each = static_cast<int>(recorder.link().dns_per_request_max());
  std::map<std::uint32_t, int> expected;
  for (int i = 0; i < registrations; i += each) {
    v1::Frame frame;
    for (int j = i; j < std::min(i + each, registrations); ++j)
      frame.mutable_request_register_address()->add_this_dn(dn_of(j));
    auto count = frame.request_register_address().this_dn_size();
    expected[recorder.request(frame)] = count;
  }
  std::set<std::string> done;
  while (done.size() < registrations) {
    auto answer = recorder.expect();
    INFO(answer.ShortDebugString());
    REQUIRE(answer.has_event_registered());
    REQUIRE(--expected[answer.reference_id()] >= 0);
    REQUIRE(done.insert(answer.event_registered().this_dn()).second);
  }
  CHECK(broker.stop() == 0);
}

TEST_CASE("Many clients that sign on and register at once are all served") {
  constexpr int clients = 500;
  constexpr int dns_each = registrations / clients;
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  std::vector<raw_client> all;
  for (int i = 0; i < clients; ++i) { // all ask before anybody looks at an answer
    all.emplace_back(broker.port());
    all.back().request(sign_on(v1::ROLE_DESKTOP));
  }
  for (auto& client : all)
    REQUIRE(client.expect().has_event_link_connected());
  for (int i = 0; i < clients; ++i) {
    std::string bytes;
    for (int j = 0; j < dns_each; ++j)
      bytes += request_for(dn_of(i * dns_each + j), all[std::size_t(i)].next_reference());
    REQUIRE(all[std::size_t(i)].send_bytes(bytes));
  }
  for (auto& client : all)
    for (int j = 0; j < dns_each; ++j)
      REQUIRE(client.expect().has_event_registered());
  for (int i = 0; i < clients; i += 97)
    CHECK(all[std::size_t(i)].ask(capture(dn_of(i * dns_each), "start")).has_event_ack());
  CHECK(broker.stop() == 0);
}
