// Sign-ons that are looked at on a thread of their own.
#include "broker/security/authenticator.hpp"

#include "broker/security/authenticate.hpp"
#include "tests/broker/security/access_support.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;

namespace {

const std::string usual = std::string{usual_issuer} + std::string{usual_grants} +
                          token_entry("video-1", "rdt_one", "recorders");

/// A clock at which the thread waits as long as a test wants.
class gate {
public:
  std::int64_t pass() {
    std::unique_lock lock{mutex_};
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
    return 0;
  }
  void open() {
    const std::lock_guard lock{mutex_};
    is_open_ = true;
    changed_.notify_all();
  }
  void wait_for_one() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool is_open_ = false;
};

authenticator::clocks still() {
  return {[] { return std::int64_t{1'800'000'000'000'000}; },
          [] { return failure_limiter::clock::time_point{}; }};
}
sign_on_facts recorder(std::string credentials, std::string source = "source") {
  return {role::recorder, "app", std::move(credentials), {"peer", std::move(source), true, {}}};
}

std::future<authenticated> ask(authenticator& at, sign_on_facts facts) {
  auto promised = std::make_shared<std::promise<authenticated>>();
  auto answer = promised->get_future();
  at.authenticate(std::move(facts),
                  [promised](authenticated got) { promised->set_value(std::move(got)); });
  return answer;
}

} // namespace

TEST_CASE("who asks is answered by the list, on another thread") {
  authenticator at{list_of(usual), {}, still()};
  std::promise<std::thread::id> where;
  at.authenticate(recorder("rdt_one"), [&](authenticated got) {
    CHECK(got.principal == "video-1");
    where.set_value(std::this_thread::get_id());
  });
  CHECK(where.get_future().get() != std::this_thread::get_id());
  auto refused = ask(at, recorder("rdt_wrong")).get();
  CHECK(refused.refused == "unknown_token");
  CHECK_FALSE(refused.overloaded);
}

TEST_CASE("failures beyond a source's are to be held back, and no success ever is") {
  authenticator at{list_of(usual), {}, still()};
  for (int i = 0; i < 10; ++i)
    CHECK(ask(at, recorder("rdt_wrong")).get().retry_after_ms == 0);
  for (int i = 0; i < 3; ++i) {
    CHECK(ask(at, recorder("rdt_wrong")).get().retry_after_ms == 1'000);
    auto good = ask(at, recorder("rdt_one")).get();
    CHECK(good.refused == "");
    CHECK(good.retry_after_ms == 0);
  }
  CHECK(ask(at, recorder("rdt_wrong", "another")).get().retry_after_ms == 0);
}

TEST_CASE("ten thousand who come from one address in one moment are all let in") {
  authenticator at{list_of(usual), {.waiting_max = 20'000}, still()};
  std::vector<std::future<authenticated>> answers;
  for (int i = 0; i < 10'000; ++i)
    answers.push_back(ask(at, recorder("rdt_one")));
  int well = 0;
  for (auto& answer : answers) {
    auto got = answer.get();
    well += got && got.retry_after_ms == 0 ? 1 : 0;
  }
  CHECK(well == 10'000);
}

TEST_CASE("what finds no room is answered at once, as something that may come again") {
  gate held;
  authenticator at{list_of(usual), {.waiting_max = 2}, {[&] { return held.pass(); }, still().now}};
  auto first = ask(at, recorder("rdt_one"));
  held.wait_for_one(); // the thread has taken it
  auto second = ask(at, recorder("rdt_one"));
  auto third = ask(at, recorder("rdt_one"));
  std::promise<std::thread::id> where;
  authenticated full;
  at.authenticate(recorder("rdt_one"), [&](authenticated got) {
    full = std::move(got);
    where.set_value(std::this_thread::get_id());
  });
  CHECK(where.get_future().get() == std::this_thread::get_id());
  CHECK(full.refused == "too_many_waiting");
  CHECK(full.overloaded);
  CHECK(full.retry_after_ms == 1'000);
  held.open();
  for (auto* answer : {&first, &second, &third})
    CHECK(answer->get().refused == "");
}

TEST_CASE("a source that fails and fills all the room keeps nobody else out") {
  gate held;
  std::atomic<int> failed_before{0};
  authenticator at{list_of(usual), {.waiting_max = 64}, {[&] { return held.pass(); }, still().now}};
  auto first = ask(at, recorder("rdt_wrong", "hostile"));
  held.wait_for_one();
  std::atomic<int> unseen{0};
  for (int i = 0; i < 200; ++i)
    at.authenticate(recorder("rdt_wrong", "hostile"),
                    [&](authenticated got) { ++(got.overloaded ? unseen : failed_before); });
  CHECK(unseen == 200 - 64);
  auto renewal = recorder("rdt_one", "hostile");
  renewal.is_renewal = true;
  std::vector<std::future<int>> when; // after how many of its failures
  for (auto& facts : {recorder("rdt_one", "a"), recorder("rdt_one", ""), renewal}) {
    auto promised = std::make_shared<std::promise<int>>();
    when.push_back(promised->get_future());
    at.authenticate(facts, [&, promised](const authenticated& got) {
      promised->set_value(got ? failed_before.load() : -1);
    });
  }
  CHECK(unseen == 200 - 64 + 3);
  held.open();
  for (auto& one : when) {
    auto after = one.get();
    CHECK(after >= 0);
    CHECK(after <= 3);
  }
  static_cast<void>(first.get());
  at.stop();
}

TEST_CASE("without memory for one the thread answers the next") {
  std::atomic<int> looked{0};
  authenticator at{list_of(usual),
                   {},
                   {[&] {
                      if (looked++ == 0)
                        throw std::bad_alloc{};
                      return still().utc_now();
                    },
                    still().now}};
  auto unlucky = ask(at, recorder("rdt_one")).get();
  CHECK(unlucky.overloaded);
  CHECK(unlucky.retry_after_ms == 1'000);
  CHECK(ask(at, recorder("rdt_one")).get().principal == "video-1");
}

TEST_CASE("what still waits at the end is answered all the same") {
  gate held;
  std::future<authenticated> first;
  std::future<authenticated> second;
  std::thread later;
  {
    authenticator at{list_of(usual), {}, {[&] { return held.pass(); }, still().now}};
    first = ask(at, recorder("rdt_one"));
    held.wait_for_one();
    second = ask(at, recorder("rdt_one"));
    later = std::thread{[&] { held.open(); }};
  }
  later.join();
  CHECK(first.get().refused == "");
  auto left = second.get();
  CHECK((left.refused == "stopping" || left.refused == ""));
  CHECK(left.overloaded == (left.refused == "stopping"));
}

TEST_CASE("once a list is in use nobody is answered by the one before") {
  gate held;
  authenticator at{list_of(usual), {}, {[&] { return held.pass(); }, still().now}};
  auto asked_before = ask(at, recorder("rdt_one"));
  held.wait_for_one(); // it is being looked at by the first list
  auto text = usual;
  auto digest = digest_of("rdt_one");
  text.replace(text.find(digest), digest.size(), digest_of("rdt_new"));
  const auto second = list_of(text);
  at.use(second);
  CHECK(at.list() == second);
  held.open();
  CHECK(asked_before.get().refused == "unknown_token");
  CHECK(ask(at, recorder("rdt_new")).get().principal == "video-1");
}

TEST_CASE("what each may do by a new list is worked out once, and not by who is told of it") {
  const std::string personal = std::string{usual_issuer} + std::string{usual_grants} +
                               token_entry("video-1", "rdt_one", "recorders") +
                               token_entry("7001", "rdt_own", "owners") + R"(
[[grant]]
group = "owners"
roles = ["recorder"]
dns = ["{name}"]
may = ["register"]
)";
  authenticator at{list_of(personal), {}, still()};
  const auto owner = ask(at, recorder("rdt_own")).get();
  const auto shared = ask(at, recorder("rdt_one")).get();
  REQUIRE(owner.rests_on);
  CHECK(owner.rests_on->again().may == owner.may);

  at.use(list_of(personal + "# the same\n"));
  CHECK(owner.rests_on->again().may == owner.may);
  CHECK(shared.rests_on->again().may == shared.may);

  auto changed = personal;
  changed.replace(changed.rfind("\"register\""), 10, "\"register\", \"send_indication\"");
  at.use(list_of(changed));
  const auto now = owner.rests_on->again();
  CHECK(now.may != owner.may);
  CHECK(now.may->allows(role::recorder, action::send_indication, "7001"));
  CHECK(owner.rests_on->again().may == now.may);
  CHECK(shared.rests_on->again().may == shared.may);

  at.use(list_of(usual));
  CHECK(owner.rests_on->again().refused == "unknown_token");
  CHECK(owner.rests_on->again().principal == "7001");
}

TEST_CASE("many ask while lists come and go, and each is answered once") {
  authenticator at{list_of(usual), {.waiting_max = 100'000}, still()};
  const auto other = list_of(usual);
  std::atomic<int> answered{0};
  std::vector<std::thread> askers;
  for (int t = 0; t < 3; ++t)
    askers.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        at.authenticate(recorder(i % 2 == 0 ? "rdt_one" : "rdt_wrong"),
                        [&](authenticated) { ++answered; });
    });
  for (int i = 0; i < 200; ++i) {
    at.use(i % 2 == 0 ? other : at.list());
    std::vector<std::string> groups{"recorders"};
    CHECK(at.list()->grants_of(groups, "", {}) != nullptr);
  }
  for (auto& asker : askers)
    asker.join();
  CHECK(ask(at, recorder("rdt_one")).get().refused == ""); // behind all others
  CHECK(answered == 1'500);
}
