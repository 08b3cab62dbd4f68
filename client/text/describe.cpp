#include "client/text/describe.hpp"

#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ringdown::client {

namespace {

std::string describe_pairs(const std::vector<user_data_pair>& pairs);

std::string describe_value(const user_data_value& value) {
  if (auto* number = std::get_if<std::int64_t>(&value))
    return std::to_string(*number);
  if (auto* text = std::get_if<std::string>(&value))
    return printable_word(*text);
  if (auto* binary = std::get_if<binary_value>(&value))
    return "0x" + to_hex(std::string_view{binary->bytes});
  if (auto* list = std::get_if<std::vector<user_data_pair>>(&value))
    return "{" + describe_pairs(*list) + "}";
  return "?";
}

std::string describe_pairs(const std::vector<user_data_pair>& pairs) {
  std::string out;
  for (auto& pair : pairs) {
    if (!out.empty())
      out += ' ';
    out += printable_word(pair.key) + "=" + describe_value(pair.value);
  }
  return out;
}

/// Gathers ` name=value` words.
class line {
public:
  explicit line(std::string_view name) : text_(name) {}

  template <class Value>
  line& add(std::string_view name, const Value& value) {
    fmt::format_to(std::back_inserter(text_), " {}={}", name, value);
    return *this;
  }
  template <class Value>
  line& add_if(bool wanted, std::string_view name, const Value& value) {
    return wanted ? add(name, value) : *this;
  }
  line& raw(const std::string& words) {
    if (!words.empty())
      text_ += " " + words;
    return *this;
  }
  std::string text() const { return text_; }

private:
  std::string text_;
};

/// Of an event about one DN, or all of them.
template <class Event>
std::string dn_text(const Event& e) {
  return e.every_dn ? std::string{"every DN"} : "dn=" + printable_word(e.this_dn);
}

std::string failure_text(const recorder_failure& f) {
  return fmt::format("failure={} {}", f.code, printable_word(f.text));
}

std::string one(const event_ack& e) {
  return line{"EventACK"}
    .add("ref", e.reference.value)
    .add_if(e.recorders_queued.has_value(), "recorders_queued", e.recorders_queued.value_or(0))
    .add_if(bool{e.sequence}, "seq", e.sequence.value)
    .add_if(bool{e.version}, "version", e.version.value)
    .add_if(e.user_event != 0, "tag", e.user_event)
    .add_if(!e.this_dn.empty(), "dn", printable_word(e.this_dn))
    .text();
}

std::string one(const event_error& e) {
  return line{describe_error(e)}
    .add_if(bool{e.reference}, "ref", e.reference.value)
    .add_if(e.this_dn.has_value(), "dn", printable_word(e.this_dn.value_or("")))
    .text();
}

std::string one(const event_registered& e) {
  line out{"EventRegistered"};
  out.add("ref", e.reference.value).raw(dn_text(e)).add("mode", to_string(e.mode));
  return e.every_dn ? out.text() : out.raw(describe(e.snapshot)).text();
}

std::string one(const event_unregistered& e) {
  auto* row = find_error(e.code);
  return line{"EventUnregistered"}
    .add_if(bool{e.reference}, "ref", e.reference.value)
    .raw(dn_text(e))
    .add_if(e.code != 0, "error", e.code)
    .raw(row != nullptr ? std::string{row->name} : std::string{})
    .raw(printable(e.text))
    .text();
}

std::string one(const event_address_info& e) {
  return line{"EventAddressInfo"}
    .add("ref", e.reference.value)
    .add("dn", printable_word(e.this_dn))
    .raw(describe(e.snapshot))
    .text();
}

std::string one(const event_address_list& e) {
  return line{"EventAddressList"}
    .add("ref", e.reference.value)
    .add("dns", e.addresses.size())
    .add_if(!e.next.empty(), "next", printable_word(e.next))
    .text();
}

std::string one(const event_outcome& e) {
  line out{"EventOutcome"};
  out.add("dn", printable_word(e.this_dn))
    .add_if(bool{e.connection}, "conn", to_string(e.connection))
    .raw(fmt::format("{} {}", to_string(e.verb), to_string(e.result)))
    .add("seq", e.sequence.value)
    .add_if(bool{e.version}, "version", e.version.value)
    .add_if(e.code != 0, "error", e.code)
    .add_if(e.result == outcome::superseded, "by_version", e.superseded_by.value)
    .add_if(bool{e.released}, "released_seq", e.released.value)
    .add_if(e.cause != broker_reason::unspecified, "cause", to_string(e.cause))
    .add_if(!e.origin_application.empty(), "by", printable_word(e.origin_application))
    .add_if(!e.agent_id.empty(), "agent", printable_word(e.agent_id))
    .add_if(!e.reason.empty(), "reason", printable_word(e.reason))
    .add_if(e.aggregate != capture_aggregate::none, "recorders_say", to_string(e.aggregate));
  if (e.held_by)
    out.raw(fmt::format("held_by[conn={} {}]", to_string(e.held_by->covers),
                        printable_word(e.held_by->application)));
  for (auto& r : e.recorders)
    out.raw(fmt::format(
      "[{} {}{}]", r.application.empty() ? to_string(r.recorder) : printable_word(r.application),
      to_string(r.verdict), r.failure ? " " + failure_text(*r.failure) : ""));
  if (auto took = took_text(e); !took.empty())
    out.raw("in " + took);
  return out.text();
}

std::string one(const event_user_event& e, std::string_view sender = {}) {
  line out{"EventUserEvent"};
  out.add("dn", printable_word(e.this_dn))
    .add_if(bool{e.connection}, "conn", to_string(e.connection))
    .raw(describe(e.data))
    .add_if(e.user_event != 0, "tag", e.user_event)
    .add("seq", e.sequence.value)
    .add_if(bool{e.version}, "version", e.version.value)
    .add_if(e.cause != broker_reason::unspecified, "cause", to_string(e.cause))
    .add_if(e.desired.has_value(), "desired", to_string(e.desired.value_or(capture_state::unknown)))
    .add_if(!e.reason.empty(), "reason", printable_word(e.reason))
    .add_if(!e.agent_id.empty(), "agent", printable_word(e.agent_id))
    .add_if(bool{e.for_recorder}, "for", to_string(e.for_recorder))
    .raw(e.failure ? failure_text(*e.failure) : std::string{})
    .raw(fmt::format("from {}", to_string(e.origin_role)))
    .raw(sender.empty() ? std::string{} : printable_word(sender));
  if (e.directed_reference)
    out.raw(fmt::format("directed ref={}", e.directed_reference.value));
  if (e.coalesced)
    out.raw("coalesced");
  if (e.alarm)
    out.raw("ALARM");
  if (e.held)
    out.raw("held");
  else if (e.kept_from_recorders)
    out.raw("kept from recorders");
  return out.text();
}

std::string one(const event_missed& e) {
  return line{"EventMissed"}
    .add("dn", printable_word(e.this_dn))
    .add("from", e.from.value)
    .add("to", e.to.value)
    .text();
}

std::string one(const event_link_disconnected& e) {
  return line{"EventLinkDisconnected"}
    .add_if(bool{e.reference}, "ref", e.reference.value)
    .add("reason", to_string(e.reason))
    .raw(printable(e.text))
    .text();
}

std::string one(const link_lost& e) {
  return fmt::format("link lost: {} ({})", to_string(e.fault), printable(e.text));
}

constexpr std::string_view event_names[] = {
  "EventACK",         "EventError",
  "EventRegistered",  "EventUnregistered",
  "EventAddressInfo", "EventAddressList",
  "EventUserEvent",   "EventMissed",
  "EventOutcome",     "EventLinkDisconnected",
  "LinkLost",
};
static_assert(std::size(event_names) == std::variant_size_v<event>);

} // namespace

std::string_view name_of(const event& e) noexcept {
  return event_names[e.index()];
}

std::string describe(const user_data& data) {
  return describe_pairs(data.pairs);
}

std::string describe(const event& e, std::string_view sender) {
  if (auto* said = std::get_if<event_user_event>(&e))
    return one(*said, sender);
  return std::visit([](const auto& value) { return one(value); }, e);
}

std::string describe_error(const event_error& error) {
  auto* row = find_error(error.code);
  auto text = fmt::format("EventError {} {}: {}", error.code, row ? row->name : "unknown_code",
                          error.text.empty() ? row ? std::string{row->text} : "no text"
                                             : printable(error.text));
  std::string about;
  auto add = [&](const std::string& words) { about += (about.empty() ? "" : ", ") + words; };
  if (!error.attribute.empty())
    add("attribute " + printable(error.attribute));
  if (!error.accepted.empty())
    add("accepted " + printable(error.accepted));
  if (error.last_known_state)
    add(fmt::format("last known state {}", to_string(*error.last_known_state)));
  if (error.version)
    add(fmt::format("version {}", error.version->value));
  if (error.retry_after)
    add(fmt::format("retry after {} ms", error.retry_after->count()));
  return about.empty() ? text : text + " (" + about + ")";
}

std::string describe_request(reference_id reference, const outgoing_event& what, bool distribute) {
  return line{distribute ? "RequestDistributeUserEvent" : "RequestSendEvent"}
    .add("ref", reference.value)
    .add("dn", printable_word(what.this_dn))
    .add_if(bool{what.connection}, "conn", to_string(what.connection))
    .raw(describe(what.data))
    .add_if(what.user_event != 0, "tag", what.user_event)
    .add_if(what.if_version.has_value(), "if_version",
            what.if_version.value_or(command_version{}).value)
    .add_if(bool{what.version}, "version", what.version.value)
    .add_if(bool{what.command}, "command", to_hex(what.command.view()))
    .add_if(bool{what.directed}, "to", to_string(what.directed))
    .add_if(!what.reason.empty(), "reason", printable_word(what.reason))
    .add_if(!what.agent_id.empty(), "agent", printable_word(what.agent_id))
    .raw(what.failure ? failure_text(*what.failure) : std::string{})
    .text();
}

std::string describe_request(reference_id reference, const bulk_command& what) {
  return line{"RequestCommandAddresses"}
    .add("ref", reference.value)
    .add("dns", what.dns.size())
    .raw(std::string{to_string(what.verb)})
    .add_if(bool{what.command}, "command", to_hex(what.command.view()))
    .add_if(!what.reason.empty(), "reason", printable_word(what.reason))
    .add_if(!what.agent_id.empty(), "agent", printable_word(what.agent_id))
    .text();
}

std::string utc_text(std::int64_t time_us) {
  auto seconds = time_us / 1'000'000;
  auto micros = time_us % 1'000'000;
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (time_us < 0 || seconds > year_9999)
    return "-";
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     micros);
}

} // namespace ringdown::client
