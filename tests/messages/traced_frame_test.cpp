// What a trace says of a frame, and what it must not.
#include "messages/traced_frame.hpp"

#include <catch2/catch.hpp>

#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;

namespace {

traced_frame trace(const v1::Frame& frame, std::string_view wanted = {}) {
  return trace_of(frame.SerializeAsString(), wanted);
}

const std::string some_command(16, '\x0a');

v1::Frame pause_on(const std::string& dn) {
  v1::Frame frame;
  frame.set_reference_id(7);
  auto& send = *frame.mutable_request_send_event();
  send.set_this_dn(dn);
  send.set_command_id(some_command);
  send.set_reason("secret reason");
  send.mutable_event()->set_this_dn(dn);
  auto& pairs = *send.mutable_event()->mutable_user_data();
  auto& card = *pairs.add_pairs();
  card.set_key("card");
  card.set_string_value("4111-secret");
  auto& verb = *pairs.add_pairs();
  verb.set_key("screen-capture");
  verb.set_string_value("pause");
  return frame;
}

} // namespace

TEST_CASE("a request is told by kind, DN, verb, ReferenceID and command id") {
  auto seen = trace(pause_on("7001"), "7001");
  CHECK(seen.kind == "RequestSendEvent");
  CHECK(seen.dn == "7001");
  CHECK(seen.dns == 1);
  CHECK(seen.verb == capture_verb::pause);
  CHECK(seen.reference == reference_id{7});
  CHECK(seen.command == command_id::from(some_command));
  CHECK(seen.result.empty());
  CHECK(seen.is_request);
  CHECK_FALSE(seen.is_answer);
  CHECK(seen.names_wanted);
  CHECK(seen.bytes == pause_on("7001").ByteSizeLong());
  CHECK_FALSE(trace(pause_on("70011"), "7001").names_wanted);
}

TEST_CASE("an event is told by the DN and verb within, and the light after it") {
  v1::Frame frame;
  auto& event = *frame.mutable_event_user_event();
  event.set_effective_state(v1::CAPTURE_STATE_PAUSED);
  event.set_command_id(some_command);
  *event.mutable_event() = pause_on("7001").request_send_event().event();
  auto seen = trace(frame, "7001");
  CHECK(seen.kind == "EventUserEvent");
  CHECK(seen.dn == "7001");
  CHECK(seen.verb == capture_verb::pause);
  CHECK(seen.light == capture_state::paused);
  CHECK(seen.command == command_id::from(some_command));
  CHECK(seen.names_wanted);
  CHECK_FALSE(seen.is_answer);
}

TEST_CASE("an answer is told by its result") {
  v1::Frame frame;
  frame.mutable_event_ack()->set_recorders_queued(1);
  CHECK(trace(frame).result == "accepted");
  CHECK(trace(frame).is_answer);
  frame.mutable_event_error()->set_error_code(165);
  CHECK(trace(frame).result == "165 access_restricted");
  frame.mutable_event_error()->set_error_code(9999);
  CHECK(trace(frame).result == "9999");
  frame.mutable_event_outcome()->set_outcome(v1::OUTCOME_TIMED_OUT);
  frame.mutable_event_outcome()->set_command(v1::COMMAND_PAUSE);
  CHECK(trace(frame).result == "timed_out");
  CHECK(trace(frame).verb == capture_verb::pause);
  frame.mutable_event_link_disconnected()->set_reason(v1::DISCONNECT_REASON_BY_OPERATOR);
  CHECK(trace(frame).result == "by_operator");
  auto& registered = *frame.mutable_event_registered();
  registered.set_this_dn("7001");
  registered.mutable_snapshot()->set_effective_state(v1::CAPTURE_STATE_ENABLED);
  CHECK(trace(frame).light == capture_state::enabled);
}

TEST_CASE("of many DNs the one that is looked for is told, else the first, and how many") {
  v1::Frame frame;
  for (auto* dn : {"7001", "7002", "7003"})
    frame.mutable_request_register_address()->add_this_dn(dn);
  CHECK(trace(frame).dn == "7001");
  CHECK(trace(frame).dns == 3);
  CHECK(trace(frame, "7002").dn == "7002");
  CHECK(trace(frame, "7002").names_wanted);
  CHECK_FALSE(trace(frame, "7").names_wanted);
  frame.mutable_request_register_address()->set_every_dn(true);
  CHECK(trace(frame).dn == "*");
}

TEST_CASE("neither user data nor credentials nor a person's words are told") {
  v1::Frame frames[3] = {pause_on("7001")};
  frames[1].mutable_request_sign_on()->set_credentials("secret token");
  frames[1].mutable_request_sign_on()->set_application_name("secret name");
  frames[2].mutable_request_renew_credentials()->set_credentials("secret token");
  for (auto& frame : frames) {
    auto seen = trace(frame);
    auto all = std::string{seen.kind} + seen.dn + seen.result + std::string{to_string(seen.verb)};
    INFO(all);
    CHECK(all.find("secret") == std::string::npos);
  }
}

TEST_CASE("what is no frame is told as such, cut at each byte") {
  CHECK(trace_of("\xff\xff", {}).kind == "malformed");
  CHECK(trace_of("", {}).kind == "unknown");
  auto whole = pause_on("7001").SerializeAsString();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(trace_of(std::string_view{whole}.substr(0, size), "7001").kind.empty());
  v1::Frame long_name;
  long_name.mutable_request_query_address()->set_this_dn(std::string(4000, '7'));
  CHECK(trace(long_name).dn.size() == 255);
}

TEST_CASE("each body of the schema has its name") {
  auto* body = v1::Frame::descriptor()->FindOneofByName("body");
  REQUIRE(body != nullptr);
  for (int i = 0; i < body->field_count(); ++i) {
    v1::Frame frame;
    auto* field = body->field(i);
    frame.GetReflection()->MutableMessage(&frame, field);
    CHECK(trace(frame).kind == field->message_type()->name());
  }
}
