// What a loop's traces take of what passes, and within which bounds.
#include "broker/edge/traces.hpp"
#include "messages/frame.hpp"

#include <catch2/catch.hpp>

#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::edge;
using namespace std::chrono_literals;

namespace {

constexpr loop_traces::time_point start{};

client_identity client_with(std::uint64_t id) {
  client_identity who;
  who.id = {id};
  who.role = role::desktop;
  who.application = "desk";
  return who;
}

trace_wanted on_dn(std::uint64_t id, std::string dn) {
  return {id, std::move(dn), {}, 30s};
}

std::string query(std::uint32_t reference, const std::string& dn) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_request_query_address()->set_this_dn(dn);
  return frame.SerializeAsString();
}

std::string acked(std::uint32_t reference) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_event_ack()->set_version(1);
  return delimited(frame);
}

void come(loop_traces& to, const client_identity& from, const std::string& frame) {
  to.came(from, 1, {frame});
}

std::vector<std::string> kinds(loop_traces& of, std::uint64_t id, std::uint64_t after = 0) {
  std::vector<std::string> all;
  auto part = of.read(id, after, 1000);
  REQUIRE(part);
  for (auto& line : part.lines)
    all.push_back(std::string{line.frame.kind} + " " + line.frame.dn);
  return all;
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("a trace of a DN has what names it, and the answers to that, and nothing else") {
  loop_traces traces;
  CHECK_FALSE(traces.any());
  traces.open(on_dn(1, "7001"), start);
  CHECK(traces.any());
  auto one = client_with(1);
  auto other = client_with(2);
  come(traces, one, query(5, "7001"));
  come(traces, one, query(6, "70011"));
  traces.left(other, 1, acked(5));
  traces.left(one, 1, acked(6) + acked(5) + acked(5));
  CHECK(kinds(traces, 1) == list{"RequestQueryAddress 7001", "EventACK 7001"});
}

TEST_CASE("an answer that names another DN of the same request is not told") {
  loop_traces traces;
  traces.open(on_dn(1, "7001"), start);
  v1::Frame both;
  both.set_reference_id(5);
  both.mutable_request_register_address()->add_this_dn("7001");
  both.mutable_request_register_address()->add_this_dn("7002");
  auto registered = [](const char* dn) {
    v1::Frame frame;
    frame.set_reference_id(5);
    frame.mutable_event_registered()->set_this_dn(dn);
    return delimited(frame);
  };
  auto who = client_with(1);
  come(traces, who, both.SerializeAsString());
  traces.left(who, 1, registered("7002") + registered("7001"));
  CHECK(kinds(traces, 1) == list{"RequestRegisterAddress 7001", "EventRegistered 7001"});
}

TEST_CASE("a trace of a client has all that it says and hears") {
  loop_traces traces;
  traces.open({1, {}, client_id{1}, 30s}, start);
  come(traces, client_with(1), query(5, "7001"));
  come(traces, client_with(2), query(5, "7001"));
  traces.left(client_with(1), 2, acked(5));
  auto part = traces.read(1, 0, 10);
  REQUIRE(part);
  REQUIRE(part.lines.size() == 2);
  CHECK(part.lines[0].is_from_client);
  CHECK(part.lines[0].client == client_id{1});
  CHECK(part.lines[0].role == role::desktop);
  CHECK(part.lines[0].application == "desk");
  CHECK(part.lines[0].time_us == 1);
  CHECK_FALSE(part.lines[1].is_from_client);
  CHECK(part.lines[1].frame.result == "accepted");
}

TEST_CASE("traces do not know of each other") {
  loop_traces traces;
  traces.open(on_dn(1, "7001"), start);
  traces.open(on_dn(2, "7002"), start);
  come(traces, client_with(1), query(5, "7002"));
  CHECK(kinds(traces, 1).empty());
  CHECK(kinds(traces, 2) == list{"RequestQueryAddress 7002"});
  traces.close(2);
  CHECK_FALSE(traces.read(2, 0, 10));
  CHECK(traces.any());
}

TEST_CASE("lines stay until later ones are asked for, and come in parts") {
  loop_traces traces;
  traces.open(on_dn(1, "7001"), start);
  for (std::uint32_t i = 0; i < 3; ++i)
    come(traces, client_with(1), query(i, "7001"));
  for (int again = 0; again < 2; ++again) {
    auto part = traces.read(1, 0, 2);
    REQUIRE(part);
    CHECK(part.lines.size() == 2);
    CHECK_FALSE(part.is_whole);
    CHECK(part.last == 3);
  }
  auto part = traces.read(1, 2, 2);
  REQUIRE(part);
  REQUIRE(part.lines.size() == 1);
  CHECK(part.lines.front().number == 3);
  CHECK(part.is_whole);
  CHECK(kinds(traces, 1).size() == 1); // what was read is gone
}

TEST_CASE("a trace that nobody reads holds so many lines and bytes, and counts what is lost") {
  loop_traces traces;
  traces.open(on_dn(1, "7001"), start);
  traces.open(on_dn(2, std::string(255, '7')), start);
  auto who = client_with(1);
  auto wordy = who;
  wordy.application = std::string(64, 'a');
  for (std::size_t i = 0; i < trace_lines_max + 10; ++i) {
    come(traces, who, query(1, "7001"));
    come(traces, wordy, query(1, std::string(255, '7')));
  }
  auto lines = traces.read(1, 0, 2 * trace_lines_max);
  REQUIRE(lines);
  CHECK(lines.lines.size() == trace_lines_max);
  CHECK(lines.last == trace_lines_max + 10);
  auto bytes = traces.read(2, 0, 2 * trace_lines_max);
  REQUIRE(bytes);
  CHECK(bytes.lines.size() * 319 <= trace_bytes_max);
  CHECK(bytes.lines.size() < trace_lines_max);
  // What has room again is taken.
  CHECK(traces.read(1, trace_lines_max, 1));
  come(traces, who, query(1, "7001"));
  auto next = traces.read(1, trace_lines_max, 1);
  REQUIRE(next);
  REQUIRE(next.lines.size() == 1);
  CHECK(next.lines.front().number == trace_lines_max + 11);
}

TEST_CASE("a trace ends by itself, may be read for a while, and is gone") {
  loop_traces traces;
  traces.open(on_dn(1, "7001"), start);
  come(traces, client_with(1), query(1, "7001"));
  traces.look_at_clock(start + 29s);
  CHECK(traces.any());
  traces.look_at_clock(start + 30s);
  CHECK_FALSE(traces.any());
  come(traces, client_with(1), query(2, "7001"));
  auto part = traces.read(1, 0, 10);
  REQUIRE(part);
  CHECK(part.is_over);
  CHECK(part.lines.size() == 1);
  CHECK(part.last == 1);
  traces.look_at_clock(start + 30s + trace_grace);
  CHECK_FALSE(traces.read(1, 0, 10));
}
