#include "bench/speak/peers/mqtt_protocol.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace ringdown::bench {

namespace {

// Packet types: the upper half of the first byte.
constexpr unsigned connack = 2;
constexpr unsigned publish = 3;
constexpr unsigned puback = 4;
constexpr unsigned suback = 9;
constexpr char connect_byte = 0x10;
constexpr char publish_qos1_byte = 0x32;
constexpr char puback_byte = 0x40;
constexpr char subscribe_byte = static_cast<char>(0x82);

constexpr std::size_t id_bytes = 2;
constexpr std::size_t subscribe_at_once = 256; // as with ours

std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::size_t two_bytes_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) << 8 |
         static_cast<unsigned char>(bytes[at + 1]);
}

std::string text(std::string_view content) {
  return two_bytes(content.size()) + std::string{content};
}

std::string packet(char type, const std::string& body) {
  std::string out{type};
  auto left = body.size();
  do {
    auto digit = left % 128;
    left /= 128;
    out += static_cast<char>(left > 0 ? digit | 128 : digit);
  } while (left > 0);
  return out + body;
}

/// Where the body of the packet at the front begins and ends; nothing if it is not whole.
std::optional<std::pair<std::size_t, std::size_t>> body_of(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 1; i < bytes.size() && i <= 4; ++i) {
    auto digit = static_cast<unsigned char>(bytes[i]);
    length |= std::size_t{digit & 127u} << (7 * (i - 1));
    if (digit < 128)
      return bytes.size() < i + 1 + length ? std::nullopt
                                           : std::optional{std::pair{i + 1, i + 1 + length}};
  }
  return std::nullopt;
}

} // namespace

mqtt_protocol::mqtt_protocol(const std::vector<link_plan>& plans, const event_template& events)
  : plans_(plans), events_(events), subscribed_(plans.size()) {
  std::string event(events.event_bytes(), '\0');
  request_ = packet(publish_qos1_byte, text(events.dn_name(0)) + two_bytes(0) + event);
  event_at_ = request_.size() - event.size();
  id_at_ = event_at_ - id_bytes;
  digits_at_ = id_at_ - event_template::digits;
}

void mqtt_protocol::on_open(link_port& port, std::size_t link) {
  constexpr char clean_session = 2;
  constexpr char version = 4;                                         // 3.1.1
  auto body = text("MQTT") + version + clean_session + two_bytes(0) + // no keep-alive
              text("bench" + std::to_string(link));
  port.say(link, packet(connect_byte, body));
}

void mqtt_protocol::subscribe_more(link_port& port, std::size_t link) {
  auto& asked = subscribed_[link];
  auto& dns = plans_[link].dns;
  if (!plans_[link].receives() || asked == dns.size())
    return port.came_up(link);
  auto count = std::min(subscribe_at_once, dns.size() - asked);
  auto body = two_bytes(1);
  for (std::size_t i = 0; i < count; ++i)
    body += text(events_.dn_name(dns[asked + i])) + '\1'; // QoS 1
  asked += static_cast<std::uint32_t>(count);
  port.say(link, packet(subscribe_byte, body));
}

std::size_t mqtt_protocol::write_request(char* out, std::size_t, slot_index slot,
                                         const event_template::mark& mark) {
  std::memcpy(out, request_.data(), event_at_);
  std::memcpy(out + digits_at_, events_.dn_digits(mark.dn).data(), event_template::digits);
  auto id = slot + 1; // 0 is none
  out[id_at_] = static_cast<char>(id >> 8);
  out[id_at_ + 1] = static_cast<char>(id & 0xff);
  events_.write_event(out + event_at_, mark);
  return request_.size();
}

std::size_t mqtt_protocol::take(link_port& port, std::size_t link, std::string_view bytes,
                                run_sink& sink) {
  std::size_t done = 0;
  while (auto body = body_of(bytes.substr(done))) {
    auto type = static_cast<unsigned char>(bytes[done]) >> 4;
    on_packet(port, link, type, bytes.substr(done + body->first, body->second - body->first), sink);
    ++frames_;
    done += body->second;
  }
  return done;
}

void mqtt_protocol::on_packet(link_port& port, std::size_t link, unsigned type,
                              std::string_view body, run_sink& sink) {
  if (type == publish)
    return on_publish(port, link, body, sink);
  if (body.size() < id_bytes)
    return port.lose(link, "a packet that is too short");
  switch (type) {
  case puback: return sink.on_ack(link, static_cast<slot_index>(two_bytes_at(body, 0)) - 1, 0);
  case connack:
    if (body[1] != 0)
      return port.lose(link, "connection refused: " + std::to_string(body[1]));
    return subscribe_more(port, link);
  case suback: return subscribe_more(port, link);
  default: return port.lose(link, "a packet that is not expected");
  }
}

void mqtt_protocol::on_publish(link_port& port, std::size_t link, std::string_view body,
                               run_sink& sink) {
  auto head = 2 + events_.prefix().size() + event_template::digits + id_bytes;
  if (body.size() < head)
    return port.lose(link, "a delivery without an id");
  sink.on_delivery(link, body.substr(head), 0);
  std::string answer{puback_byte, static_cast<char>(id_bytes)};
  answer += body.substr(head - id_bytes, id_bytes);
  port.say(link, answer);
}

} // namespace ringdown::bench
