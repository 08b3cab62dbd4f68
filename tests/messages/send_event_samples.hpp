// RequestSendEvent messages for the tests: valid ones at random, and one that tests can spoil.
#pragma once

#include "messages/send_event.hpp"

#include "tests/messages/bytes.hpp"
#include "tests/messages/generators.hpp"
#include "tests/messages/send_event_compare.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <string>

namespace ringdown::test {

/// Text for people, of at most so many bytes. Draws from rapidcheck.
inline std::string pick_line(std::size_t bytes_max) {
  auto character = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0x20, 0x7f),
                                  rc::gen::inRange<std::uint32_t>(0xa0, 0xd800));
  auto size = *rc::gen::inRange<std::size_t>(0, bytes_max + 1);
  std::string text;
  for (auto next = *character; text.size() + 3 <= size; next = *character)
    append_utf8(text, next);
  return text;
}

/// What a command or an indication of this request may say for people.
inline void add_details(v1::RequestSendEvent& request) {
  auto verb = verb_in(request.event());
  if (is_command(verb)) {
    request.set_reason(pick_line(reason_bytes_max));
    request.set_agent_id(pick_line(agent_id_bytes_max));
  } else if (is_indication(verb)) {
    auto& failure = *request.mutable_failure();
    failure.set_code(*rc::gen::arbitrary<std::uint32_t>());
    failure.set_text(pick_line(failure_text_bytes_max));
  }
}

/// Any request that the broker finds nothing wrong with. Draws from rapidcheck.
inline v1::RequestSendEvent pick_send_event() {
  auto sometimes = [] { return *rc::gen::inRange(0, 3) == 0; };
  v1::RequestSendEvent request;
  auto dn = *any_dn();
  request.set_this_dn(dn);
  if (sometimes()) {
    auto bytes = *rc::gen::container<std::string>(16, rc::gen::arbitrary<char>());
    request.set_command_id(bytes);
  }
  request.set_retry(sometimes());
  if (sometimes())
    request.set_if_version(*rc::gen::arbitrary<std::uint64_t>());
  if (sometimes())
    request.set_confirm_timeout_ms(*rc::gen::inRange<std::uint32_t>(1, 60'001));
  if (sometimes())
    request.set_directed_client_id(*rc::gen::arbitrary<std::uint64_t>());
  if (sometimes())
    request.set_version(*rc::gen::arbitrary<std::uint64_t>());
  auto& event = *request.mutable_event();
  event.set_this_dn(dn);
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  event.set_connection_id(*rc::gen::arbitrary<std::uint64_t>());
  event.set_user_event(*rc::gen::arbitrary<std::int32_t>());
  if (!sometimes())
    event.mutable_user_data()->ParseFromString(pick_user_data().encode());
  if (sometimes())
    add_details(request);
  return request;
}

/// A request in parts, so that a test can spoil one of them.
struct request_parts {
  std::string this_dn = bytes_field(1, "7001");
  std::string header;
  std::string event_dn = bytes_field(1, "7001");
  std::string message_type = number_field(2, 1);
  std::string user_data = bytes_field(4, capture_pair("pause"));
  std::string event_rest;

  std::string event() const { return event_dn + message_type + user_data + event_rest; }
  std::string bytes() const { return this_dn + header + bytes_field(15, event()); }
};

} // namespace ringdown::test
