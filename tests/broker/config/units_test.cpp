// Numbers with units.
#include "broker/config/units.hpp"

#include <rapidcheck/catch.h>

#include <limits>

using namespace ringdown::configuration;

TEST_CASE("a quantity reads back as it was written") {
  rc::prop("any number, both kinds", [](std::uint64_t number) {
    for (const auto q : {quantity::size, quantity::duration}) {
      const auto result = parse_quantity(q, quantity_text(q, number));
      RC_ASSERT(result.fault == quantity_fault::none);
      RC_ASSERT(result.number == number);
    }
  });
}

TEST_CASE("a quantity is written with the largest unit that divides it") {
  CHECK(quantity_text(quantity::size, 4 * 1024 * 1024) == "4 MiB");
  CHECK(quantity_text(quantity::size, 16'000) == "16000 B");
  CHECK(quantity_text(quantity::size, 0) == "0 B");
  CHECK(quantity_text(quantity::duration, 1'500) == "1500 ms");
  CHECK(quantity_text(quantity::duration, 8 * 3'600'000) == "8 h");
}

TEST_CASE("what does not fit into 64 bits is the largest number, never a small one") {
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  CHECK(parse_quantity(quantity::size, "18446744073709551615").number == largest);
  CHECK(parse_quantity(quantity::size, "18446744073709551616").number == largest);
  CHECK(parse_quantity(quantity::size, "17179869184 GiB").number == largest);
  CHECK(parse_quantity(quantity::size, "17179869183 GiB").number == 17'179'869'183ULL << 30);
}

TEST_CASE("signs, fractions, blanks and nothing are no quantities") {
  for (const auto* text : {"", " ", "-1 s", "+1 s", "s", "0x10"}) {
    INFO('"' << text << '"');
    CHECK(parse_quantity(quantity::duration, text).fault != quantity_fault::none);
  }
  CHECK(parse_quantity(quantity::duration, "1.5 s").wrong_unit == ".5 s");
  CHECK(parse_quantity(quantity::duration, " 5  s ").number == 5000);
}
