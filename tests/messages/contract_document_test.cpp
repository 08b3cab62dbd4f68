// The example exchange in docs/protocol.md, made by the code that speaks on the wire. The test
// holds the document to it; with RINGDOWN_UPDATE_GOLDEN=1 it writes the example anew.
#include "messages/frame.hpp"
#include "messages/limits.hpp"
#include "messages/send_event.hpp"

#include "tests/messages/golden.hpp"

#include <catch2/catch.hpp>
#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::test;

namespace {

const std::string path = RINGDOWN_PROTOCOL_DOCUMENT;
constexpr std::string_view begin_mark = "<!-- begin of the example: written by a test -->\n";
constexpr std::string_view end_mark = "<!-- end of the example -->\n";

constexpr std::int64_t noon_us = 1'700'000'000'000'000;
constexpr std::uint64_t call = 0x71;
constexpr client_id desktop_client{0x51};
constexpr client_id recorder_client{0x52};
const auto command = *command_id::from("command-id-00001");
const auto instance = *instance_id::from("desktop of Anna.");

std::string hex_dump(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0)
      out += i % 32 == 0 ? "\n" : " ";
    out += to_hex(bytes.substr(i, 1));
  }
  return out + "\n";
}

/// One frame of the document: who speaks, what it says, and the bytes.
std::string step(int number, std::string_view who, std::string_view bytes) {
  auto cut = next_frame(bytes, limits{}.frame_bytes_max);
  REQUIRE(cut.status == cut_status::complete);
  REQUIRE(cut.consumed == bytes.size());
  v1::Frame frame;
  REQUIRE(frame.ParseFromArray(cut.frame.data(), static_cast<int>(cut.frame.size())));
  return std::to_string(number) + ". " + std::string{who} + "\n\n```\n" + frame.DebugString() +
         "```\n```\n" + hex_dump(bytes) + "```\n\n";
}

std::string sign_on() {
  v1::Frame frame;
  frame.set_reference_id(1);
  auto& request = *frame.mutable_request_sign_on();
  request.set_version_min(1);
  request.set_version_max(1);
  request.set_application_name("agent-desktop");
  request.set_instance_id(std::string{instance.view()});
  request.set_role(v1::ROLE_DESKTOP);
  return delimited(frame);
}

std::string link_connected() {
  const limits granted;
  v1::Frame frame;
  frame.set_reference_id(1);
  auto& reply = *frame.mutable_event_link_connected();
  reply.set_version(1);
  reply.set_server_name("ringdown");
  reply.set_server_version("0.1.0");
  reply.set_server_instance(0x5eed);
  reply.set_server_start_time_us(noon_us - 1'000'000);
  reply.set_client_id(desktop_client.value);
  reply.set_window_requests(static_cast<std::uint32_t>(granted.requests_outstanding_max));
  reply.set_window_bytes(static_cast<std::uint32_t>(granted.request_bytes_outstanding_max));
  reply.set_frame_bytes_max(static_cast<std::uint32_t>(granted.frame_bytes_max));
  reply.set_user_data_bytes_max(static_cast<std::uint32_t>(granted.user_data_bytes_max));
  reply.set_heartbeat_interval_ms(2000);
  reply.set_heartbeat_timeout_ms(5000);
  reply.set_time_us(noon_us);
  reply.set_dns_per_request_max(static_cast<std::uint32_t>(granted.dns_per_request_max));
  return delimited(frame);
}

std::string register_address() {
  v1::Frame frame;
  frame.set_reference_id(2);
  frame.mutable_request_register_address()->add_this_dn("7001");
  return delimited(frame);
}

std::string registered() {
  v1::Frame frame;
  frame.set_reference_id(2);
  auto& reply = *frame.mutable_event_registered();
  reply.set_this_dn("7001");
  reply.set_time_us(noon_us + 400);
  auto& snapshot = *reply.mutable_snapshot();
  snapshot.set_dn_sequence(4);
  snapshot.set_dn_epoch(9);
  snapshot.set_version(1);
  snapshot.set_effective_state(v1::CAPTURE_STATE_ENABLED);
  snapshot.set_recorders_active(1);
  snapshot.set_clients_registered(2);
  auto& session = *snapshot.add_sessions();
  session.set_connection_id(call);
  session.set_desired(v1::CAPTURE_STATE_ENABLED);
  session.set_observed(v1::CAPTURE_STATE_ENABLED);
  session.set_version(1);
  session.set_changed_time_us(noon_us - 5000);
  auto& wanted = *session.add_calls();
  wanted.set_connection_id(call);
  wanted.set_wants_recording(true);
  wanted.set_version(1);
  auto& word = *session.add_recorders();
  word.set_client_id(recorder_client.value);
  word.set_application_name("recorder");
  word.set_said(v1::CAPTURE_STATE_ENABLED);
  word.set_connection_id(call);
  word.set_time_us(noon_us - 5000);
  return delimited(frame);
}

std::string send_event(std::uint32_t reference, std::string_view verb, std::string_view why = {}) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  auto& request = *frame.mutable_request_send_event();
  request.set_this_dn("7001");
  request.set_command_id(std::string{command.view()});
  request.set_reason(std::string{why});
  auto& event = *request.mutable_event();
  event.set_this_dn("7001");
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  event.set_connection_id(call);
  auto& pair = *event.mutable_user_data()->add_pairs();
  pair.set_key("screen-capture");
  pair.set_string_value(std::string{verb});
  return delimited(frame);
}

std::string pause_event() {
  return send_event(3, "pause", "card number");
}

std::string acked() {
  char out[ack_frame_bytes_max];
  auto* end = encode_ack(out, {3}, {1, {5}, {9}, {2}, 0, noon_us + 900});
  return {out, end};
}

/// The recorder's copy of the `pause`.
std::string user_event() {
  auto request = pause_event();
  auto body = look(next_frame(request, 4096).frame).body;
  auto view = parse_send_event(body, limits{});
  REQUIRE(view.verb == capture_verb::pause);
  user_event_header header;
  header.sequence.value = 5;
  header.epoch.value = 9;
  header.time_us = noon_us + 900;
  header.origin = desktop_client;
  header.origin_role = role::desktop;
  header.version.value = 2;
  header.command = command;
  header.effective_state = capture_state::enabled;
  header.origin_instance = *instance_id::from("seen by others..");
  header.desired = capture_state::paused;
  header.details = details_of(view);
  event_head head{header, view.event.size()};
  return std::string{head.bytes()} + std::string{view.event};
}

std::string refused() {
  auto why = describe_send_fault(send_fault::user_data, user_data_fault::capture_value, limits{});
  return encode_error({4}, why, {"7001", {}, {}, noon_us + 1500});
}

std::string example() {
  std::string text{begin_mark};
  text += "\n";
  text += step(1, "The desktop signs on.", sign_on());
  text += step(2, "The broker grants the link.", link_connected());
  text += step(3, "The desktop registers on its DN.", register_address());
  text += step(4, "The DN answers with its present state.", registered());
  text += step(5, "The desktop commands a pause.", pause_event());
  text += step(6, "The DN accepts it; one recorder's outbox took it.", acked());
  text += step(7, "The recorder hears it.", user_event());
  text += step(8, "A command that is misspelt.", send_event(4, "strat"));
  text += step(9, "It is refused, with the field and what it may be.", refused());
  text += end_mark;
  return text;
}

} // namespace

TEST_CASE("the exchange in docs/protocol.md is what goes over the wire") {
  auto document = read_text_file(path);
  auto begin = document.find(begin_mark);
  auto end = document.find(end_mark);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  auto length = end + end_mark.size() - begin;
  auto live = example();
  if (updating_golden())
    write_text_file(path, std::string{document}.replace(begin, length, live));
  else
    CHECK(document.substr(begin, length) == live);
}
