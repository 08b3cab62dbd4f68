#include "bench/speak/peers/redis_protocol.hpp"

#include <algorithm>
#include <cstring>

namespace ringdown::bench {

namespace {

constexpr std::size_t subscribe_at_once = 256; // as with ours
constexpr std::uint32_t error_reply = 52;      // Redis has texts, no codes

std::string bulk_head(std::size_t bytes) {
  return "$" + std::to_string(bytes) + std::string{line_end};
}

std::string bulk(std::string_view text) {
  return bulk_head(text.size()) + std::string{text} + std::string{line_end};
}

} // namespace

redis_protocol::redis_protocol(const std::vector<link_plan>& plans, const event_template& events)
  : plans_(plans), events_(events), slots_(plans.size()), subscriptions_(plans.size()) {
  auto channel = bulk_head(events.dn_name(0).size()) + events.prefix();
  request_.head = "*3\r\n" + bulk("PUBLISH") + channel;
  message_head_ = "*3\r\n" + bulk("message") + channel;
  request_.middle = std::string{line_end} + bulk_head(events.event_bytes());
}

void redis_protocol::on_open(link_port& port, std::size_t link) {
  if (plans_[link].receives())
    subscribe_more(port, link);
  else
    port.came_up(link);
}

void redis_protocol::subscribe_more(link_port& port, std::size_t link) {
  auto& s = subscriptions_[link];
  auto& dns = plans_[link].dns;
  if (s.stand < s.asked)
    return;
  if (s.asked == dns.size())
    return port.came_up(link);
  auto count = std::min(subscribe_at_once, dns.size() - s.asked);
  auto request = "*" + std::to_string(count + 1) + "\r\n" + bulk("SUBSCRIBE");
  for (std::size_t i = 0; i < count; ++i)
    request += bulk(events_.dn_name(dns[s.asked + i]));
  s.asked += static_cast<std::uint32_t>(count);
  port.say(link, request);
}

std::size_t redis_protocol::request_bytes_max() const noexcept {
  return request_.bytes(events_);
}

std::size_t redis_protocol::write_request(char* out, std::size_t link, slot_index slot,
                                          const event_template::mark& mark) {
  request_.write(out, events_, mark);
  slots_.sent(link, slot);
  return request_bytes_max();
}

std::size_t redis_protocol::take(link_port& port, std::size_t link, std::string_view bytes,
                                 run_sink& sink) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto rest = bytes.substr(done);
    auto used = rest.front() == '*' ? take_message(port, link, rest, sink)
                                    : take_line(port, link, rest, sink);
    if (used == 0)
      break;
    ++frames_;
    done += used;
  }
  return done;
}

/// All deliveries are of one size, and differ in the channel's digits and the event.
std::size_t redis_protocol::take_message(link_port& port, std::size_t link, std::string_view bytes,
                                         run_sink& sink) {
  auto same = std::min(bytes.size(), message_head_.size());
  if (bytes.substr(0, same) != std::string_view{message_head_}.substr(0, same))
    return take_subscribed(port, link, bytes);
  auto event_at = message_head_.size() + event_template::digits + request_.middle.size();
  auto size = event_at + events_.event_bytes() + line_end.size();
  if (bytes.size() < size)
    return 0;
  sink.on_delivery(link, bytes.substr(event_at, events_.event_bytes()), 0);
  return size;
}

/// "*3", "$9", "subscribe", the channel's length and name, ":" and how many: six lines.
std::size_t redis_protocol::take_subscribed(link_port& port, std::size_t link,
                                            std::string_view bytes) {
  constexpr int lines = 6;
  constexpr std::string_view head = "*3\r\n$9\r\nsubscribe\r\n";
  if (bytes.size() < head.size())
    return 0;
  if (!bytes.starts_with(head)) {
    port.lose(link, "a reply that is not expected");
    return 0;
  }
  std::size_t end = 0;
  for (int i = 0; i < lines; ++i) {
    auto found = bytes.find(line_end, end);
    if (found == std::string_view::npos)
      return 0;
    end = found + line_end.size();
  }
  ++subscriptions_[link].stand;
  subscribe_more(port, link);
  return end;
}

std::size_t redis_protocol::take_line(link_port& port, std::size_t link, std::string_view bytes,
                                      run_sink& sink) {
  auto end = bytes.find('\n');
  if (end == std::string_view::npos)
    return 0;
  auto slot = slots_.answered(link);
  if (!slot)
    port.lose(link, "an answer to nothing: " + std::string{bytes.substr(0, end)});
  else if (bytes.front() == ':')
    sink.on_ack(link, *slot, 0);
  else
    sink.on_refusal(link, *slot, error_reply, std::chrono::milliseconds{1});
  return end + 1;
}

} // namespace ringdown::bench
