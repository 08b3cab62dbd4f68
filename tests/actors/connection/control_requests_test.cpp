// Control requests as they stand on the wire: what each asks of its DNs, and what is wrong with it.
#include "actors/connection/control_requests.hpp"
#include "actors/t_client.hpp"
#include "messages/frame.hpp"
#include "tests/actors/requests.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using kind = dn_request::kind;

/// The body of a frame, which `look` finds without owning it.
struct body_of {
  explicit body_of(const v1::Frame& frame) : bytes(frame.SerializeAsString()) {}
  operator std::string_view() const { return look(bytes).body; }
  std::string bytes;
};

template <class Asked>
std::string wrong_with(const std::variant<Asked, fault>& read) {
  auto* wrong = std::get_if<fault>(&read);
  return wrong != nullptr ? std::to_string(static_cast<int>(wrong->code)) + " " + wrong->attribute
                          : "nothing";
}

dn_names dns_of(const control_request& asked) {
  return {asked.dns.begin(), asked.dns.end()};
}

limits two_dns() {
  limits bounds;
  bounds.dns_per_request_max = 2;
  return bounds;
}

} // namespace

TEST_CASE("a registration says how, of all its DNs alike") {
  auto frame = register_on(2, {"7001", "switch::7001"}, v1::REGISTRATION_MODE_MONITOR);
  auto& words = *frame.mutable_request_register_address();
  words.set_echo(true);
  words.set_hear_outcomes(true);
  auto read = read_registration(body_of{frame}, two_dns());
  REQUIRE(wrong_with(read) == "nothing");
  auto& asked = std::get<control_request>(read);
  CHECK(dns_of(asked) == dn_names{"7001", "switch::7001"});
  CHECK(asked.each.what == kind::register_);
  CHECK(asked.each.mode == registration_mode::monitor);
  CHECK((asked.each.echo && asked.each.hear_outcomes && !asked.each.standby));
  CHECK_FALSE(asked.needs_registration());
  words.clear_echo();
  words.clear_hear_outcomes();
  words.set_standby(true);
  read = read_registration(body_of{frame}, two_dns());
  auto& changed = std::get<control_request>(read).each;
  CHECK((!changed.echo && !changed.hear_outcomes && changed.standby));
}

TEST_CASE("of several faults of a registration the first by order is told") {
  auto frame = register_on(2, {"7001"});
  auto& words = *frame.mutable_request_register_address();
  auto wrong = [&] { return wrong_with(read_registration(body_of{frame}, two_dns())); };
  for (std::size_t i = 0; i < registration_reasons_max; ++i) {
    words.add_reasons("because");
    words.add_extensions();
  }
  CHECK(wrong() == "nothing");
  words.add_extensions();
  CHECK(wrong() == "53 reasons, extensions");
  words.mutable_extensions()->RemoveLast();
  words.add_reasons("because");
  CHECK(wrong() == "53 reasons, extensions");
  words.set_mode(static_cast<v1::RegistrationMode>(3));
  CHECK(wrong() == "53 mode");
  words.set_mode(static_cast<v1::RegistrationMode>(-1));
  CHECK(wrong() == "53 mode");
  words.add_this_dn("7002");
  words.add_this_dn("7003");
  CHECK(wrong() == "53 this_dn");
  words.clear_this_dn();
  CHECK(wrong() == "53 this_dn");
}

TEST_CASE("the end of a registration names 1 DN to as many as one request may") {
  auto read_of = [](const dn_names& dns) {
    return read_unregistration(body_of{unregister(2, dns)}, two_dns());
  };
  auto read = read_of({"7001", "7002"});
  REQUIRE(wrong_with(read) == "nothing");
  auto& asked = std::get<control_request>(read);
  CHECK(asked.each.what == kind::unregister);
  CHECK(dns_of(asked) == dn_names{"7001", "7002"});
  CHECK(asked.needs_registration());
  CHECK(wrong_with(read_of({})) == "53 this_dn");
  CHECK(wrong_with(read_of({"7001", "7002", "7003"})) == "53 this_dn");
}

TEST_CASE("a query and a word about calls are about one DN, which its answer judges") {
  auto query = read_query(body_of{query_address(2, "")});
  REQUIRE(wrong_with(query) == "nothing");
  CHECK(std::get<control_request>(query).each.what == kind::query);
  CHECK(dns_of(std::get<control_request>(query)) == dn_names{""});

  v1::Frame frame;
  auto& merge = *frame.mutable_request_merge_calls();
  merge.set_this_dn("7001");
  merge.set_connection_id(17);
  merge.set_old_connection_id(18);
  auto merged = read_merge_calls(body_of{frame});
  REQUIRE(wrong_with(merged) == "nothing");
  auto& of_two = std::get<control_request>(merged);
  CHECK(of_two.each.what == kind::merge_calls);
  CHECK(of_two.each.connection == conn_id{17});
  CHECK(of_two.each.former == conn_id{18});
  CHECK(dns_of(of_two) == dn_names{"7001"});

  auto& end = *frame.mutable_request_end_call();
  end.set_this_dn("7002");
  end.set_connection_id(19);
  auto ended = read_end_call(body_of{frame});
  REQUIRE(wrong_with(ended) == "nothing");
  auto& of_one = std::get<control_request>(ended);
  CHECK(of_one.each.what == kind::end_call);
  CHECK(dns_of(of_one) == dn_names{"7002"});
  CHECK(of_one.each.connection == conn_id{19});
  CHECK(of_one.each.former == conn_id{});
  CHECK(of_one.needs_registration());
}

TEST_CASE("an input mask has a bit for each kind that it names, and all if it names none") {
  auto mask = [](const std::vector<v1::EventKind>& kinds) {
    v1::Frame frame;
    auto& asked = *frame.mutable_request_set_input_mask();
    for (auto one : kinds)
      asked.add_event_kinds(one);
    return read_input_mask(body_of{frame});
  };
  CHECK(std::get<std::uint8_t>(mask({})) == every_event_kind);
  CHECK(std::get<std::uint8_t>(mask({v1::EVENT_KIND_COMMAND})) == 1);
  CHECK(std::get<std::uint8_t>(mask({v1::EVENT_KIND_INDICATION})) == 2);
  CHECK(std::get<std::uint8_t>(mask({v1::EVENT_KIND_USER_EVENT})) == 4);
  CHECK(std::get<std::uint8_t>(mask({v1::EVENT_KIND_USER_EVENT, v1::EVENT_KIND_COMMAND})) == 5);
  CHECK(wrong_with(mask({v1::EVENT_KIND_COMMAND, static_cast<v1::EventKind>(9)})) ==
        "53 event_kinds");
}

TEST_CASE("bytes that are no message are told apart from a message that is wrong") {
  auto is_trusted = [](std::string_view body) {
    auto read = read_query(body);
    auto* wrong = std::get_if<fault>(&read);
    REQUIRE(wrong != nullptr);
    CHECK(wrong->code == error_code::invalid_attribute);
    return !is_untrusted(*wrong);
  };
  CHECK_FALSE(is_trusted("\xff\xff"));
  CHECK(is_trusted("\x0a\x04\xff\xff\xff\xff")); // a DN that is not UTF-8
}
