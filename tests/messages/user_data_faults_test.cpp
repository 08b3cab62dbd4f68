// Every way in which user data can be wrong, from bytes made by hand.
#include "messages/limits.hpp"
#include "messages/user_data.hpp"

#include "tests/messages/bytes.hpp"

#include <catch2/catch.hpp>
#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::test;
using fault_kind = ringdown::user_data_fault;

namespace {

fault_kind fault_of(std::string_view bytes, std::size_t bytes_max = 16'000) {
  return scan_user_data(bytes, bytes_max).fault;
}

/// A list at depth `depth` (the top level is 1): one pair whose value is the next list.
std::string lists(int depth) {
  std::string bytes;
  for (int level = 1; level < depth; ++level)
    bytes = pair(bytes_field(1, "k") + bytes_field(5, bytes));
  return bytes;
}

bool parses(std::string_view bytes) {
  ringdown::v1::UserData message;
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

} // namespace

TEST_CASE("nothing is wrong with plain user data") {
  CHECK(fault_of("") == fault_kind::none);
  CHECK(fault_of(pair("")) == fault_kind::none);
  CHECK(fault_of(text_pair("k", "v") + text_pair("k", "v")) == fault_kind::none);
}

TEST_CASE("bytes that are no message are malformed") {
  auto good = capture_pair("pause");
  for (std::size_t size = 1; size < good.size(); ++size) {
    INFO("cut after " << size);
    CHECK(fault_of(good.substr(0, size)) == fault_kind::malformed);
  }
  CHECK(fault_of(std::string(1, '\0')) == fault_kind::malformed);  // field number 0
  CHECK(fault_of("\x06") == fault_kind::malformed);                // field number 0
  CHECK(fault_of("\x0e") == fault_kind::malformed);                // wire type 6
  CHECK(fault_of(tag(1, 4)) == fault_kind::malformed);             // an end without a begin
  CHECK(fault_of(tag(9, 3)) == fault_kind::malformed);             // a begin without an end
  CHECK(fault_of(tag(9, 3) + tag(8, 4)) == fault_kind::malformed); // another's end
  CHECK(fault_of(tag(9, 0) + std::string(10, '\xff')) == fault_kind::malformed);
  CHECK(fault_of(pair(bytes_field(1, "k") + tag(5, 2) + "\x05")) == fault_kind::malformed);
}

TEST_CASE("a malformed rest counts more than an odd verb before it") {
  CHECK(fault_of(capture_pair("strat") + "\x0a") == fault_kind::malformed);
  CHECK(fault_of(capture_pair("strat") + std::string(20'000, '\x0a')) == fault_kind::malformed);
}

TEST_CASE("user data at its limit passes, and one byte above is refused") {
  auto sized = [](std::size_t size) {
    auto overhead = text_pair("k", std::string(1000, 'x')).size() - 1000;
    auto bytes = text_pair("k", std::string(size - overhead, 'x'));
    REQUIRE(bytes.size() == size);
    return bytes;
  };
  CHECK(fault_of(sized(16'000)) == fault_kind::none);
  CHECK(fault_of(sized(16'001)) == fault_kind::too_large);
  CHECK(fault_of(sized(300), 300) == fault_kind::none);
  CHECK(fault_of(sized(301), 300) == fault_kind::too_large);
  // Too large comes first: nothing else about it needs to be told.
  CHECK(fault_of(sized(16'001) + capture_pair("strat")) == fault_kind::too_large);
}

TEST_CASE("lists nest 8 deep and no deeper") {
  CHECK(fault_of(lists(user_data_depth_max)) == fault_kind::none);
  CHECK(fault_of(lists(user_data_depth_max + 1)) == fault_kind::too_deep);
  CHECK(fault_of(lists(1000), 65'535) == fault_kind::too_deep);
}

TEST_CASE("1,024 pairs pass, nested ones included, and one more is refused") {
  std::string flat;
  for (std::size_t i = 0; i < user_data_pairs_max; ++i)
    flat += text_pair("k", "v");
  CHECK(fault_of(flat) == fault_kind::none);
  CHECK(fault_of(flat + text_pair("k", "v")) == fault_kind::too_many_pairs);
  auto nested = pair(bytes_field(1, "list") + bytes_field(5, flat));
  CHECK(fault_of(nested) == fault_kind::too_many_pairs);
  auto shorter = flat.substr(text_pair("k", "v").size());
  CHECK(fault_of(pair(bytes_field(1, "list") + bytes_field(5, shorter))) == fault_kind::none);
}

TEST_CASE("keys and strings are UTF-8; binary values are not looked at") {
  for (std::string_view bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                               "12345678\x80", "\xc3"}) {
    CHECK(fault_of(text_pair(bad, "v")) == fault_kind::not_utf8);
    CHECK(fault_of(text_pair("k", bad)) == fault_kind::not_utf8);
    CHECK(fault_of(pair(bytes_field(5, text_pair("k", bad)))) == fault_kind::not_utf8);
    CHECK(fault_of(pair(bytes_field(1, "k") + bytes_field(4, bad))) == fault_kind::none);
    CHECK_FALSE(parses(text_pair("k", bad)));
  }
}

TEST_CASE("a pair has one key and one value") {
  auto key = bytes_field(1, "k");
  CHECK(fault_of(pair(key + bytes_field(3, "v") + key)) == fault_kind::key_twice);
  const std::string values[] = {number_field(2, 1), bytes_field(3, "v"), bytes_field(4, "v"),
                                bytes_field(5, text_pair("k", "v"))};
  for (auto& first : values)
    for (auto& second : values)
      CHECK(fault_of(pair(key + first + second)) == fault_kind::value_twice);
  // Twice in different lists is nothing odd.
  CHECK(fault_of(pair(key + bytes_field(5, pair(key + bytes_field(3, "v"))))) == fault_kind::none);
}

TEST_CASE("screen-capture is one of the known texts") {
  auto key = bytes_field(1, "screen-capture");
  CHECK(fault_of(pair(key)) == fault_kind::capture_value);
  CHECK(fault_of(pair(key + number_field(2, 1))) == fault_kind::capture_value);
  CHECK(fault_of(pair(key + bytes_field(4, "pause"))) == fault_kind::capture_value);
  CHECK(fault_of(pair(key + bytes_field(5, capture_pair("pause")))) == fault_kind::capture_value);
  for (std::string_view text : {"", "strat", "none", "PAUSE", "pause ", "pause\n"})
    CHECK(fault_of(capture_pair(text)) == fault_kind::capture_value);
  CHECK(fault_of(capture_pair("unknown")) == fault_kind::capture_unknown);
  CHECK(fault_of(text_pair("Screen-Capture", "strat")) == fault_kind::none);
}

TEST_CASE("screen-capture is given once") {
  CHECK(fault_of(capture_pair("pause") + text_pair("k", "v") + capture_pair("pause")) ==
        fault_kind::capture_twice);
  CHECK(fault_of(capture_pair("paused") + text_pair("screen-capture-indication", "paused")) ==
        fault_kind::capture_twice);
}

TEST_CASE("the key of indications takes no command") {
  auto fault = [](std::string_view value) {
    return fault_of(text_pair("screen-capture-indication", value));
  };
  for (auto value : {"enabled", "disabled", "paused", "failed"})
    CHECK(fault(value) == fault_kind::none);
  for (auto value : {"start", "stop", "pause", "resume", "query"})
    CHECK(fault(value) == fault_kind::capture_not_indication);
  CHECK(fault("unknown") == fault_kind::capture_unknown);
  CHECK(fault("strat") == fault_kind::capture_value);
}

TEST_CASE("fields of a later version pass") {
  auto later = number_field(100, 7) + bytes_field(101, "\xff\xff") + fixed64_field(102, 1) +
               fixed32_field(103, 1) + group(104, number_field(1, 1));
  CHECK(fault_of(later + pair(later + bytes_field(1, "k") + bytes_field(3, "v") + later)) ==
        fault_kind::none);
}

TEST_CASE(
  "a known field with another wire type is refused: not every parser takes it for unknown") {
  CHECK(fault_of(number_field(1, 7)) == fault_kind::field_type);
  auto key = bytes_field(1, "k");
  for (auto& odd : {number_field(1, 7), bytes_field(2, "\xff"), number_field(3, 1),
                    fixed64_field(4, 1), fixed32_field(5, 1), group(3, "")})
    CHECK(fault_of(pair(key + odd)) == fault_kind::field_type);
}

TEST_CASE("groups in unknown fields nest 8 deep and no deeper") {
  CHECK(fault_of(nested_groups(99, unknown_group_depth_max)) == fault_kind::none);
  CHECK(fault_of(nested_groups(99, unknown_group_depth_max + 1)) == fault_kind::malformed);
  CHECK(fault_of(pair(nested_groups(99, unknown_group_depth_max + 1))) == fault_kind::malformed);
  CHECK(fault_of(nested_groups(99, 7'000), 65'535) == fault_kind::malformed);
}
