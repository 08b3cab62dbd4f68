#include "bench/speak/ringdown_protocol.hpp"

#include "client/internal/codec.hpp"
#include "client/text/describe.hpp"
#include "messages/frame.hpp"
#include "messages/wire.hpp"

#include <algorithm>

namespace ringdown::bench {

using namespace ringdown::client;

namespace {

/// Room for the broker's default limit and what it writes in front of an event.
constexpr std::size_t frame_bytes_max = 256 * 1024;

// Bodies of a Frame that come often, and their fields.
constexpr std::uint32_t frame_event_ack = 61;
constexpr std::uint32_t frame_event_user_event = 110;
constexpr std::uint32_t ack_dn_sequence = 2;
constexpr std::uint32_t user_event_dn_sequence = 2;
constexpr std::uint32_t user_event_origin_role = 6;
constexpr std::uint32_t user_event_event = 15;

} // namespace

ringdown_protocol::ringdown_protocol(options o, const std::vector<link_plan>& plans,
                                     const event_template& events)
  : options_(std::move(o)), plans_(plans), events_(events), links_(plans.size()) {}

std::string ringdown_protocol::heartbeat() const {
  return codec::heartbeat();
}

std::size_t ringdown_protocol::window_max() const noexcept {
  auto by_bytes = granted_.window_bytes / events_.frame_bytes();
  return std::min<std::size_t>({granted_.window_requests, by_bytes, event_template::slots_max});
}

void ringdown_protocol::on_open(link_port& port, std::size_t link) {
  links_[link] = {}; // it may have been here before
  identity who;
  who.application_name = options_.application_name;
  who.instance = random_instance_id();
  who.role = plans_[link].role;
  who.capabilities = options_.capabilities;
  who.credentials = options_.credentials;
  who.heartbeat_interval = options_.heartbeat_interval;
  auto first_words = codec::sign_on({1}, who);
  // One DN need not wait for what the broker grants.
  if (auto& dns = plans_[link].dns; !dns.empty()) {
    first_words += codec::register_address({2}, {{events_.dn_name(dns.front())}}, {});
    links_[link].asked = 1;
  }
  port.say(link, first_words);
}

std::size_t ringdown_protocol::write_request(char* out, std::size_t, slot_index slot,
                                             const event_template::mark& mark) {
  events_.write(out, event_template::reference_min + slot, mark);
  return events_.frame_bytes();
}

std::string ringdown_protocol::broker() const {
  auto& version = granted_.server_version;
  return version.empty() ? granted_.server_name : granted_.server_name + " " + version;
}

std::size_t ringdown_protocol::take(link_port& port, std::size_t link, std::string_view bytes,
                                    run_sink& sink) {
  std::size_t done = 0;
  while (true) {
    auto piece = next_frame(bytes.substr(done), frame_bytes_max);
    if (piece.status == cut_status::need_more)
      return done;
    if (piece.status != cut_status::complete) {
      port.lose(link, "a malformed or oversized frame");
      return done;
    }
    done += piece.consumed;
    ++frames_;
    if (links_[link].at == phase::up)
      on_frame(port, link, piece.frame, sink);
    else
      opening_frame(port, link, piece.frame);
  }
}

// ---- bringing up ---------------------------------------------------------------------------

void ringdown_protocol::opening_frame(link_port& port, std::size_t link, std::string_view frame) {
  auto& l = links_[link];
  auto what = codec::decode(frame);
  if (auto* connected = std::get_if<codec::link_connected>(&what)) {
    granted_ = connected->granted;
    l.at = phase::registering;
    return register_more(port, link);
  }
  auto* e = std::get_if<event>(&what);
  if (e != nullptr && std::holds_alternative<event_registered>(*e)) {
    ++l.registered;
    return register_more(port, link);
  }
  if (e != nullptr)
    return refused(port, link, *e);
  if (std::holds_alternative<codec::garbage>(what))
    port.lose(link, "a frame that is not of this protocol");
}

/// What is said instead of the answer, of the connection or of a request.
void ringdown_protocol::refused(link_port& port, std::size_t link, const event& e) {
  if (auto* end = std::get_if<event_link_disconnected>(&e); end != nullptr && end->retry_after)
    return port.turn_away(link, std::string{to_string(end->reason)} + ", " + end->text,
                          *end->retry_after);
  if (auto* error = std::get_if<event_error>(&e); error != nullptr && error->retry_after)
    return port.turn_away(link, std::to_string(error->code) + ", " + error->text,
                          *error->retry_after);
  port.lose(link, describe(e));
}

/// The next part of the DNs, once all answers to the last part are in.
void ringdown_protocol::register_more(link_port& port, std::size_t link) {
  auto& l = links_[link];
  auto& dns = plans_[link].dns;
  if (l.registered < l.asked)
    return;
  if (l.asked == dns.size()) {
    l.at = phase::up;
    return port.came_up(link);
  }
  std::size_t most = std::min(granted_.dns_per_request_max, granted_.window_requests);
  auto count = std::min(std::max<std::size_t>(most, 1), dns.size() - l.asked);
  std::vector<std::string> part;
  part.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    part.push_back(events_.dn_name(dns[l.asked + i]));
  l.asked += static_cast<std::uint32_t>(count);
  port.say(link, codec::register_address({2}, part, {}));
}

// ---- events --------------------------------------------------------------------------------

void ringdown_protocol::on_frame(link_port& port, std::size_t link, std::string_view frame,
                                 run_sink& sink) {
  if (options_.on_event)
    return take_decoded(port, link, frame);
  auto view = look(frame);
  if (view.body_number == frame_event_ack)
    take_ack(link, view, sink);
  else if (view.body_number == frame_event_user_event)
    take_delivery(link, view.body, sink);
  else
    take_other(port, link, frame, sink);
}

void ringdown_protocol::take_decoded(link_port& port, std::size_t link, std::string_view frame) {
  auto what = codec::decode(frame);
  if (std::holds_alternative<codec::garbage>(what))
    return port.lose(link, "a frame that is not of this protocol");
  auto* e = std::get_if<event>(&what);
  if (e != nullptr && std::holds_alternative<event_link_disconnected>(*e))
    port.lose(link, describe(*e));
  else if (e != nullptr)
    options_.on_event(link, *e);
}

void ringdown_protocol::take_ack(std::size_t link, const frame_view& view, run_sink& sink) {
  ringdown::wire::reader fields{view.body};
  ringdown::wire::field f;
  std::uint64_t sequence = 0;
  while (sequence == 0 && fields.next(f) == ringdown::wire::step::field)
    if (f.number == ack_dn_sequence)
      sequence = f.value;
  sink.on_ack(link, view.reference.value - event_template::reference_min, sequence);
}

void ringdown_protocol::take_delivery(std::size_t link, std::string_view body, run_sink& sink) {
  ringdown::wire::reader fields{body};
  ringdown::wire::field f;
  std::uint64_t sequence = 0;
  std::string_view bytes;
  bool is_brokers_own = false; // an order or an alarm: nobody of ours sent it
  while (fields.next(f) == ringdown::wire::step::field) {
    if (f.number == user_event_dn_sequence)
      sequence = f.value;
    else if (f.number == user_event_origin_role)
      is_brokers_own = f.value == static_cast<std::uint64_t>(role::broker);
    else if (f.number == user_event_event)
      bytes = f.bytes;
  }
  if (is_brokers_own)
    return;
  sink.on_delivery(link, bytes, sequence);
}

void ringdown_protocol::take_other(link_port& port, std::size_t link, std::string_view frame,
                                   run_sink& sink) {
  auto what = codec::decode(frame);
  if (std::holds_alternative<codec::garbage>(what))
    return port.lose(link, "a frame that is not of this protocol");
  auto* e = std::get_if<event>(&what);
  if (e == nullptr)
    return; // a heartbeat
  if (auto* error = std::get_if<event_error>(e))
    sink.on_refusal(link, error->reference.value - event_template::reference_min, error->code,
                    error->retry_after.value_or(std::chrono::milliseconds{1}));
  else if (auto* missed = std::get_if<event_missed>(e))
    sink.on_missed(link, missed->this_dn, missed->to.value - missed->from.value + 1);
  else if (std::holds_alternative<event_link_disconnected>(*e))
    port.lose(link, describe(*e));
}

} // namespace ringdown::bench
