#include "client/cli/check_recorder_frames.hpp"

#include "client/internal/request_codec.hpp"
#include "client/text/describe.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

const frame_seen no_frame{"bytes that are no frame of the contract"};

bool has(const identity& who, capability wanted) {
  auto& all = who.capabilities;
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

frame_seen from(const codec::sign_on_request& r, std::string_view) {
  std::string able;
  for (auto one : r.who.capabilities)
    able += (able.empty() ? " capabilities=" : ",") + std::string{to_string(one)};
  return {fmt::format("RequestSignOn ref={} app={} role={}{}", r.reference.value,
                      printable_word(r.who.application_name), to_string(r.who.role), able),
          recorder_signed_on{r.who.role, has(r.who, capability::exact_versions),
                             has(r.who, capability::per_call)}};
}

frame_seen from(const codec::registration_request& r, std::string_view dn) {
  std::string dns;
  for (auto& one : r.dns)
    dns += " dn=" + printable_word(one);
  frame_seen out{fmt::format("RequestRegisterAddress ref={}{} mode={}{}", r.reference.value, dns,
                             to_string(r.how.mode), r.how.standby ? " standby" : "")};
  if (std::find(r.dns.begin(), r.dns.end(), dn) != r.dns.end())
    out.what = recorder_wants_registration{r.how.mode, r.how.standby};
  return out;
}

/// Under either of the two keys.
capture_verb word_of(const user_data& data) {
  for (auto key : {screen_capture_key, screen_capture_indication_key})
    if (auto* value = data.find(key))
      if (auto* text = std::get_if<std::string>(value))
        return parse_capture_verb(*text).value_or(capture_verb::none);
  return capture_verb::none;
}

frame_seen from(const codec::event_request& r, std::string_view dn) {
  frame_seen out{describe_request(r.reference, r.what, r.distribute)};
  auto word = word_of(r.what.data);
  if (r.what.this_dn == dn && is_indication(word))
    out.what = recorder_said{r.what, word};
  return out;
}

frame_seen from(const codec::other_request& r, std::string_view) {
  return {fmt::format("{} ref={}", r.name, r.reference.value)};
}

frame_seen from(const codec::nothing&, std::string_view) {
  return {};
}

frame_seen from(const codec::garbage&, std::string_view) {
  return no_frame;
}

frame_seen from(const codec::link_connected& c, std::string_view) {
  return {fmt::format("EventLinkConnected ref={} heartbeat_interval_ms={} heartbeat_timeout_ms={}",
                      c.reference.value, c.granted.heartbeat_interval.count(),
                      c.granted.heartbeat_timeout.count())};
}

frame_seen from(const event& e, std::string_view dn) {
  frame_seen out{describe(e)};
  if (auto* registered = std::get_if<event_registered>(&e)) {
    if (registered->this_dn == dn)
      out.what = recorder_registered{};
  } else if (auto* error = std::get_if<event_error>(&e)) {
    out.what = recorder_refused{describe_error(*error)};
  } else if (auto* heard = std::get_if<event_user_event>(&e)) {
    bool reaches = heard->this_dn == dn && !heard->held && !heard->kept_from_recorders;
    if (reaches && is_command(heard->verb))
      out.what = recorder_ordered{};
  }
  return out;
}

} // namespace

frame_seen frame_from_recorder(std::string_view frame, std::string_view dn) {
  return std::visit([dn](const auto& one) { return from(one, dn); }, codec::decode_request(frame));
}

frame_seen frame_to_recorder(std::string_view frame, std::string_view dn) {
  return std::visit([dn](const auto& one) { return from(one, dn); }, codec::decode(frame));
}

} // namespace ringdown::cli
