// User data as a value: what goes in comes out, and people can look at it safely.
#include "messages/user_data.hpp"

#include "tests/messages/bytes.hpp"
#include "tests/messages/generators.hpp"

#include <rapidcheck/catch.h>
#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("user data arrives as it was sent") {
  rc::prop("any nested user data", [] {
    auto data = pick_user_data();
    auto bytes = data.encode();
    RC_ASSERT(scan_user_data(bytes, user_data_bytes_ceiling).fault == user_data_fault::none);
    RC_ASSERT(user_data::decode(bytes) == data);
    RC_ASSERT(user_data::decode(bytes)->encode() == bytes);
  });
}

TEST_CASE("order, repeated keys, 0 and empty values survive") {
  user_data data;
  data.add("b", std::int64_t{0}).add("a", std::string{}).add("b", binary_value{}).add("", {});
  data.add("list", std::vector<user_data_pair>{})
    .add("least", std::numeric_limits<std::int64_t>::min());
  data.add("nested", std::vector<user_data_pair>{{"b", std::int64_t{-1}}, {"b", std::string{"x"}}});
  CHECK(user_data::decode(data.encode()) == data);
  REQUIRE(data.find("b") != nullptr);
  CHECK(*data.find("b") == user_data_value{std::int64_t{0}});
  CHECK(data.find("x") == nullptr);
  CHECK(user_data::decode("") == user_data{});
}

TEST_CASE("a string is not a binary value of the same bytes") {
  user_data text;
  text.add("k", std::string{"v"});
  user_data binary;
  binary.add("k", binary_value{"v"});
  CHECK_FALSE(text == binary);
  CHECK(text.encode() != binary.encode());
}

TEST_CASE("decode refuses what the broker would refuse, but for an odd screen-capture") {
  CHECK_FALSE(user_data::decode("\x0a"));
  CHECK_FALSE(user_data::decode(pair(bytes_field(1, "\xff"))));
  CHECK_FALSE(user_data::decode(pair(bytes_field(1, "k") + bytes_field(1, "k"))));
  CHECK_FALSE(user_data::decode(pair(bytes_field(3, "v") + bytes_field(4, "v"))));
  CHECK_FALSE(user_data::decode(text_pair("k", std::string(user_data_bytes_ceiling, 'x'))));
  // For the broker to judge; a tool may look at it.
  CHECK(user_data::decode(capture_pair("strat")));
  CHECK(user_data::decode(capture_pair("pause") + capture_pair("pause")));
  CHECK(user_data::decode(capture_pair("unknown")));
}

TEST_CASE("decode never takes bytes that other languages cannot parse") {
  rc::prop("damaged user data", [](std::uint64_t seed) {
    auto bytes = pick_user_data().encode();
    std::mt19937_64 random{seed};
    for (int i = 0; i < 50; ++i) {
      auto damaged = mutate(bytes, random);
      ringdown::v1::UserData message;
      bool parses = message.ParseFromString(damaged);
      auto fault = scan_user_data(damaged, user_data_bytes_ceiling).fault;
      if (!parses)
        RC_ASSERT(fault != user_data_fault::none);
      if (auto data = user_data::decode(damaged)) {
        RC_ASSERT(parses);
        RC_ASSERT(data->pairs.size() == static_cast<std::size_t>(message.pairs_size()));
      }
    }
  });
}

// ---- the verb ------------------------------------------------------------------------------

TEST_CASE("verbs have the texts of the field") {
  const std::pair<capture_verb, std::string_view> texts[] = {
    {capture_verb::start, "start"},       {capture_verb::stop, "stop"},
    {capture_verb::pause, "pause"},       {capture_verb::resume, "resume"},
    {capture_verb::query, "query"},       {capture_verb::enabled, "enabled"},
    {capture_verb::disabled, "disabled"}, {capture_verb::paused, "paused"},
    {capture_verb::failed, "failed"},     {capture_verb::unknown, "unknown"}};
  for (auto& [verb, text] : texts) {
    CHECK(to_string(verb) == text);
    CHECK(parse_capture_verb(text) == verb);
    CHECK(is_command(verb) != is_indication(verb));
  }
  CHECK_FALSE(is_command(capture_verb::none));
  CHECK_FALSE(is_indication(capture_verb::none));
  for (std::string_view text : {"", "none", "strat", "Start", "start ", "pausepause"})
    CHECK_FALSE(parse_capture_verb(text));
}

TEST_CASE("only pause and stop are safety commands") {
  for (int i = 0; i <= static_cast<int>(capture_verb::unknown); ++i) {
    auto verb = static_cast<capture_verb>(i);
    CHECK(is_safety_command(verb) == (verb == capture_verb::pause || verb == capture_verb::stop));
  }
}

TEST_CASE("commands desire the state that an indication confirms") {
  CHECK(desired_by(capture_verb::start) == capture_state::enabled);
  CHECK(desired_by(capture_verb::resume) == capture_state::enabled);
  CHECK(desired_by(capture_verb::pause) == capture_state::paused);
  CHECK(desired_by(capture_verb::stop) == capture_state::disabled);
  CHECK_FALSE(desired_by(capture_verb::query));
  CHECK_FALSE(desired_by(capture_verb::none));
  for (auto verb : {capture_verb::enabled, capture_verb::disabled, capture_verb::paused,
                    capture_verb::unknown}) {
    CHECK_FALSE(desired_by(verb));
    CHECK(indication_of(state_of(verb)) == verb);
  }
  for (auto verb : {capture_verb::none, capture_verb::start, capture_verb::query})
    CHECK(state_of(verb) == capture_state::unknown);
  // A failure says nothing of the screen.
  CHECK(is_indication(capture_verb::failed));
  CHECK(state_of(capture_verb::failed) == capture_state::unknown);
  CHECK_FALSE(desired_by(capture_verb::failed));
}

TEST_CASE("the verb is found at the top level, wherever it stands") {
  rc::prop("any other pairs around it", [] {
    auto data = pick_user_data();
    auto expected = capture_verb::none;
    bool other_key = false;
    for (auto& p : data.pairs)
      if (p.key == screen_capture_key || p.key == screen_capture_indication_key) {
        expected = *parse_capture_verb(std::get<std::string>(p.value));
        other_key = p.key == screen_capture_indication_key;
      }
    auto found = scan_user_data(data.encode(), user_data_bytes_ceiling);
    RC_ASSERT(found.fault == user_data_fault::none);
    RC_ASSERT(found.verb == expected);
    RC_ASSERT(found.indication_key == other_key);
  });
  // Deeper down it is content and nothing else.
  user_data nested;
  nested.add("list", std::vector<user_data_pair>{{"screen-capture", std::string{"strat"}},
                                                 {"screen-capture", std::int64_t{1}}});
  auto found = scan_user_data(nested.encode(), user_data_bytes_ceiling);
  CHECK(found.fault == user_data_fault::none);
  CHECK(found.verb == capture_verb::none);
}
