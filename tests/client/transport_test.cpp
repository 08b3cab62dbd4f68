// A link over a stream that is not TCP: the same sign-on, requests, heartbeats and ends.
#include "client/connection.hpp"

#include "messages/frame.hpp"
#include "tests/client/memory_transport.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>

#include <cerrno>
#include <poll.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using namespace ringdown::test;

namespace {

v1::Frame link_connected() {
  v1::Frame frame;
  frame.set_reference_id(1);
  auto& link = *frame.mutable_event_link_connected();
  link.set_version(1);
  link.set_window_requests(16);
  link.set_window_bytes(65'536);
  link.set_frame_bytes_max(65'536);
  link.set_heartbeat_interval_ms(1000);
  link.set_heartbeat_timeout_ms(3000);
  return frame;
}

/// The frames that the client has written whole; what is left stays.
std::vector<v1::Frame> take_frames(memory_pipe& pipe) {
  std::vector<v1::Frame> frames;
  for (;;) {
    auto piece = next_frame(pipe.written, 1024 * 1024);
    if (piece.status != cut_status::complete)
      return frames;
    REQUIRE(frames.emplace_back().ParseFromArray(piece.frame.data(),
                                                 static_cast<int>(piece.frame.size())));
    pipe.written.erase(0, piece.consumed);
  }
}

struct stand {
  std::shared_ptr<memory_pipe> pipe = std::make_shared<memory_pipe>();
  steady_time time{1h};
  connection link{[this] { return time; }};

  stand() {
    link.start(std::make_unique<memory_transport>(pipe), {});
    CHECK(link.state() == link_state::signing_on);
  }
  void sign_on() {
    link.poll(0ms);
    auto said = take_frames(*pipe);
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].has_request_sign_on());
    pipe->give(delimited(link_connected()));
    link.poll(0ms);
    REQUIRE(link.state() == link_state::up);
  }
};

} // namespace

TEST_CASE("a link runs over any stream, a byte at a time too") {
  stand s;
  s.pipe->piece = GENERATE(as<std::size_t>{}, std::string::npos, 1);
  for (int i = 0; i < 200 && s.pipe->written.size() < 10; ++i)
    s.link.poll(0ms);
  CHECK(take_frames(*s.pipe).at(0).has_request_sign_on());
  s.pipe->give(delimited(link_connected()));
  for (int i = 0; i < 200 && s.link.state() != link_state::up; ++i)
    s.link.poll(0ms);
  REQUIRE(s.link.state() == link_state::up);
  REQUIRE(s.link.query_address("7001"));
  for (int i = 0; i < 200; ++i)
    s.link.poll(0ms);
  auto said = take_frames(*s.pipe);
  REQUIRE(said.size() == 1);
  v1::Frame answer;
  answer.set_reference_id(said[0].reference_id());
  answer.mutable_event_address_info()->set_this_dn("7001");
  s.pipe->give(delimited(answer));
  for (int i = 0; i < 200 && !s.link.poll(0ms); ++i)
    ;
  auto e = s.link.next();
  REQUIRE(e);
  CHECK(std::get<event_address_info>(*e).this_dn == "7001");
}

TEST_CASE("a stream without room is waited for, and nothing is sent twice") {
  stand s;
  s.sign_on();
  s.pipe->room = 5;
  REQUIRE(s.link.query_address("7001"));
  CHECK(s.link.wants_write());
  CHECK((s.link.poll_events() & POLLOUT) == 0); // the stream has its own way to say so
  s.pipe->room = std::string::npos;
  s.link.poll(0ms);
  CHECK_FALSE(s.link.wants_write());
  CHECK(take_frames(*s.pipe).size() == 1);
  CHECK(s.pipe->written.empty());
}

TEST_CASE("a stream's end and its faults end the link as TCP's do") {
  stand s;
  s.sign_on();
  bool broken = GENERATE(false, true);
  if (broken)
    s.pipe->fail(ECONNRESET);
  else
    s.pipe->end();
  s.link.poll(0ms);
  CHECK(s.link.result().fault == link_fault::closed_by_peer);
  CHECK(s.pipe->closed);
  CHECK(s.link.descriptor() == -1);
}

TEST_CASE("heartbeats and silence go by the clock that a program gives") {
  stand s;
  s.sign_on();
  s.time += 1000ms;
  s.link.poll(0ms);
  auto said = take_frames(*s.pipe);
  REQUIRE(said.size() == 1);
  CHECK(said[0].has_heartbeat());
  CHECK(s.link.next_deadline() == s.time + 1000ms);
  s.time += 1999ms;
  s.link.poll(0ms);
  CHECK(s.link.state() == link_state::up);
  s.time += 1ms;
  s.link.poll(0ms);
  CHECK(s.link.result().fault == link_fault::silent);
}

TEST_CASE("no answer to the sign-on, and no stream at all, are error values") {
  stand s;
  s.time += 5s;
  s.link.poll(0ms);
  CHECK(s.link.result().fault == link_fault::timed_out);
  CHECK(s.link.open(std::unique_ptr<transport>{}, {}).fault == link_fault::refused);
}
