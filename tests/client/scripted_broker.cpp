#include "tests/client/scripted_broker.hpp"

#include "messages/errors.hpp"
#include "messages/frame.hpp"

#include <catch2/catch.hpp>

namespace ringdown::test {

using namespace ringdown::client;
using std::chrono::milliseconds;

transport_factory scripted_broker::factory() {
  return [this]() -> std::unique_ptr<transport> {
    ++attempts;
    if (!listens)
      return nullptr;
    pipe_ = std::make_shared<memory_pipe>();
    frames_.clear();
    return std::make_unique<memory_transport>(pipe_);
  };
}

std::vector<v1::Frame> scripted_broker::said() {
  auto all = std::move(frames_);
  frames_.clear();
  auto& bytes = pipe_->written;
  for (;;) {
    auto piece = next_frame(bytes, 1024 * 1024);
    if (piece.status != cut_status::complete)
      break;
    v1::Frame frame;
    REQUIRE(frame.ParseFromArray(piece.frame.data(), static_cast<int>(piece.frame.size())));
    bytes.erase(0, piece.consumed);
    if (!frame.has_heartbeat())
      all.push_back(std::move(frame));
  }
  return all;
}

v1::Frame scripted_broker::expect() {
  auto all = said();
  REQUIRE_FALSE(all.empty());
  auto first = all.front();
  frames_.assign(all.begin() + 1, all.end());
  return first;
}

std::vector<v1::Frame> scripted_broker::questions() {
  std::vector<v1::Frame> found;
  std::vector<v1::Frame> rest;
  for (auto& frame : said())
    (frame.has_request_query_address() ? found : rest).push_back(frame);
  frames_ = std::move(rest);
  return found;
}

void scripted_broker::send(const v1::Frame& frame) {
  pipe_->give(delimited(frame));
}

void scripted_broker::grant(const v1::Frame& sign_on) {
  REQUIRE(sign_on.has_request_sign_on());
  v1::Frame frame;
  frame.set_reference_id(sign_on.reference_id());
  auto& link = *frame.mutable_event_link_connected();
  link.set_version(1);
  link.set_client_id(client_id);
  link.set_server_instance(server_instance);
  link.set_window_requests(window_requests);
  link.set_window_bytes(1024 * 1024);
  link.set_frame_bytes_max(128 * 1024);
  link.set_dns_per_request_max(dns_per_request_max);
  link.set_time_us(time_us);
  link.set_credentials_expire_time_us(credentials_expire_time_us);
  link.set_heartbeat_interval_ms(3'600'000); // silence is another test's
  link.set_heartbeat_timeout_ms(36'000'000);
  for (auto c : {v1::CAPABILITY_EXACT_VERSIONS, v1::CAPABILITY_DIRECTED})
    link.add_capabilities(c);
  send(frame);
}

void scripted_broker::registered(const v1::Frame& request, std::uint64_t sequence,
                                 std::uint64_t epoch, v1::CaptureState state) {
  REQUIRE(request.has_request_register_address());
  for (auto& dn : request.request_register_address().this_dn()) {
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    auto& event = *frame.mutable_event_registered();
    event.set_this_dn(dn);
    event.mutable_snapshot()->set_dn_sequence(sequence);
    event.mutable_snapshot()->set_dn_epoch(epoch);
    event.mutable_snapshot()->set_effective_state(state);
    send(frame);
  }
}

void scripted_broker::ack(const v1::Frame& request, std::uint64_t sequence, std::uint64_t epoch) {
  v1::Frame frame;
  frame.set_reference_id(request.reference_id());
  frame.mutable_event_ack()->set_dn_sequence(sequence);
  frame.mutable_event_ack()->set_dn_epoch(epoch);
  send(frame);
}

void scripted_broker::error(const v1::Frame& request, std::uint32_t code, const std::string& dn,
                            std::uint32_t retry_after_ms) {
  v1::Frame frame;
  frame.set_reference_id(request.reference_id());
  auto& error = *frame.mutable_event_error();
  error.set_error_code(code);
  error.set_retry_class(static_cast<v1::RetryClass>(find_error(code)->retry));
  if (!dn.empty())
    error.set_this_dn(dn);
  if (retry_after_ms != 0)
    error.set_retry_after_ms(retry_after_ms);
  send(frame);
}

void scripted_broker::event(const std::string& dn, const std::string& verb, std::uint64_t sequence,
                            v1::CaptureState state) {
  v1::Frame frame;
  auto& event = *frame.mutable_event_user_event();
  event.set_dn_sequence(sequence);
  event.set_dn_epoch(1);
  event.set_effective_state(state);
  event.mutable_event()->set_this_dn(dn);
  auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
  pair.set_key("screen-capture");
  pair.set_string_value(verb);
  send(frame);
}

void scripted_broker::farewell(v1::DisconnectReason reason, std::uint32_t retry_after_ms) {
  v1::Frame frame;
  frame.mutable_event_link_disconnected()->set_reason(reason);
  if (retry_after_ms != 0)
    frame.mutable_event_link_disconnected()->set_retry_after_ms(retry_after_ms);
  send(frame);
}

namespace {

t_client_options in_virtual_time(t_client_options o, scripted_client& self) {
  if (o.places.empty())
    o.places.emplace_back(self.broker.factory());
  o.now = [&self] { return self.time; };
  o.random = [&self] { return self.random; };
  o.on_handler_failure = [&self](const handler_failure& f) { self.failures.push_back(f); };
  return o;
}

} // namespace

scripted_client::scripted_client(t_client_options more)
  : subject(in_virtual_time(std::move(more), *this)) {
  REQUIRE(subject.listen([this](const notice& n) { notices.push_back(n); }));
}

void scripted_client::settle() {
  for (int i = 0; i < 1000; ++i)
    if (!subject.poll(milliseconds{0}) && subject.next_deadline() > time)
      return;
  FAIL("the client does not come to rest");
}

void scripted_client::pass(milliseconds step) {
  time += step;
  settle();
}

void scripted_client::bring_up() {
  subject.start();
  settle();
  broker.grant(broker.expect());
  settle();
  REQUIRE(subject.phase() == link_phase::up);
}

void scripted_client::bring_up_on(const std::string& dn, std::uint64_t sequence) {
  REQUIRE(subject.register_on(dn) == registering::accepted);
  bring_up();
  broker.registered(broker.expect(), sequence);
  settle();
  REQUIRE(subject.registration_of(dn) == registration_phase::registered);
}

std::vector<v1::Frame> scripted_client::begin_on(const std::string& dn) {
  subject.register_on(dn);
  subject.start();
  settle();
  return broker.said();
}

void scripted_client::bring_back() {
  settle();
  REQUIRE(subject.phase() == link_phase::waiting);
  time = std::max(time, subject.next_deadline());
  settle();
  broker.grant(broker.expect());
  settle();
  REQUIRE(subject.phase() == link_phase::up);
}

outgoing_event command(capture_verb verb, bool with_id, const std::string& dn) {
  auto what = outgoing_event::capture(dn, verb);
  if (with_id)
    what.command = random_command_id();
  return what;
}

request_options again() {
  request_options how;
  how.again_after_loss = true;
  return how;
}

} // namespace ringdown::test
