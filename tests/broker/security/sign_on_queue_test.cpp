// Who is looked at next, and who has to yield. Sources are letters, renewals capital ones.
#include "broker/security/sign_on_queue.hpp"

#include <rapidcheck/catch.h>

#include <cctype>
#include <map>

using namespace ringdown;
using namespace ringdown::security;

namespace {

struct counter {
  explicit counter(std::size_t questions_max) : queue{questions_max, 1} {}

  /// Who found no room; 0: nobody.
  char push(char source) {
    const bool is_renewal = std::isupper(source) != 0;
    const std::string from{static_cast<char>(std::tolower(source))};
    auto left =
      queue.push({{role::desktop, "app", "", {"peer", from, true, {}}, is_renewal}, nullptr});
    return left ? name_of(*left) : '\0';
  }
  void push_all(std::string_view sources) {
    for (const char source : sources)
      REQUIRE(push(source) == '\0');
  }
  char take() {
    auto one = queue.take(
      [this](std::string_view source) { return failing.find(source) == std::string::npos; });
    return one ? name_of(*one) : '\0';
  }
  std::string take_all() {
    std::string all;
    while (const char one = take())
      all += one;
    return all;
  }
  static char name_of(const sign_on_queue::question& one) {
    const char source = one.asked.peer.source[0];
    return one.asked.is_renewal ? static_cast<char>(std::toupper(source)) : source;
  }

  sign_on_queue queue;
  std::string failing;
};

} // namespace

TEST_CASE("each source has its turn, however many another one has waiting") {
  counter c{100};
  c.push_all("aaaaaabbc");
  CHECK(c.take_all() == "abcabaaaa");
  CHECK(c.take() == '\0');
  CHECK(c.queue.size() == 0);
}

TEST_CASE("renewals come before sign-ons, and still one turn in eight is a sign-on's") {
  counter c{100};
  c.push_all("xxxxAAAAAAAAAAAAAABB");
  auto order = c.take_all();
  CHECK(order.substr(0, 8) == "ABABAAAx");
  CHECK(order.find('x', 8) == 15);
}

TEST_CASE("who fails is served last, and still one turn in eight") {
  counter c{100};
  c.failing = "x";
  c.push_all("xxxxxxaaaaaaaaaaaaaaaa");
  CHECK(c.take_all() == "aaaaaaaaxaaaaaaaxaxxxx");
}

TEST_CASE("those that all fail are served nevertheless, in any turn") {
  counter c{100};
  c.failing = "xyz";
  c.push_all("xxxxyyyyzzzz");
  CHECK(c.take_all() == "xyzxyzxyzxyz");
}

TEST_CASE("a source that no longer fails has its turn as all others") {
  counter c{100};
  c.failing = "x";
  c.push_all("xxxxaaaaaaaaaaaa");
  for (int i = 0; i < 8; ++i)
    CHECK(c.take() == 'a');
  CHECK(c.take() == 'x');
  c.failing = "";
  CHECK(c.take_all() == "axaxaxa");
}

TEST_CASE("one source has all the room until another wants some") {
  counter c{8};
  c.push_all("aaaaaaaa");
  CHECK(c.push('a') == 'a');
  for (int i = 0; i < 4; ++i)
    CHECK(c.push('b') == 'a');
  CHECK(c.push('b') == 'b'); // both have as much
  const auto first = c.push('c'), second = c.push('c');
  CHECK(first + second == 'a' + 'b');
  CHECK(c.push('c') == 'c');
  CHECK(c.queue.size() == 8);
}

TEST_CASE("a renewal finds room where only sign-ons are, and takes none from other renewals") {
  counter c{3};
  c.push_all("abc");
  CHECK(c.push('d') == 'd');
  for (const char source : std::string{"ABC"})
    CHECK(std::islower(c.push(source)) != 0);
  CHECK(c.push('D') == 'D');
  CHECK(c.push('d') == 'd');
  CHECK(c.take_all() == "ABC");
}

TEST_CASE("all that wait are taken at once, and it goes on empty") {
  counter c{100};
  c.push_all("abcAaa");
  CHECK(c.queue.take_all().size() == 6);
  CHECK(c.take() == '\0');
  c.push_all("ab");
  CHECK(c.take_all() == "ab");
}

TEST_CASE("nothing is lost or doubled") {
  rc::prop("", [] {
    counter c{12};
    c.failing = "cd";
    std::map<char, int> inside;
    int size = 0;
    for (const auto step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 14))) {
      if (step < 10) {
        const char source = "abcdABCDae"[step];
        const char left = c.push(source);
        ++inside[source];
        ++size;
        if (left != '\0') {
          --inside[left];
          --size;
        }
        RC_ASSERT((left == '\0' || size == 12));
      } else {
        const char one = c.take();
        RC_ASSERT((one == '\0') == (size == 0));
        if (one != '\0') {
          RC_ASSERT(--inside[one] >= 0);
          --size;
        }
      }
      RC_ASSERT(c.queue.size() == static_cast<std::size_t>(size));
    }
    for (const char one : c.take_all())
      --inside[one];
    for (const auto& [source, left] : inside)
      RC_ASSERT(left == 0);
  });
}
