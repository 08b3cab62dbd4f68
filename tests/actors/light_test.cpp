// The light of a screen, for every mix of what its recorders have said; and that all desktops of a
// DN show the same one.
#include "actors/screen/screen.hpp"
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_words.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using word = std::optional<capture_state>;

constexpr capture_state enabled = capture_state::enabled;
constexpr capture_state disabled = capture_state::disabled;
constexpr capture_state paused = capture_state::paused;
constexpr capture_state unknown = capture_state::unknown;

/// Silent, and every word that there is.
constexpr word words[] = {std::nullopt, enabled, disabled, paused};

screen screen_with(const std::vector<word>& said) {
  screen s;
  for (auto& one : said) {
    s.recorders.emplace_back().id = {s.recorders.size() + 1};
    s.recorders.back().said = one;
  }
  return s;
}

} // namespace

TEST_CASE("the light is on if any recorder records, then unknown if any is silent, then paused") {
  for (auto a : words)
    for (auto b : words)
      for (auto c : words) {
        std::vector<word> said{a, b, c};
        auto any = [&](word wanted) { return std::count(said.begin(), said.end(), wanted) != 0; };
        auto expected = any(enabled)        ? enabled
                        : any(std::nullopt) ? unknown
                        : any(paused)       ? paused
                                            : disabled;
        CHECK(light(screen_with(said)) == expected);
      }
}

TEST_CASE("after the loss of a recorder the light is unknown, but where another records") {
  for (auto a : words) {
    auto s = screen_with({a, paused});
    s.has_lost = true;
    CHECK(light(s) == (a == word{enabled} ? enabled : unknown));
  }
  CHECK(light(screen{}) == unknown);
}

TEST_CASE("the light comes from words alone, whatever is desired") {
  for (auto a : words) {
    auto s = screen_with({a});
    auto before = light(s);
    s.was_asked = true;
    CHECK(light(s) == before); // disabled is desired
    s.calls.emplace_back().wants = wish::asked;
    CHECK(light(s) == before);
    s.pauses.emplace_back();
    CHECK(desired(s) == paused);
    CHECK(light(s) == before);
  }
}

TEST_CASE("desktops that came at any time show the same light") {
  office o;
  auto& first = o.desktop("first");
  auto& one = o.recorder("one");
  auto& other = o.recorder("other");
  register_all("7001", {&first, &one, &other});
  std::uint32_t reference = 3;
  int newcomers = 0;
  auto light_is = [&](std::string_view verb, party& by, std::string_view expected) {
    by.says(send(reference++, "7001", verb));
    auto heard = first.hears();
    REQUIRE(heard.size() == 1);
    CHECK(heard.front().ends_with("light " + std::string{expected}));
    auto& late = o.desktop("late" + std::to_string(++newcomers));
    late.says(register_on(2, {"7001"}));
    auto snapshot = late.frame().event_registered().snapshot();
    CHECK(in_words(snapshot).starts_with("light " + std::string{expected} + ","));
    REQUIRE(snapshot.sessions_size() == 1);
    CHECK(snapshot.sessions(0).observed() == snapshot.effective_state());
    late.vanishes();
  };
  light_is("disabled", one, "unknown"); // of the other nobody knows
  light_is("paused", other, "paused");
  light_is("enabled", one, "enabled");
  light_is("disabled", other, "enabled");
  light_is("disabled", one, "disabled");
  one.hears();
  other.hears();
}
