// Every way in which a RequestSendEvent can be wrong, and what the sender is told.
#include "tests/messages/send_event_samples.hpp"

#include "messages/wire.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ringdown;
using namespace ringdown::test;

namespace {

const limits bounds;

send_event_view read(const request_parts& parts) {
  static std::string bytes; // the view points into it
  bytes = parts.bytes();
  return parse_send_event(bytes, bounds);
}

/// The one fault of a request with one part spoilt.
send_fault content_fault(const request_parts& parts) {
  auto view = read(parts);
  CHECK(view.dn_fault == send_fault::none);
  CHECK(view.type_fault == send_fault::none);
  return view.content_fault;
}

/// A request with this `screen-capture` and these fields beside the event.
request_parts told_with(std::string_view verb, std::string header) {
  request_parts parts;
  parts.user_data = bytes_field(4, capture_pair(verb));
  parts.header = std::move(header);
  return parts;
}

/// A request for `dn`, the same in its event.
request_parts for_dn(std::string_view dn) {
  request_parts parts;
  parts.this_dn = parts.event_dn = bytes_field(1, dn);
  return parts;
}

} // namespace

TEST_CASE("nothing is wrong with a plain request") {
  auto view = read({});
  CHECK(has_no_fault(view));
  CHECK_FALSE(view.malformed());
  CHECK(view.this_dn == "7001");
  CHECK(view.verb == capture_verb::pause);
}

TEST_CASE("a DN has 1 to 255 bytes of UTF-8 without control characters") {
  CHECK(read(for_dn("")).dn_fault == send_fault::dn_empty);
  CHECK(read(for_dn(std::string(255, 'x'))).dn_fault == send_fault::none);
  CHECK(read(for_dn(std::string(256, 'x'))).dn_fault == send_fault::dn_too_long);
  CHECK(read(for_dn("7001\xff")).dn_fault == send_fault::dn_not_utf8);
  for (auto dn : {"70\n01", "\x1b[2J", "\x7f", "a\xc2\x85"})
    CHECK(read(for_dn(dn)).dn_fault == send_fault::dn_control_character);
  CHECK(read(for_dn(std::string_view{"\0", 1})).dn_fault == send_fault::dn_control_character);
  for (auto dn : {"7001", "agent1@example.com", "switch::7001", "J\xc3\xb6rg", " "})
    CHECK(has_no_fault(read(for_dn(dn))));
  request_parts missing;
  missing.this_dn.clear();
  CHECK(read(missing).dn_fault == send_fault::dn_empty);
}

TEST_CASE("bytes that are no message are malformed, wherever the break is") {
  auto good = request_parts{}.bytes();
  for (std::size_t size = 1; size < good.size(); ++size) {
    if (size == bytes_field(1, "7001").size())
      continue; // between two fields: a whole message, without an event
    INFO("cut after " << size);
    CHECK(parse_send_event(good.substr(0, size), bounds).malformed());
  }
  request_parts broken_event;
  broken_event.event_rest = "\x0a";
  CHECK(read(broken_event).malformed());
  request_parts broken_data;
  broken_data.user_data = bytes_field(4, "\x0a");
  CHECK(read(broken_data).malformed());
  auto broken_failure = told_with("failed", bytes_field(10, "\x12"));
  CHECK(read(broken_failure).malformed());
  request_parts deep_group;
  deep_group.header = nested_groups(50, unknown_group_depth_max + 1);
  CHECK(read(deep_group).malformed());
}

TEST_CASE("a singular field given twice is refused") {
  request_parts twice;
  twice.header = bytes_field(1, "7001");
  CHECK(read(twice).dn_fault == send_fault::dn_twice);
  for (auto& field : {bytes_field(2, std::string(16, 'c')), number_field(3, 1), number_field(4, 1),
                      number_field(5, 1), fixed64_field(6, 1), number_field(7, 1),
                      bytes_field(8, "card"), bytes_field(9, "A-1017")}) {
    request_parts header;
    header.header = field;
    CHECK(has_no_fault(read(header)));
    header.header = field + field;
    CHECK(content_fault(header) == send_fault::header_field_twice);
  }
  auto code = number_field(1, 1);
  auto text = bytes_field(2, "disk full");
  auto failure = bytes_field(10, code + text);
  CHECK(has_no_fault(read(told_with("failed", failure))));
  CHECK(content_fault(told_with("failed", failure + failure)) == send_fault::header_field_twice);
  for (auto& field : {code, text})
    CHECK(content_fault(told_with("failed", bytes_field(10, code + text + field))) ==
          send_fault::header_field_twice);
  request_parts event;
  event.header = bytes_field(15, event.event());
  CHECK(content_fault(event) == send_fault::event_twice);
}

TEST_CASE(
  "a known field with another wire type is refused: not every parser takes it for unknown") {
  for (auto& odd :
       {number_field(1, 7), number_field(2, 1), bytes_field(3, "1"), fixed64_field(4, 1),
        fixed32_field(5, 1), number_field(6, 1), bytes_field(7, "1"), number_field(8, 1),
        fixed64_field(9, 1), number_field(10, 1), group(15, "")}) {
    request_parts header;
    header.header = odd;
    CHECK(content_fault(header) == send_fault::header_field_type);
  }
  CHECK(content_fault(told_with("failed", bytes_field(10, bytes_field(1, "1")))) ==
        send_fault::header_field_type);
  for (auto& odd : {number_field(1, 7), bytes_field(2, "1"), number_field(3, 1), number_field(4, 1),
                    fixed64_field(5, 1)}) {
    request_parts event;
    event.event_rest = odd;
    CHECK(content_fault(event) == send_fault::event_field_type);
  }
}

TEST_CASE("a singular field of the event given twice is refused") {
  auto rest = [](std::string field) {
    request_parts parts;
    parts.event_rest = std::move(field);
    return parts;
  };
  CHECK(content_fault(rest(bytes_field(1, "7001"))) == send_fault::event_dn_twice);
  CHECK(content_fault(rest(number_field(2, 1))) == send_fault::message_type_twice);
  CHECK(content_fault(rest(fixed64_field(3, 1) + fixed64_field(3, 1))) ==
        send_fault::connection_id_twice);
  CHECK(content_fault(rest(bytes_field(4, ""))) == send_fault::user_data_twice);
  CHECK(content_fault(rest(number_field(5, 1) + number_field(5, 1))) ==
        send_fault::user_event_twice);
}

TEST_CASE("the event is there and names the same DN") {
  CHECK(parse_send_event(bytes_field(1, "7001"), bounds).content_fault ==
        send_fault::event_missing);
  request_parts other;
  other.event_dn = bytes_field(1, "7002");
  CHECK(content_fault(other) == send_fault::event_dn_mismatch);
  other.event_dn.clear();
  CHECK(content_fault(other) == send_fault::event_dn_mismatch);
}

TEST_CASE("only EventUserEvent can be sent") {
  request_parts parts;
  parts.message_type.clear();
  CHECK(content_fault(parts) == send_fault::message_type_unspecified);
  for (std::uint64_t type : {2ull, 85ull, 0xffffffffffffffffull}) {
    parts.message_type = number_field(2, type);
    CHECK(read(parts).type_fault == send_fault::message_type_unsupported);
    CHECK(read(parts).content_fault == send_fault::none);
  }
}

TEST_CASE("a command id has 16 bytes") {
  for (std::size_t size : {1u, 15u, 17u, 4000u}) {
    request_parts parts;
    parts.header = bytes_field(2, std::string(size, 'c'));
    CHECK(content_fault(parts) == send_fault::command_id_size);
  }
}

TEST_CASE("a deadline is between 1 ms and its cap") {
  auto fault = [](std::uint64_t milliseconds) {
    request_parts parts;
    parts.header = number_field(5, milliseconds);
    return content_fault(parts);
  };
  CHECK(fault(0) == send_fault::confirm_timeout_range);
  CHECK(fault(1) == send_fault::none);
  CHECK(fault(60'000) == send_fault::none);
  CHECK(fault(60'001) == send_fault::confirm_timeout_range);
  CHECK(fault(0xffffffff) == send_fault::confirm_timeout_range);
}

TEST_CASE("what is said for people is a short line of UTF-8") {
  auto reason = [](std::string_view text) {
    return content_fault(told_with("pause", bytes_field(8, text)));
  };
  auto agent = [](std::string_view text) {
    return content_fault(told_with("pause", bytes_field(9, text)));
  };
  auto failure = [](std::string_view text) {
    return content_fault(told_with("failed", bytes_field(10, bytes_field(2, text))));
  };
  for (std::string_view text :
       {"", "card number", "\xc3\xa9", "\u05d0\u0627", "\u2027\u202f\u206a"}) {
    CHECK(reason(text) == send_fault::none);
    CHECK(agent(text) == send_fault::none);
    CHECK(failure(text) == send_fault::none);
  }
  for (std::string_view text :
       {"a\nb", "\x1b[2J", "\x7f", "\xff", "\xc2\x85", "a\u2028b", "\u2029", "\u200e", "\u200f",
        "\u061c", "\u202a", "card \u202enumber", "\u2066", "\u2069"}) {
    CHECK(reason(text) == send_fault::reason_text);
    CHECK(agent(text) == send_fault::agent_id_text);
    CHECK(failure(text) == send_fault::failure_text);
  }
  CHECK(reason(std::string(64, 'x')) == send_fault::none);
  CHECK(reason(std::string(65, 'x')) == send_fault::reason_text);
  CHECK(agent(std::string(64, 'x')) == send_fault::none);
  CHECK(agent(std::string(65, 'x')) == send_fault::agent_id_text);
  CHECK(failure(std::string(128, 'x')) == send_fault::none);
  CHECK(failure(std::string(129, 'x')) == send_fault::failure_text);
}

TEST_CASE("a reason and an agent go with a command, a failure with an indication") {
  auto reason = bytes_field(8, "card");
  auto agent = bytes_field(9, "A-1017");
  auto failure = bytes_field(10, number_field(1, 7));
  for (auto verb : {"start", "stop", "pause", "resume", "query"}) {
    CHECK(content_fault(told_with(verb, reason + agent)) == send_fault::none);
    CHECK(content_fault(told_with(verb, failure)) == send_fault::failure_not_indication);
  }
  for (auto verb : {"enabled", "disabled", "paused", "failed"}) {
    CHECK(content_fault(told_with(verb, failure)) == send_fault::none);
    for (auto& field : {reason, agent})
      CHECK(content_fault(told_with(verb, field)) == send_fault::reason_not_command);
  }
  // An empty text is none.
  CHECK(content_fault(told_with("paused", bytes_field(8, "") + bytes_field(9, ""))) ==
        send_fault::none);
  for (auto& [field, fault] : {std::pair{reason, send_fault::reason_not_command},
                               std::pair{agent, send_fault::reason_not_command},
                               std::pair{failure, send_fault::failure_not_indication}}) {
    auto plain = told_with("pause", field);
    plain.user_data = bytes_field(4, text_pair("note", "hello"));
    CHECK(content_fault(plain) == fault);
  }
}

TEST_CASE("faults of user data are told as such") {
  auto with = [](std::string_view data) {
    request_parts parts;
    parts.user_data = bytes_field(4, data);
    return parts;
  };
  CHECK(content_fault(with(capture_pair("strat"))) == send_fault::user_data);
  CHECK(read(with(capture_pair("strat"))).data_fault == user_data_fault::capture_value);
  CHECK(read(with(capture_pair("unknown"))).data_fault == user_data_fault::capture_unknown);
  CHECK(read(with(text_pair("k", std::string(16'000, 'x')))).data_fault ==
        user_data_fault::too_large);
  // The first content fault is the one that is told.
  auto both = with(capture_pair("strat"));
  both.event_dn = bytes_field(1, "7002");
  CHECK(content_fault(both) == send_fault::event_dn_mismatch);
  CHECK(read(both).data_fault == user_data_fault::none);
}

TEST_CASE("kinds of faults are kept apart, so that the order of checks can choose") {
  request_parts all;
  all.this_dn = bytes_field(1, "");
  all.message_type = number_field(2, 7);
  all.header = bytes_field(2, "short");
  auto view = read(all);
  CHECK(view.dn_fault == send_fault::dn_empty);
  CHECK(view.type_fault == send_fault::message_type_unsupported);
  CHECK(view.content_fault == send_fault::command_id_size);
}

// ---- what the sender is told ---------------------------------------------------------------

TEST_CASE("every fault names its field and what it may be") {
  std::set<std::string> answers;
  auto check = [&](send_fault kind, user_data_fault data) {
    INFO(static_cast<int>(kind) << ", " << static_cast<int>(data));
    auto why = describe_send_fault(kind, data, bounds);
    auto expected = kind == send_fault::message_type_unsupported ? error_code::unsupported_operation
                                                                 : error_code::invalid_attribute;
    CHECK(why.code == expected);
    CHECK_FALSE(why.attribute.empty());
    CHECK_FALSE(why.accepted.empty());
    CHECK(wire::valid_utf8(why.attribute + why.accepted + why.text));
    answers.insert(why.attribute + '|' + why.accepted + '|' + why.text);
  };
  int kinds = 0;
  for (int i = 1; i < static_cast<int>(send_fault::user_data); ++i, ++kinds)
    check(static_cast<send_fault>(i), user_data_fault::none);
  for (int i = 1; i <= static_cast<int>(user_data_fault::capture_not_indication); ++i, ++kinds)
    check(send_fault::user_data, static_cast<user_data_fault>(i));
  CHECK(static_cast<int>(answers.size()) == kinds); // no two faults read alike
}

TEST_CASE("an answer tells the limit that is in force") {
  limits other;
  other.user_data_bytes_max = 1234;
  other.confirm_timeout_max = std::chrono::milliseconds{4321};
  auto data = describe_send_fault(send_fault::user_data, user_data_fault::too_large, other);
  CHECK(data.accepted.find("1234") != std::string::npos);
  auto timeout =
    describe_send_fault(send_fault::confirm_timeout_range, user_data_fault::none, other);
  CHECK(timeout.accepted.find("4321") != std::string::npos);
}
