// The peers' protocols on bytes: what they say, and what they hear wherever a read ends.
#include "bench/speak/peers/amqp_protocol.hpp"
#include "bench/speak/peers/mqtt_protocol.hpp"
#include "bench/speak/peers/nats_protocol.hpp"
#include "bench/speak/peers/redis_protocol.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::bench;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const event_template events{"bench", 4, 60};
constexpr event_template::mark mark{2, 7, 99};

std::string event_bytes() {
  std::string event(events.event_bytes(), '\0');
  events.write_event(event.data(), mark);
  return event;
}

std::vector<link_plan> a_producer_and_a_receiver() {
  std::vector<link_plan> plans(2);
  plans[0].dns = {0, 1, 2, 3};
  plans[1].role = role::recorder;
  plans[1].dns = {0, 2};
  return plans;
}

class ears : public run_sink {
public:
  void on_ack(std::size_t, slot_index slot, std::uint64_t) override { acked.push_back(slot); }
  void on_refusal(std::size_t, slot_index slot, std::uint32_t, std::chrono::milliseconds) override {
    refused.push_back(slot);
  }
  void on_delivery(std::size_t, std::string_view event, std::uint64_t) override {
    delivered.emplace_back(event);
  }
  void on_missed(std::size_t, std::string_view, std::uint64_t) override {}

  std::vector<slot_index> acked;
  std::vector<slot_index> refused;
  std::vector<std::string> delivered;
};

class mouth : public link_port {
public:
  void say(std::size_t, std::string_view bytes) override { said += bytes; }
  void came_up(std::size_t) override { ++up; }
  void lose(std::size_t, const std::string& why) override { lost += why; }

  std::string said;
  std::string lost;
  int up = 0;
};

/// Gives the bytes in two reads, as a socket may.
void hear(protocol& p, mouth& port, ears& sink, std::size_t link, const std::string& bytes,
          std::size_t split) {
  auto taken = p.take(port, link, std::string_view{bytes}.substr(0, split), sink);
  CHECK(taken <= split);
  CHECK(p.take(port, link, std::string_view{bytes}.substr(taken), sink) == bytes.size() - taken);
}

/// A method of AMQP as a broker says it: a class and a number of one byte each.
std::string amqp_method(char of_class, char number, std::string_view arguments = {}) {
  auto size = static_cast<char>(4 + arguments.size());
  return std::string{"\1\0\1\0\0\0", 6} + size + '\0' + of_class + '\0' + number +
         std::string{arguments} + '\xce';
}

/// basic.ack (80) or basic.nack (120) up to, or of, a request of this number.
std::string amqp_answer(char number, bool multiple, char what = 80) {
  return amqp_method(60, what, std::string(7, '\0') + number + (multiple ? '\1' : '\0'));
}

std::string request_of(protocol& p, slot_index slot) {
  std::string out(p.request_bytes_max(), '\0');
  out.resize(p.write_request(out.data(), 0, slot, mark));
  return out;
}

} // namespace

TEST_CASE("Redis publishes to the DN's channel, and answers come in order") {
  auto plans = a_producer_and_a_receiver();
  std::string answers = ":1\r\n-ERR no\r\n:12\r\n";
  for (std::size_t split = 0; split <= answers.size(); ++split) {
    redis_protocol p{plans, events};
    mouth port;
    ears sink;
    p.on_open(port, 0);
    CHECK(port.up == 1);
    auto size = std::to_string(events.event_bytes());
    CHECK(request_of(p, 5) == "*3\r\n$7\r\nPUBLISH\r\n$12\r\nbench0000002\r\n$" + size + "\r\n" +
                                event_bytes() + "\r\n");
    request_of(p, 3);
    request_of(p, 9);
    hear(p, port, sink, 0, answers, split);
    CHECK(sink.acked == std::vector<slot_index>{5, 9});
    CHECK(sink.refused == std::vector<slot_index>{3});
    CHECK(port.lost.empty());
  }
}

TEST_CASE("Redis delivers once its subscriptions stand") {
  auto plans = a_producer_and_a_receiver();
  auto message = "*3\r\n$7\r\nmessage\r\n$12\r\nbench0000002\r\n$" +
                 std::to_string(events.event_bytes()) + "\r\n" + event_bytes() + "\r\n";
  auto all = "*3\r\n$9\r\nsubscribe\r\n$12\r\nbench0000000\r\n:1\r\n"
             "*3\r\n$9\r\nsubscribe\r\n$12\r\nbench0000002\r\n:2\r\n" +
             message + message;
  for (std::size_t split = 0; split <= all.size(); ++split) {
    redis_protocol p{plans, events};
    mouth port;
    ears sink;
    p.on_open(port, 1);
    CHECK_THAT(port.said, StartsWith("*3\r\n$9\r\nSUBSCRIBE\r\n$12\r\nbench0000000\r\n"));
    hear(p, port, sink, 1, all, split);
    CHECK(port.up == 1);
    CHECK(sink.delivered == std::vector<std::string>{event_bytes(), event_bytes()});
  }
}

TEST_CASE("an answer to nothing ends the run") {
  auto plans = a_producer_and_a_receiver();
  redis_protocol redis{plans, events};
  nats_protocol nats{plans, events};
  ears sink;
  mouth port;
  redis.take(port, 0, ":1\r\n", sink);
  CHECK_THAT(port.lost, Contains("answer to nothing"));
  mouth other;
  nats.take(other, 0, "+OK\r\n", sink);
  CHECK_THAT(other.lost, Contains("answer to nothing"));
}

TEST_CASE("NATS comes up with its subscriptions, answers pings, and delivers") {
  auto plans = a_producer_and_a_receiver();
  auto message =
    "MSG bench0000002 3 " + std::to_string(events.event_bytes()) + "\r\n" + event_bytes() + "\r\n";
  auto all = "INFO {\"x\":1} \r\n+OK\r\n+OK\r\n+OK\r\nPING\r\n" + message + message;
  for (std::size_t split = 0; split <= all.size(); ++split) {
    nats_protocol p{plans, events};
    mouth port;
    ears sink;
    hear(p, port, sink, 1, all, split);
    CHECK_THAT(port.said, Contains("SUB bench0000000 2\r\nSUB bench0000002 3\r\n"));
    CHECK_THAT(port.said, Contains("PONG"));
    CHECK(port.up == 1);
    CHECK(sink.delivered.size() == 2);
    CHECK(sink.delivered.back() == event_bytes());
  }
  nats_protocol p{plans, events};
  mouth port;
  ears sink;
  p.take(port, 0, "INFO {}\r\n+OK\r\n", sink);
  CHECK_THAT(request_of(p, 4), StartsWith("PUB bench0000002 "));
  p.take(port, 0, "+OK\r\n", sink);
  CHECK(sink.acked == std::vector<slot_index>{4});
}

TEST_CASE("MQTT subscribes, delivers with its answer, and hears whom a PUBACK is for") {
  auto plans = a_producer_and_a_receiver();
  std::string connected{"\x20\x02\x00\x00", 4};
  std::string subscribed{"\x90\x04\x00\x01\x01\x01", 6};
  mqtt_protocol p{plans, events};
  mouth port;
  ears sink;
  p.on_open(port, 1);
  CHECK_THAT(port.said, Contains("MQTT"));
  p.take(port, 1, connected, sink);
  CHECK_THAT(port.said, Contains("bench0000002"));
  CHECK(port.up == 0);
  p.take(port, 1, subscribed, sink);
  CHECK(port.up == 1);
  // The packet of a producer is the one that a subscriber gets, but for its id.
  auto packet = request_of(p, 0x1234 - 1);
  for (std::size_t split = 0; split <= packet.size(); ++split) {
    port.said.clear();
    hear(p, port, sink, 1, packet, split);
    CHECK(sink.delivered.back() == event_bytes());
    CHECK(port.said == std::string{"\x40\x02\x12\x34", 4});
  }
  p.take(port, 0, std::string_view{"\x40\x02\x12\x34", 4}, sink);
  CHECK(sink.acked == std::vector<slot_index>{0x1234 - 1});
  CHECK(port.lost.empty());
  p.take(port, 0, std::string_view{"\x20\x02\x00\x05", 4}, sink);
  CHECK_THAT(port.lost, Contains("refused"));
}

TEST_CASE("AMQP's producer comes up when its confirms are on") {
  auto plans = a_producer_and_a_receiver();
  auto all = amqp_method(10, 10) + amqp_method(10, 30, {"\x07\xff\0\2\0\0\0\x3c", 8}) +
             amqp_method(10, 41, {"\0", 1}) + amqp_method(20, 11, {"\0\0\0\0", 4}) +
             amqp_method(85, 11);
  for (std::size_t split = 0; split <= all.size(); ++split) {
    amqp_protocol p{plans, events};
    mouth port;
    ears sink;
    p.on_open(port, 0);
    CHECK_THAT(port.said, StartsWith("AMQP"));
    hear(p, port, sink, 0, all, split);
    CHECK_THAT(port.said, Contains("PLAIN"));
    CHECK_THAT(port.said, Contains(std::string{"\x07\xff\0\2\0\0\0\0", 8})); // no heartbeats
    CHECK(port.up == 1);
    CHECK(port.lost.empty());
  }
}

TEST_CASE("AMQP's answers are for one request, or for all up to it, in any order") {
  auto plans = a_producer_and_a_receiver();
  auto answers = amqp_answer(3, true) + amqp_answer(5, false) + amqp_answer(4, false, 120) +
                 amqp_answer(0, true);
  for (std::size_t split = 0; split <= answers.size(); ++split) {
    amqp_protocol p{plans, events};
    mouth port;
    ears sink;
    for (slot_index slot : {9, 8, 7, 6, 5, 4})
      CHECK(request_of(p, slot).ends_with(event_bytes() + '\xce'));
    hear(p, port, sink, 0, answers, split);
    CHECK(sink.acked == std::vector<slot_index>{9, 8, 7, 5, 4});
    CHECK(sink.refused == std::vector<slot_index>{6});
    CHECK(port.lost.empty());
    p.take(port, 0, amqp_answer(5, false), sink);
    CHECK_THAT(port.lost, Contains("answer to nothing"));
  }
}

TEST_CASE("AMQP's receiver binds a queue to its DNs and hears what a producer published") {
  auto plans = a_producer_and_a_receiver();
  amqp_protocol p{plans, events};
  mouth port;
  ears sink;
  p.take(port, 1, amqp_method(20, 11, {"\0\0\0\0", 4}), sink);
  CHECK_THAT(port.said, Contains("bench1"));
  port.said.clear();
  p.take(port, 1, amqp_method(50, 11), sink);
  CHECK_THAT(port.said, Contains("bench0000000\1") && Contains(std::string{"bench0000002\0", 13}));
  p.take(port, 1, amqp_method(50, 21), sink);
  CHECK(port.up == 0);
  p.take(port, 1, amqp_method(60, 21), sink);
  CHECK(port.up == 1);
  // The frames of a producer are those that a receiver gets, but for the method.
  auto published = request_of(p, 1);
  auto delivery = amqp_method(60, 60) + published.substr(published.find('\xce') + 1);
  for (std::size_t split = 0; split <= delivery.size(); ++split) {
    hear(p, port, sink, 1, delivery, split);
    CHECK(sink.delivered.back() == event_bytes());
  }
  CHECK(sink.delivered.size() == delivery.size() + 1);
  p.take(port, 1, amqp_method(20, 40, {"\1\x94\2no", 5}), sink);
  CHECK(port.lost == "404 no");
}

TEST_CASE("AMQP's receiver of all DNs needs one binding") {
  auto plans = a_producer_and_a_receiver();
  plans[1].dns = {0, 1, 2, 3};
  amqp_protocol p{plans, events};
  mouth port;
  ears sink;
  p.take(port, 1, amqp_method(50, 11), sink);
  CHECK_THAT(port.said, Contains(std::string{"amq.topic\1#\0", 12}));
  CHECK_THAT(port.said, !Contains("bench0000000"));
}
