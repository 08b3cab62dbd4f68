#include "bench/speak/peers/nats_protocol.hpp"

#include <cstring>

namespace ringdown::bench {

namespace {

constexpr std::uint32_t error_reply = 52; // NATS has texts, no codes

} // namespace

nats_protocol::nats_protocol(const std::vector<link_plan>& plans, const event_template& events)
  : plans_(plans), events_(events), slots_(plans.size()),
    opening_(plans.size()), request_{"PUB " + events.prefix(),
                                     " " + std::to_string(events.event_bytes()) +
                                       std::string{line_end}} {}

void nats_protocol::on_info(link_port& port, std::size_t link) {
  std::string request = "CONNECT {\"verbose\":true,\"pedantic\":false}\r\n";
  opening_[link] = 1;
  if (plans_[link].receives())
    for (auto dn : plans_[link].dns) {
      request += "SUB " + events_.dn_name(dn) + " " + std::to_string(++opening_[link]) + "\r\n";
    }
  port.say(link, request);
}

void nats_protocol::on_ok(link_port& port, std::size_t link, run_sink& sink) {
  if (opening_[link] > 0) {
    if (--opening_[link] == 0)
      port.came_up(link);
    return;
  }
  if (auto slot = slots_.answered(link))
    sink.on_ack(link, *slot, 0);
  else
    port.lose(link, "an answer to nothing");
}

std::size_t nats_protocol::request_bytes_max() const noexcept {
  return request_.bytes(events_);
}

std::size_t nats_protocol::write_request(char* out, std::size_t link, slot_index slot,
                                         const event_template::mark& mark) {
  request_.write(out, events_, mark);
  slots_.sent(link, slot);
  return request_bytes_max();
}

std::size_t nats_protocol::take(link_port& port, std::size_t link, std::string_view bytes,
                                run_sink& sink) {
  std::size_t done = 0;
  while (true) {
    auto rest = bytes.substr(done);
    auto end = rest.find('\n');
    if (end == std::string_view::npos)
      return done;
    auto line = rest.substr(0, end);
    auto used = end + 1;
    if (line.starts_with("MSG ")) {
      used = take_message(port, link, rest, sink);
      if (used == 0)
        return done;
    } else if (line.starts_with("+OK")) {
      on_ok(port, link, sink);
    } else if (line.starts_with("INFO ")) {
      on_info(port, link);
    } else if (line.starts_with("PING")) {
      port.say(link, "PONG\r\n");
    } else if (auto slot = slots_.answered(link); slot && line.starts_with("-ERR")) {
      sink.on_refusal(link, *slot, error_reply, std::chrono::milliseconds{1});
    } else {
      port.lose(link, std::string{line});
      return done;
    }
    ++frames_;
    done += used;
  }
}

/// "MSG subject sid bytes", a line end, the event, a line end. 0: not whole yet.
std::size_t nats_protocol::take_message(link_port& port, std::size_t link, std::string_view bytes,
                                        run_sink& sink) {
  auto head = bytes.find('\n') + 1;
  auto size = head + events_.event_bytes() + line_end.size();
  if (bytes.size() < size)
    return 0;
  if (bytes.substr(size - line_end.size(), line_end.size()) != line_end)
    port.lose(link, "a message of another size");
  sink.on_delivery(link, bytes.substr(head, events_.event_bytes()), 0);
  return size;
}

} // namespace ringdown::bench
