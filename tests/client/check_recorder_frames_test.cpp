// What `ringdown check-recorder` reads on a recorder's link.
#include "client/cli/check_recorder_frames.hpp"
#include "client/internal/request_codec.hpp"

#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::cli;
using namespace std::chrono_literals;

namespace {

/// Without the length.
std::string frame_of(const std::string& bytes) {
  auto piece = next_frame(bytes, 128 * 1024);
  REQUIRE(piece.status == cut_status::complete);
  return std::string{piece.frame};
}

template <class Request>
Request read(const std::string& bytes) {
  auto what = codec::decode_request(frame_of(bytes));
  REQUIRE(std::holds_alternative<Request>(what));
  return std::get<Request>(what);
}

frame_seen said(const outgoing_event& what) {
  return frame_from_recorder(frame_of(codec::send_event({3}, what)), "7001");
}

frame_seen heard(const v1::Frame& frame) {
  return frame_to_recorder(frame.SerializeAsString(), "7001");
}

template <class What>
const What& as(const frame_seen& frame) {
  REQUIRE(frame.what);
  REQUIRE(std::holds_alternative<What>(*frame.what));
  return std::get<What>(*frame.what);
}

v1::Frame order(std::string_view verb) {
  v1::Frame frame;
  auto& event = *frame.mutable_event_user_event();
  event.set_dn_sequence(4);
  event.set_version(8);
  event.set_origin_role(v1::ROLE_DESKTOP);
  event.mutable_event()->set_this_dn("7001");
  auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
  pair.set_key("screen-capture");
  pair.set_string_value(std::string{verb});
  return frame;
}

} // namespace

TEST_CASE("a sign-on that is read has all that was written but its credentials") {
  identity who;
  who.application_name = "film";
  who.instance = random_instance_id();
  who.role = role::recorder;
  who.capabilities = {capability::exact_versions, capability::per_call};
  who.credentials = "secret";
  who.heartbeat_interval = 700ms;
  auto back = read<codec::sign_on_request>(codec::sign_on({1}, who));
  CHECK(back.reference.value == 1);
  CHECK(back.who.application_name == "film");
  CHECK(back.who.instance == who.instance);
  CHECK(back.who.role == role::recorder);
  CHECK(back.who.capabilities == who.capabilities);
  CHECK(back.who.credentials.empty());
  CHECK(back.who.heartbeat_interval == 700ms);
}

TEST_CASE("an event that is read has all that was written") {
  auto what = outgoing_event::capture("7001", capture_verb::pause, conn_id{0x71});
  what.user_event = 9;
  what.command = random_command_id();
  what.retry = true;
  what.if_version = command_version{5};
  what.confirm_timeout = 300ms;
  what.directed = client_id{6};
  what.version = command_version{7};
  what.reason = "card number";
  what.agent_id = "anna";
  what.failure = recorder_failure{3, "disk full"};
  auto back = read<codec::event_request>(codec::send_event({2}, what));
  CHECK(codec::send_event({2}, back.what) == codec::send_event({2}, what));
  CHECK_FALSE(back.distribute);

  outgoing_event older = outgoing_event::capture("7001", capture_verb::stop);
  auto plain = read<codec::event_request>(codec::distribute({3}, older));
  CHECK(plain.distribute);
  CHECK(codec::distribute({3}, plain.what) == codec::distribute({3}, older));
}

TEST_CASE("a registration and requests of other kinds are read") {
  registration how{registration_mode::monitor, true, true, true};
  std::vector<std::string> dns{"7001", "7002"};
  auto back = read<codec::registration_request>(codec::register_address({4}, dns, how));
  CHECK(back.dns == dns);
  CHECK(back.how.mode == registration_mode::monitor);
  CHECK(back.how.standby);
  CHECK(read<codec::other_request>(codec::sign_off({5})).name == "RequestSignOff");
  CHECK(read<codec::other_request>(codec::query_address({6}, "7001")).reference.value == 6);
  read<codec::nothing>(codec::heartbeat());
}

TEST_CASE("what no client says is garbage") {
  CHECK(std::holds_alternative<codec::garbage>(codec::decode_request("\xff\xff")));
  v1::Frame frame;
  frame.mutable_event_ack();
  CHECK(std::holds_alternative<codec::garbage>(codec::decode_request(frame.SerializeAsString())));
}

TEST_CASE("a recorder's frames are lines and what they say") {
  identity who;
  who.application_name = "film \x1b[2J";
  who.role = role::recorder;
  who.capabilities = {capability::exact_versions, capability::directed};
  auto on = frame_from_recorder(frame_of(codec::sign_on({1}, who)), "7001");
  CHECK(on.line.find('\x1b') == std::string::npos);
  CHECK(on.line.find("role=recorder capabilities=exact_versions,directed") != std::string::npos);
  CHECK(as<recorder_signed_on>(on).exact_versions);
  CHECK_FALSE(as<recorder_signed_on>(on).per_call);

  std::vector<std::string> dns{"7001"};
  auto wants =
    frame_from_recorder(frame_of(codec::register_address({2}, dns, {.standby = true})), "7001");
  CHECK(wants.line == "RequestRegisterAddress ref=2 dn=7001 mode=share standby");
  CHECK(as<recorder_wants_registration>(wants).standby);

  auto word = outgoing_event::capture("7001", capture_verb::failed);
  word.version = command_version{8};
  word.failure = recorder_failure{3, "disk full"};
  auto failed = said(word);
  CHECK(failed.line ==
        "RequestSendEvent ref=3 dn=7001 screen-capture=failed version=8 failure=3 \"disk full\"");
  CHECK(as<recorder_said>(failed).word == capture_verb::failed);
  CHECK(as<recorder_said>(failed).what.failure->text == "disk full");
}

TEST_CASE("a recorder may say its word under the older key") {
  outgoing_event word;
  word.this_dn = "7001";
  word.data.add("screen-capture-indication", std::string{"paused"});
  CHECK(as<recorder_said>(said(word)).word == capture_verb::paused);
}

TEST_CASE("only words and orders of the tested DN count") {
  CHECK_FALSE(said(outgoing_event::capture("7002", capture_verb::paused)).what);
  CHECK_FALSE(said(outgoing_event::capture("7001", capture_verb::pause)).what);
  CHECK_FALSE(frame_from_recorder(frame_of(codec::heartbeat()), "7001").what);
  as<recorder_ordered>(heard(order("pause")));
  CHECK_FALSE(heard(order("paused")).what);
  auto other = order("pause");
  other.mutable_event_user_event()->mutable_event()->set_this_dn("7002");
  CHECK_FALSE(heard(other).what);
  auto held = order("start");
  held.mutable_event_user_event()->set_mark(v1::EVENT_MARK_HELD);
  CHECK_FALSE(heard(held).what);
  auto kept = order("start");
  kept.mutable_event_user_event()->set_kept_from_recorders(true);
  CHECK_FALSE(heard(kept).what);
}

TEST_CASE("what the broker answers a recorder is seen") {
  v1::Frame frame;
  frame.mutable_event_registered()->set_this_dn("7001");
  as<recorder_registered>(heard(frame));
  frame.mutable_event_registered()->set_this_dn("7002");
  CHECK_FALSE(heard(frame).what);
  frame.mutable_event_error()->set_error_code(59);
  CHECK(as<recorder_refused>(heard(frame)).text.find("59 dn_not_configured") != std::string::npos);
}
