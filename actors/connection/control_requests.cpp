#include "actors/connection/control_requests.hpp"

#include "messages/frame.hpp"
#include "messages/refusals.hpp"
#include "messages/schema_check.hpp"
#include "messages/send_event.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <iterator>
#include <set>
#include <utility>

namespace ringdown {

namespace {

/// Control requests are flat but for a registration's extensions.
constexpr int control_depth_max = 2 * user_data_depth_max;

using dn_names = google::protobuf::RepeatedPtrField<std::string>;

/// 53 unless the request names 1 to dns_per_request_max DNs.
std::optional<fault> check_count(const dn_names& dns, const limits& bounds) {
  auto count = static_cast<std::size_t>(dns.size());
  if (count != 0 && count <= bounds.dns_per_request_max)
    return std::nullopt;
  return invalid("this_dn",
                 "1 to " + std::to_string(bounds.dns_per_request_max) + " DNs in one request");
}

/// 53 unless each name may be a DN's.
std::optional<fault> check_names(const dn_names& dns, const limits& bounds) {
  for (int i = 0; i < dns.size(); ++i)
    if (auto kind = check_dn(dns[i]); kind != send_fault::none) {
      auto wrong = describe_send_fault(kind, user_data_fault::none, bounds);
      wrong.attribute =
        dn_attribute(static_cast<std::size_t>(i), static_cast<std::size_t>(dns.size()));
      return wrong;
    }
  return std::nullopt;
}

control_request about(dn_names& dns, dn_request::kind what) {
  control_request read;
  read.each.what = what;
  read.dns.assign(std::make_move_iterator(dns.begin()), std::make_move_iterator(dns.end()));
  return read;
}

control_request about(std::string& dn, dn_request::kind what) {
  control_request read;
  read.each.what = what;
  read.dns.push_back(std::move(dn));
  return read;
}

} // namespace

std::string dn_attribute(std::size_t entry, std::size_t count) {
  return count == 1 ? "this_dn" : "this_dn[" + std::to_string(entry) + "]";
}

read_control read_registration(std::string_view body, const limits& bounds) {
  v1::RequestRegisterAddress asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  if (asked.every_dn() && !asked.this_dn().empty())
    return invalid("this_dn, every_dn", "one of the two");
  if (!asked.every_dn())
    if (auto wrong = check_count(asked.this_dn(), bounds))
      return *std::move(wrong);
  if (asked.mode() < v1::REGISTRATION_MODE_SHARE || asked.mode() > v1::REGISTRATION_MODE_MONITOR)
    return invalid("mode", "share (0), private (1), monitor (2)");
  if (static_cast<std::size_t>(asked.reasons_size()) > registration_reasons_max ||
      static_cast<std::size_t>(asked.extensions_size()) > registration_reasons_max)
    return invalid("reasons, extensions",
                   "at most " + std::to_string(registration_reasons_max) + " each");
  if (asked.every_dn() && asked.mode() != v1::REGISTRATION_MODE_MONITOR)
    return invalid("mode", "monitor (2), for every DN");
  auto read = about(*asked.mutable_this_dn(), dn_request::kind::register_);
  read.every_dn = asked.every_dn();
  read.each.mode = static_cast<registration_mode>(asked.mode());
  read.each.echo = asked.echo();
  read.each.standby = asked.standby();
  read.each.hear_outcomes = asked.hear_outcomes();
  return read;
}

read_control read_unregistration(std::string_view body, const limits& bounds) {
  v1::RequestUnregisterAddress asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  if (asked.every_dn() && !asked.this_dn().empty())
    return invalid("this_dn, every_dn", "one of the two");
  if (!asked.every_dn())
    if (auto wrong = check_count(asked.this_dn(), bounds))
      return *std::move(wrong);
  auto read = about(*asked.mutable_this_dn(), dn_request::kind::unregister);
  read.every_dn = asked.every_dn();
  return read;
}

read_control read_query(std::string_view body) {
  v1::RequestQueryAddress asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  return about(*asked.mutable_this_dn(), dn_request::kind::query);
}

read_control read_merge_calls(std::string_view body) {
  v1::RequestMergeCalls asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  auto read = about(*asked.mutable_this_dn(), dn_request::kind::merge_calls);
  read.each.connection = {asked.connection_id()};
  read.each.former = {asked.old_connection_id()};
  return read;
}

read_control read_end_call(std::string_view body) {
  v1::RequestEndCall asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  auto read = about(*asked.mutable_this_dn(), dn_request::kind::end_call);
  read.each.connection = {asked.connection_id()};
  return read;
}

namespace {

/// The same RequestSendEvent for each DN, but for its name.
v1::RequestSendEvent command_of(const v1::RequestCommandAddresses& asked) {
  v1::RequestSendEvent request;
  request.set_command_id(asked.command_id());
  request.set_retry(asked.retry());
  if (asked.has_confirm_timeout_ms())
    request.set_confirm_timeout_ms(asked.confirm_timeout_ms());
  request.set_reason(asked.reason());
  request.set_agent_id(asked.agent_id());
  auto& event = *request.mutable_event();
  event.set_message_type(v1::MESSAGE_TYPE_EVENT_USER_EVENT);
  auto& pair = *event.mutable_user_data()->add_pairs();
  pair.set_key(std::string{screen_capture_key});
  auto verb = static_cast<capture_verb>(asked.command()); // a test holds the numbers together
  pair.set_string_value(std::string{to_string(verb)});
  return request;
}

} // namespace

std::variant<many_commands, fault> read_many_commands(std::string_view body, const limits& bounds) {
  v1::RequestCommandAddresses asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  if (auto wrong = check_count(asked.this_dn(), bounds))
    return *std::move(wrong);
  if (auto wrong = check_names(asked.this_dn(), bounds))
    return *std::move(wrong);
  std::set<std::string_view> names{asked.this_dn().begin(), asked.this_dn().end()};
  if (names.size() != static_cast<std::size_t>(asked.this_dn_size()))
    return invalid("this_dn", "each DN once", "a DN is named twice");
  auto command = asked.command();
  if (command != v1::COMMAND_STOP && command != v1::COMMAND_PAUSE && command != v1::COMMAND_RESUME)
    return invalid("command", "stop (2), pause (3), resume (4)");
  many_commands read;
  read.safety = command != v1::COMMAND_RESUME;
  auto request = command_of(asked);
  for (auto& dn : *asked.mutable_this_dn()) {
    request.set_this_dn(dn);
    request.mutable_event()->set_this_dn(dn);
    read.each.push_back({std::move(dn), request.SerializeAsString()});
  }
  // What is wrong beside the names is wrong for all.
  auto first = parse_send_event(read.each.front().request, bounds);
  if (first.content_fault != send_fault::none)
    return describe_send_fault(first.content_fault, first.data_fault, bounds);
  return read;
}

std::string encode_watch(reference_id reference, dn_request::kind what, std::int64_t time_us,
                         std::optional<error_code> why) {
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  if (what == dn_request::kind::register_) {
    auto& out = *frame.mutable_event_registered();
    out.set_every_dn(true);
    out.set_mode(v1::REGISTRATION_MODE_MONITOR);
    out.set_time_us(time_us);
  } else {
    auto& out = *frame.mutable_event_unregistered();
    out.set_every_dn(true);
    out.set_time_us(time_us);
    if (why) {
      out.set_error_code(static_cast<std::uint32_t>(*why));
      out.set_text(std::string{info(*why).text});
    }
  }
  return delimited(frame);
}

std::variant<list_request, fault> read_list(std::string_view body) {
  v1::RequestListAddresses asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  if (asked.limit() > list_page_max)
    return invalid("limit", "0 to " + std::to_string(list_page_max));
  if (asked.after().size() > dn_bytes_max)
    return invalid("after", "a DN, or empty");
  if (asked.has_light() && !v1::CaptureState_IsValid(asked.light()))
    return invalid("light", "unknown (0), enabled (1), disabled (2), paused (3), or absent");
  list_request read;
  read.after = asked.after();
  if (asked.limit() != 0)
    read.limit = asked.limit();
  if (asked.has_light())
    read.light = static_cast<capture_state>(asked.light());
  read.alarmed = asked.alarmed();
  read.recorder_missing = asked.recorder_missing();
  return read;
}

std::variant<std::uint8_t, fault> read_input_mask(std::string_view body) {
  v1::RequestSetInputMask asked;
  if (auto wrong = parse_control(body, asked))
    return *std::move(wrong);
  if (asked.event_kinds().empty())
    return every_event_kind;
  std::uint8_t mask = 0;
  for (auto kind : asked.event_kinds()) {
    switch (kind) {
    case v1::EVENT_KIND_COMMAND: mask |= mask_bit(event_kind::command); break;
    case v1::EVENT_KIND_INDICATION: mask |= mask_bit(event_kind::indication); break;
    case v1::EVENT_KIND_USER_EVENT: mask |= mask_bit(event_kind::user_event); break;
    default: return invalid("event_kinds", "command (1), indication (2), user event (3)");
    }
  }
  return mask;
}

std::optional<fault> parse_control(std::string_view body, google::protobuf::Message& out) {
  auto wrong = check_message(*out.GetDescriptor(), body, control_depth_max);
  if (!wrong && !out.ParseFromArray(body.data(), static_cast<int>(body.size())))
    wrong = invalid("frame", "a ringdown.v1.Frame", "the frame cannot be parsed");
  return wrong;
}

} // namespace ringdown
