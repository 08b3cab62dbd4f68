#include "bench/speak/event_template.hpp"

#include "messages/wire.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <random>

namespace ringdown::bench {

namespace {

constexpr std::size_t noise_bytes = 64 * 1024;

// Field numbers of the wire contract.
constexpr std::uint32_t frame_reference = 1;
constexpr std::uint32_t frame_send_event = 15;
constexpr std::uint32_t request_this_dn = 1;
constexpr std::uint32_t request_event = 15;
constexpr std::uint32_t event_this_dn = 1;
constexpr std::uint32_t event_message_type = 2;
constexpr std::uint32_t event_user_data = 4;
constexpr std::uint32_t user_data_pairs = 1;
constexpr std::uint32_t pair_key = 1;
constexpr std::uint32_t pair_string = 3;
constexpr std::uint32_t pair_binary = 4;

std::string bytes_field(std::uint32_t number, std::string_view content) {
  std::string out(content.size() + 16, '\0');
  auto* end = wire::put_bytes(out.data(), number, content);
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

/// The pair that makes an event a command.
std::string command_pair(capture_verb command) {
  if (command == capture_verb::none)
    return {};
  return bytes_field(user_data_pairs, bytes_field(pair_key, screen_capture_key) +
                                        bytes_field(pair_string, to_string(command)));
}

std::string user_data_of(const std::string& first_pair, std::string_view payload) {
  return first_pair + bytes_field(user_data_pairs, bytes_field(pair_key, "bench") +
                                                     bytes_field(pair_binary, payload));
}

} // namespace

event_template::event_template(std::string prefix, std::uint32_t dns, std::size_t user_data_bytes,
                               capture_verb command)
  : prefix_(std::move(prefix)), dns_(dns) {
  for (std::uint32_t dn = 0; dn < dns; ++dn) {
    auto text = std::to_string(dn);
    all_digits_ += std::string(digits - std::min(digits, text.size()), '0') + text;
  }
  auto first_pair = command_pair(command);
  auto wanted = std::max(user_data_bytes, user_data_bytes_min + first_pair.size());
  std::mt19937 random{20'240'501};
  noise_.resize(noise_bytes + wanted);
  for (char& c : noise_)
    c = static_cast<char>(random());
  auto payload = wanted;
  while (user_data_of(first_pair, std::string(payload, 'x')).size() > wanted)
    --payload;
  build(payload, first_pair);
}

/// Lays the frame out once, with marks where the places are, and finds these.
void event_template::build(std::size_t payload_bytes, const std::string& first_pair) {
  payload_bytes_ = payload_bytes;
  auto name = prefix_ + std::string(digits, '\x01');
  auto data = user_data_of(first_pair, std::string(payload_bytes, '\x02'));
  auto event = bytes_field(event_this_dn, name);
  char type[8];
  event.append(type, wire::put_number(type, event_message_type, 1));
  event += bytes_field(event_user_data, data);
  auto request = bytes_field(request_this_dn, name) + bytes_field(request_event, event);
  char reference[8];
  std::string body{reference, wire::put_number(reference, frame_reference, reference_min)};
  auto reference_bytes = body.size();
  body += bytes_field(frame_send_event, request);
  char prefix[16];
  frame_.assign(prefix, wire::put_varint(prefix, body.size()));
  reference_at_ = frame_.size() + reference_bytes - 2;
  frame_ += body;
  event_bytes_ = event.size();
  event_at_ = frame_.size() - event.size();
  payload_at_ = frame_.size() - payload_bytes;
  request_dn_at_ = frame_.find(std::string(digits, '\x01'));
  event_dn_at_ = frame_.find(std::string(digits, '\x01'), event_at_);
}

std::string event_template::dn_name(std::uint32_t dn) const {
  return prefix_ + std::string{dn_digits(dn)};
}

std::optional<std::uint32_t> event_template::dn_of(std::string_view name) const noexcept {
  std::uint32_t index = 0;
  if (name.size() != prefix_.size() + digits || !name.starts_with(prefix_))
    return std::nullopt;
  auto text = name.substr(prefix_.size());
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc{} || end != text.data() + text.size() || index >= dns_)
    return std::nullopt;
  return index;
}

std::string_view event_template::filling(const mark& m) const noexcept {
  static_assert(noise_bytes == 1u << 16, "the offset is the top 16 bits of a product");
  auto seed =
    m.number + m.dn * 0x1'0000'0001u + static_cast<std::uint64_t>(m.stamp_ns) * 0x85eb'ca6bu;
  auto offset = (seed * 0x9e3779b97f4a7c15u) >> 48;
  return {noise_.data() + offset, payload_bytes_ - mark_bytes};
}

/// The changing parts of an event whose fixed parts stand.
void event_template::fill(char* event, const mark& m) const noexcept {
  std::memcpy(event + (event_dn_at_ - event_at_), dn_digits(m.dn).data(), digits);
  auto* payload = event + (payload_at_ - event_at_);
  std::memcpy(payload, &m.dn, sizeof m.dn);
  std::memcpy(payload + 4, &m.number, sizeof m.number);
  std::memcpy(payload + 12, &m.stamp_ns, sizeof m.stamp_ns);
  auto rest = filling(m);
  std::memcpy(payload + mark_bytes, rest.data(), rest.size());
}

void event_template::write(char* out, std::uint32_t reference, const mark& m) const noexcept {
  std::memcpy(out, frame_.data(), payload_at_);
  out[reference_at_] = static_cast<char>((reference & 0x7f) | 0x80);
  out[reference_at_ + 1] = static_cast<char>(reference >> 7);
  std::memcpy(out + request_dn_at_, dn_digits(m.dn).data(), digits);
  fill(out + event_at_, m);
}

void event_template::write_event(char* out, const mark& m) const noexcept {
  std::memcpy(out, frame_.data() + event_at_, payload_at_ - event_at_);
  fill(out, m);
}

event_template::reading event_template::read(std::string_view event) const noexcept {
  reading result;
  if (event.size() != event_bytes_)
    return result;
  auto& m = result.of;
  auto* payload = event.data() + (payload_at_ - event_at_);
  std::memcpy(&m.dn, payload, sizeof m.dn);
  std::memcpy(&m.number, payload + 4, sizeof m.number);
  std::memcpy(&m.stamp_ns, payload + 12, sizeof m.stamp_ns);
  if (m.dn >= dns_)
    return result;
  auto same = [&](std::size_t from, std::size_t to) { // places in the frame
    return std::memcmp(event.data() + (from - event_at_), frame_.data() + from, to - from) == 0;
  };
  auto rest = filling(m);
  result.intact =
    same(event_at_, event_dn_at_) &&
    std::memcmp(event.data() + (event_dn_at_ - event_at_), dn_digits(m.dn).data(), digits) == 0 &&
    same(event_dn_at_ + digits, payload_at_) &&
    std::memcmp(payload + mark_bytes, rest.data(), rest.size()) == 0;
  return result;
}

} // namespace ringdown::bench
