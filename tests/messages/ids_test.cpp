// Ids as people write and read them.
#include "messages/ids.hpp"

#include <rapidcheck/catch.h>

#include <unordered_set>

using namespace ringdown;

TEST_CASE("a ConnID is written as 16 hex digits and read back") {
  CHECK(to_string(conn_id{0}) == "0000000000000000");
  CHECK(to_string(conn_id{0x71}) == "0000000000000071");
  CHECK(to_string(conn_id{0xfedcba9876543210}) == "fedcba9876543210");
  CHECK(parse_conn_id("71") == conn_id{0x71});
  CHECK(parse_conn_id("0x0071") == conn_id{0x71});
  CHECK(parse_conn_id("0XFEdcBA9876543210") == conn_id{0xfedcba9876543210});
  rc::prop("any number comes back", [](std::uint64_t value) {
    RC_ASSERT(to_string(conn_id{value}).size() == 16u);
    RC_ASSERT(parse_conn_id(to_string(conn_id{value})) == conn_id{value});
    RC_ASSERT(to_string(client_id{value}) == to_string(conn_id{value}));
  });
}

TEST_CASE("a text that is no ConnID is refused") {
  for (std::string_view text : {"", "0x", "0X", "x1", "g", "12g", "-1", "+1", " 1", "1 ", "0x0x1",
                                "0x 1", "1.0", "00000000000000001", "0x10000000000000000"}) {
    INFO(text);
    CHECK_FALSE(parse_conn_id(text));
  }
  CHECK_FALSE(parse_conn_id(std::string_view{"1\0", 2}));
}

TEST_CASE("a command id is written as 32 hex digits and read back") {
  rc::prop("any 16 bytes come back", [](std::array<std::uint8_t, 16> bytes) {
    command_id id{bytes};
    auto text = to_hex(id.view());
    RC_ASSERT(text.size() == 32u);
    RC_ASSERT(parse_command_id(text) == id);
    RC_ASSERT(command_id::from(id.view()) == id);
  });
  CHECK(parse_command_id("000102030405060708090A0b0C0d0E0f")->bytes[10] == 0x0a);
}

TEST_CASE("a text that is no command id is refused") {
  const std::string digits(32, '7');
  CHECK(parse_command_id(digits));
  CHECK_FALSE(parse_command_id(""));
  CHECK_FALSE(parse_command_id(digits.substr(1)));
  CHECK_FALSE(parse_command_id(digits + "7"));
  CHECK_FALSE(parse_command_id("0x" + digits.substr(2)));
  for (std::size_t place : {std::size_t{0}, std::size_t{15}, std::size_t{31}})
    for (char wrong : {'g', ' ', '-', '\0', '\x80'}) {
      auto text = digits;
      text[place] = wrong;
      CHECK_FALSE(parse_command_id(text));
    }
}

TEST_CASE("an id of 16 bytes is made of exactly 16 bytes") {
  for (std::size_t size = 0; size < 40; ++size)
    CHECK(instance_id::from(std::string(size, 'i')).has_value() == (size == 16));
  CHECK_FALSE(command_id{});
  CHECK_FALSE(*command_id::from(std::string(16, '\0')));
  CHECK(*command_id::from(std::string(15, '\0') + '\1'));
}

TEST_CASE("0 means none, and ids are ordered and hashed by their number") {
  CHECK_FALSE(reference_id{});
  CHECK(reference_id{1});
  CHECK(dn_sequence{1} < dn_sequence{2});
  CHECK(std::unordered_set<conn_id>{conn_id{7}, conn_id{7}, conn_id{8}}.size() == 2);
}

TEST_CASE("names of roles, modes and states are those that the command line reads") {
  for (auto r : {role::desktop, role::recorder, role::supervisor, role::admin, role::call_source})
    CHECK(parse_role(to_string(r)) == r);
  // Known on the wire, but nobody may sign on with them yet.
  for (auto r : {role::unspecified, role::node, role::broker})
    CHECK_FALSE(parse_role(to_string(r)));
  CHECK_FALSE(parse_role("Desktop"));
  CHECK_FALSE(parse_role(""));
  for (auto m : {registration_mode::share, registration_mode::private_, registration_mode::monitor})
    CHECK(parse_registration_mode(to_string(m)) == m);
  CHECK(to_string(registration_mode::private_) == "private");
  CHECK_FALSE(parse_registration_mode("private_"));
  CHECK(to_string(capture_state::unknown) == "unknown");
  CHECK(to_string(capture_state::enabled) == "enabled");
  CHECK(to_string(capture_state::disabled) == "disabled");
  CHECK(to_string(capture_state::paused) == "paused");
}
