#include "bench/speak/peers/amqp_protocol.hpp"

#include <cstring>

namespace ringdown::bench {

namespace {

// Types of frames.
constexpr char method_frame = 1;
constexpr char header_frame = 2;
constexpr char body_frame = 3;
constexpr char heartbeat_frame = 8;

constexpr std::size_t frame_head_bytes = 7; // type, channel, size
constexpr char frame_end = static_cast<char>(0xce);
constexpr std::size_t method_bytes = 4; // class and method
constexpr std::size_t number_bytes = 8; // a delivery tag

constexpr unsigned connection_channel = 0;
constexpr unsigned work_channel = 1;

/// A class and a method in it, as they stand in front of each other on the wire.
constexpr std::uint32_t method(std::uint32_t of_class, std::uint32_t number) {
  return of_class << 16 | number;
}

constexpr auto connection_start = method(10, 10);
constexpr auto connection_start_ok = method(10, 11);
constexpr auto connection_tune = method(10, 30);
constexpr auto connection_tune_ok = method(10, 31);
constexpr auto connection_open = method(10, 40);
constexpr auto connection_open_ok = method(10, 41);
constexpr auto connection_close = method(10, 50);
constexpr auto channel_open = method(20, 10);
constexpr auto channel_open_ok = method(20, 11);
constexpr auto channel_close = method(20, 40);
constexpr auto queue_declare = method(50, 10);
constexpr auto queue_declare_ok = method(50, 11);
constexpr auto queue_bind = method(50, 20);
constexpr auto queue_bind_ok = method(50, 21);
constexpr auto basic_consume = method(60, 20);
constexpr auto basic_consume_ok = method(60, 21);
constexpr auto basic_publish = method(60, 40);
constexpr auto basic_deliver = method(60, 60);
constexpr auto basic_ack = method(60, 80);
constexpr auto basic_nack = method(60, 120);
constexpr auto confirm_select = method(85, 10);
constexpr auto confirm_select_ok = method(85, 11);

constexpr std::uint32_t basic_class = 60;
constexpr std::string_view exchange = "amq.topic"; // each broker has it
constexpr std::string_view all_keys = "#";
constexpr char no_flags = 0;
constexpr char multiple_flag = 1;
// Of queue_declare, queue_bind and basic_consume.
constexpr char exclusive_flag = 4;
constexpr char bind_no_wait_flag = 1;
constexpr char no_ack_flag = 2;

constexpr std::uint32_t error_reply = 52; // a confirm that is denied has no code

std::string integer(std::uint64_t value, std::size_t bytes) {
  std::string out(bytes, '\0');
  for (auto i = bytes; i-- > 0; value >>= 8)
    out[i] = static_cast<char>(value & 0xff);
  return out;
}

std::uint64_t integer_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string short_text(std::string_view content) {
  return integer(content.size(), 1) + std::string{content};
}

std::string long_text(std::string_view content) {
  return integer(content.size(), 4) + std::string{content};
}

const std::string no_table = integer(0, 4);
const std::string reserved = integer(0, 2);

std::string frame(char type, unsigned channel, std::string_view payload) {
  return std::string{type} + integer(channel, 2) + long_text(payload) + frame_end;
}

std::string say_method(unsigned channel, std::uint32_t what, const std::string& arguments) {
  return frame(method_frame, channel, integer(what, method_bytes) + arguments);
}

std::string queue_of(std::size_t link) {
  return "bench" + std::to_string(link);
}

/// "code text" of a connection or channel that the broker closes.
std::string closing_text(std::string_view payload) {
  constexpr std::size_t code_bytes = 2;
  auto text_at = method_bytes + code_bytes + 1;
  if (payload.size() < text_at)
    return "the broker closed the channel";
  auto length = integer_at(payload, text_at - 1, 1);
  return std::to_string(integer_at(payload, method_bytes, code_bytes)) + " " +
         std::string{payload.substr(text_at, length)};
}

} // namespace

amqp_protocol::amqp_protocol(const std::vector<link_plan>& plans, const event_template& events)
  : plans_(plans), events_(events), slots_(plans.size()), delivering_(plans.size()) {
  auto publish = [&](std::string_view key) {
    return say_method(work_channel, basic_publish,
                      reserved + short_text(exchange) + short_text(key) + no_flags);
  };
  auto size = events.event_bytes();
  auto header = integer(basic_class, 2) + reserved + integer(size, 8) + integer(0, 2);
  request_ = publish(events.dn_name(0)) + frame(header_frame, work_channel, header);
  digits_at_ = publish(events.dn_name(0)).size() - 2 - event_template::digits; // flags, frame end
  event_at_ = request_.size() + frame_head_bytes;
  request_ += frame(body_frame, work_channel, std::string(size, '\0'));
}

void amqp_protocol::on_open(link_port& port, std::size_t link) {
  port.say(link, std::string_view{"AMQP\0\0\x09\x01", 8});
}

std::size_t amqp_protocol::write_request(char* out, std::size_t link, slot_index slot,
                                         const event_template::mark& mark) {
  std::memcpy(out, request_.data(), event_at_);
  std::memcpy(out + digits_at_, events_.dn_digits(mark.dn).data(), event_template::digits);
  events_.write_event(out + event_at_, mark);
  out[request_.size() - 1] = frame_end;
  slots_.sent(link, slot);
  return request_.size();
}

std::size_t amqp_protocol::take(link_port& port, std::size_t link, std::string_view bytes,
                                run_sink& sink) {
  std::size_t done = 0;
  while (bytes.size() - done > frame_head_bytes) {
    auto rest = bytes.substr(done);
    auto size = static_cast<std::size_t>(integer_at(rest, frame_head_bytes - 4, 4));
    if (rest.size() < frame_head_bytes + size + 1)
      break;
    auto payload = rest.substr(frame_head_bytes, size);
    switch (rest.front()) {
    case method_frame: on_method(port, link, payload, sink); break;
    case body_frame: on_body(port, link, payload, sink); break;
    case header_frame:
    case heartbeat_frame: break; // the body says enough
    default: port.lose(link, "a frame that is not expected"); return done;
    }
    ++frames_;
    done += frame_head_bytes + size + 1;
  }
  return done;
}

void amqp_protocol::on_method(link_port& port, std::size_t link, std::string_view payload,
                              run_sink& sink) {
  if (payload.size() < method_bytes)
    return port.lose(link, "a method that is too short");
  switch (static_cast<std::uint32_t>(integer_at(payload, 0, method_bytes))) {
  case basic_deliver: delivering_[link] = true; return;
  case basic_ack: return on_answer(port, link, payload, true, sink);
  case basic_nack: return on_answer(port, link, payload, false, sink);
  case connection_start:
    return port.say(link, say_method(connection_channel, connection_start_ok,
                                     no_table + short_text("PLAIN") +
                                       long_text({"\0guest\0guest", 12}) + short_text("en_US")));
  case connection_tune: {
    constexpr std::size_t channels_and_frame_bytes = 6; // as the broker wishes; no heartbeats
    auto as_wished = std::string{payload.substr(method_bytes, channels_and_frame_bytes)};
    return port.say(link,
                    say_method(connection_channel, connection_tune_ok, as_wished + integer(0, 2)) +
                      say_method(connection_channel, connection_open,
                                 short_text("/") + short_text("") + no_flags));
  }
  case connection_open_ok:
    return port.say(link, say_method(work_channel, channel_open, short_text("")));
  case channel_open_ok: return begin(port, link);
  case queue_declare_ok: return bind(port, link);
  case queue_bind_ok: return consume(port, link);
  case confirm_select_ok:
  case basic_consume_ok: return port.came_up(link);
  case connection_close:
  case channel_close: return port.lose(link, closing_text(payload));
  default: return port.lose(link, "a method that is not expected");
  }
}

/// A producer wants its events confirmed; a receiver needs a queue.
void amqp_protocol::begin(link_port& port, std::size_t link) {
  if (!plans_[link].receives())
    return port.say(link, say_method(work_channel, confirm_select, std::string{no_flags}));
  port.say(link, say_method(work_channel, queue_declare,
                            reserved + short_text(queue_of(link)) + exclusive_flag + no_table));
}

/// A receiver of all DNs has one binding, others one for each DN. Only the last is answered.
void amqp_protocol::bind(link_port& port, std::size_t link) {
  auto& dns = plans_[link].dns;
  auto binding = [&](std::string_view key, char flags) {
    return say_method(work_channel, queue_bind,
                      reserved + short_text(queue_of(link)) + short_text(exchange) +
                        short_text(key) + flags + no_table);
  };
  if (dns.size() == events_.dns())
    return port.say(link, binding(all_keys, no_flags));
  for (auto dn : dns)
    port.say(link, binding(events_.dn_name(dn), dn == dns.back() ? no_flags : bind_no_wait_flag));
}

void amqp_protocol::consume(link_port& port, std::size_t link) {
  port.say(link, say_method(work_channel, basic_consume,
                            reserved + short_text(queue_of(link)) + short_text("") + no_ack_flag +
                              no_table));
}

void amqp_protocol::on_answer(link_port& port, std::size_t link, std::string_view payload,
                              bool accepted, run_sink& sink) {
  if (payload.size() < method_bytes + number_bytes + 1)
    return port.lose(link, "an answer that is too short");
  auto number = integer_at(payload, method_bytes, number_bytes);
  bool multiple = (payload[method_bytes + number_bytes] & multiple_flag) != 0;
  bool known = slots_.answered(link, number, multiple, [&](slot_index slot) {
    if (accepted)
      sink.on_ack(link, slot, 0);
    else
      sink.on_refusal(link, slot, error_reply, std::chrono::milliseconds{1});
  });
  if (!known)
    port.lose(link, "an answer to nothing: " + std::to_string(number));
}

/// An event fits one frame, so a body that is of another size is none of ours.
void amqp_protocol::on_body(link_port& port, std::size_t link, std::string_view payload,
                            run_sink& sink) {
  if (!delivering_[link])
    return port.lose(link, "a body without a delivery");
  delivering_[link] = false;
  sink.on_delivery(link, payload, 0);
}

} // namespace ringdown::bench
