// The hand reader of Protobuf's wire format against the generated one.
#include "messages/wire.hpp"

#include "tests/messages/bytes.hpp"
#include "tests/messages/generators.hpp"

#include <rapidcheck/catch.h>
#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// True if the hand reader gets to the end.
bool reads(std::string_view bytes) {
  wire::reader fields{bytes};
  wire::field f;
  for (;;) {
    switch (fields.next(f)) {
    case wire::step::end: return true;
    case wire::step::malformed: return false;
    case wire::step::field: break;
    }
  }
}

/// The generated parser on a message without fields: all are unknown to it.
bool parses(std::string_view bytes) {
  ringdown::v1::Heartbeat message;
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

} // namespace

TEST_CASE("a varint is written and measured as Protobuf does") {
  rc::prop("any number", [](std::uint64_t value) {
    auto shift = *rc::gen::inRange(0, 64);
    value >>= shift;
    char out[10];
    auto* end = wire::put_varint(out, value);
    RC_ASSERT(std::string(out, end) == varint(value));
    RC_ASSERT(wire::varint_size(value) == varint(value).size());
    char wide[wire::wide_varint_bytes_max];
    auto* wide_end = wire::put_wide_varint(wide, value);
    RC_ASSERT(std::string(wide, wide_end) == varint(value));
    auto bytes = number_field(7, value);
    wire::reader fields{bytes};
    wire::field f;
    RC_ASSERT((fields.next(f) == wire::step::field));
    RC_ASSERT(f.number == 7u);
    RC_ASSERT(f.value == value);
    RC_ASSERT((fields.next(f) == wire::step::end));
  });
}

TEST_CASE("a tag or length longer than five bytes is malformed, as every generated parser has it") {
  CHECK(reads(long_varint(7 << 3, 5) + "\x01"));
  CHECK_FALSE(reads(long_varint(7 << 3, 6) + "\x01"));
  CHECK_FALSE(parses(long_varint(7 << 3, 6) + "\x01"));
  CHECK(reads(tag(7, 2) + long_varint(1, 5) + "x"));
  CHECK_FALSE(reads(tag(7, 2) + long_varint(1, 6) + "x"));
  CHECK_FALSE(parses(tag(7, 2) + long_varint(1, 6) + "x"));
  // Within a group too.
  CHECK_FALSE(reads(group(9, tag(7, 2) + long_varint(1, 6) + "x")));
  CHECK_FALSE(reads(group(9, long_varint(7 << 3, 6) + "\x01")));
  CHECK_FALSE(reads(tag(9, 3) + long_varint(9 << 3 | 4, 6)));
}

TEST_CASE("a value takes ten bytes at most") {
  CHECK(reads(tag(7, 0) + long_varint(1, 10)));
  CHECK_FALSE(reads(tag(7, 0) + long_varint(1, 11)));
  CHECK(reads(number_field(7, 0xffffffffffffffff)));
  CHECK_FALSE(reads(tag(7, 0) + std::string(9, '\xff') + "\x02"));
}

TEST_CASE("a number reads back the same, whatever its size and whatever stands behind it") {
  for (int bits = 0; bits <= 64; ++bits)
    for (std::size_t behind = 0; behind < 10; ++behind) {
      auto value = bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);
      value ^= value >> 2 & 0x5555555555555555u; // not all ones
      auto bytes = tag(7, 0) + long_varint(value, wire::varint_size(value)) +
                   fixed64_field(8, value) + std::string(behind, '\0');
      wire::reader fields{bytes};
      wire::field f;
      INFO(bits << " bits, " << behind << " bytes behind them");
      REQUIRE(fields.next(f) == wire::step::field);
      CHECK((f.number == 7 && f.type == wire::wire_type::varint && f.value == value));
      REQUIRE(fields.next(f) == wire::step::field);
      CHECK((f.number == 8 && f.type == wire::wire_type::fixed64 && f.value == value));
    }
}

TEST_CASE("after malformed bytes nothing more is read") {
  wire::reader fields{"\x07\x08\x01"};
  wire::field f;
  CHECK(fields.next(f) == wire::step::malformed);
  CHECK(fields.next(f) == wire::step::end);
}

TEST_CASE("what the hand reader takes, the generated parser takes") {
  rc::prop("arbitrary bytes", [] {
    auto bytes = *any_bytes();
    if (reads(bytes))
      RC_ASSERT(parses(bytes));
  });
  rc::prop("damaged fields", [](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    auto bytes = number_field(1, random()) + fixed64_field(20, random()) +
                 group(3, bytes_field(4, "text") + group(70, "")) + fixed32_field(5, 1) +
                 bytes_field(600000, std::string(random() % 200, 'x'));
    RC_ASSERT(reads(bytes));
    for (int i = 0; i < 100; ++i) {
      auto damaged = mutate(bytes, random);
      if (reads(damaged))
        RC_ASSERT(parses(damaged));
    }
  });
}

TEST_CASE("valid UTF-8 is what Unicode says") {
  rc::prop("well-formed text", [] { RC_ASSERT(wire::valid_utf8(*any_text())); });
  rc::prop("arbitrary bytes are judged as the generated parser judges them", [] {
    // Long ASCII before and after: the check takes eight bytes at a time.
    auto text = std::string(*rc::gen::inRange<std::size_t>(0, 20), 'a') + *any_bytes() +
                std::string(*rc::gen::inRange<std::size_t>(0, 20), 'b');
    ringdown::v1::RequestQueryAddress message;
    RC_ASSERT(wire::valid_utf8(text) == message.ParseFromString(bytes_field(1, text)));
  });
  rc::prop("damaged text likewise", [](std::uint64_t seed) {
    auto text = *any_text();
    std::mt19937_64 random{seed};
    for (int i = 0; i < 20; ++i) {
      auto damaged = mutate(text, random);
      ringdown::v1::RequestQueryAddress message;
      RC_ASSERT(wire::valid_utf8(damaged) == message.ParseFromString(bytes_field(1, damaged)));
    }
  });
}

TEST_CASE("no text at all is plain and valid") {
  CHECK(wire::plain_ascii({}));
  CHECK(wire::valid_utf8({}));
}

TEST_CASE("plain ASCII is what needs no other check") {
  rc::prop("any bytes among printable ones", [] {
    auto text = std::string(*rc::gen::inRange<std::size_t>(0, 20), 'a') +
                *rc::gen::element(std::string{}, *any_bytes(), std::string{"\x7f"},
                                  std::string{"\x1f"}, std::string{" ~"}) +
                std::string(*rc::gen::inRange<std::size_t>(0, 20), 'b');
    bool is_plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    RC_ASSERT(wire::plain_ascii(text) == is_plain);
    if (is_plain)
      RC_ASSERT(wire::valid_utf8(text) && !wire::has_control_character(text));
  });
}

TEST_CASE("fields of every shape at a message's end are read, and cut ones are not") {
  for (auto& bytes :
       {number_field(1, 1), number_field(1, 300), bytes_field(2, ""), bytes_field(2, "x"),
        bytes_field(2, std::string(127, 'x')), bytes_field(2, std::string(128, 'x')),
        bytes_field(2, std::string(16383, 'x')), bytes_field(2, std::string(16384, 'x')),
        bytes_field(15, std::string(200, 'x')), bytes_field(16, "x")}) {
    CHECK(reads(bytes));
    CHECK(parses(bytes));
    for (std::size_t size = 1; size < bytes.size(); ++size)
      if (reads(std::string_view{bytes}.substr(0, size)))
        FAIL("cut to " << size << " of " << bytes.size() << " bytes");
  }
}

TEST_CASE("every character is one control character or none") {
  for (std::uint32_t point = 0; point < 0x3000; ++point) {
    std::string text;
    append_utf8(text, point);
    bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    if (wire::has_control_character("ab" + text + "c") != is_control)
      FAIL("U+" << std::hex << point);
  }
}

TEST_CASE("every character lays out the text around it, or does not") {
  for (std::uint32_t point = 0; point < 0x3000; ++point) {
    std::string text;
    append_utf8(text, point);
    bool lays_out = point == 0x61c || point == 0x200e || point == 0x200f ||
                    (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
    if (wire::has_layout_character("ab" + text + "c") != lays_out)
      FAIL("U+" << std::hex << point);
  }
}
