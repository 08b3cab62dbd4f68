#include "client/describe.hpp"

#include "client/escape.hpp"

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
    return escaped_word(*text);
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
    out += escaped_word(pair.key) + "=" + describe_value(pair.value);
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

std::string one(const event_ack& e) {
  return line{"EventACK"}
    .add("ref", e.reference.value)
    .add_if(e.recorders_queued.has_value(), "recorders_queued", e.recorders_queued.value_or(0))
    .add_if(bool{e.sequence}, "seq", e.sequence.value)
    .add_if(bool{e.version}, "version", e.version.value)
    .add_if(e.user_event != 0, "tag", e.user_event)
    .text();
}

std::string one(const event_error& e) {
  return line{describe_error(e)}
    .add_if(bool{e.reference}, "ref", e.reference.value)
    .add_if(e.this_dn.has_value(), "dn", escaped_word(e.this_dn.value_or("")))
    .text();
}

std::string one(const event_registered& e) {
  return line{"EventRegistered"}
    .add("ref", e.reference.value)
    .add("dn", escaped_word(e.this_dn))
    .add("mode", to_string(e.mode))
    .raw(describe(e.snapshot))
    .text();
}

std::string one(const event_unregistered& e) {
  auto* row = find_error(e.code);
  return line{"EventUnregistered"}
    .add_if(bool{e.reference}, "ref", e.reference.value)
    .add("dn", escaped_word(e.this_dn))
    .add_if(e.code != 0, "error", e.code)
    .raw(row != nullptr ? std::string{row->name} : std::string{})
    .raw(escaped(e.text))
    .text();
}

std::string one(const event_address_info& e) {
  return line{"EventAddressInfo"}
    .add("ref", e.reference.value)
    .add("dn", escaped_word(e.this_dn))
    .raw(describe(e.snapshot))
    .text();
}

std::string one(const event_outcome& e) {
  line out{"EventOutcome"};
  out.add("dn", escaped_word(e.this_dn))
    .add_if(bool{e.connection}, "conn", to_string(e.connection))
    .raw(fmt::format("{} {}", to_string(e.verb), to_string(e.result)))
    .add("seq", e.sequence.value)
    .add_if(bool{e.version}, "version", e.version.value)
    .add_if(e.code != 0, "error", e.code)
    .add_if(e.result == outcome::superseded, "by_version", e.superseded_by.value)
    .add_if(e.result == outcome::held, "by_conn", to_string(e.held_by))
    .add_if(e.aggregate != capture_aggregate::none, "recorders_say", to_string(e.aggregate));
  for (auto& r : e.recorders)
    out.raw(fmt::format("[{} {}]",
                        r.application.empty() ? to_string(r.recorder) : escaped_word(r.application),
                        to_string(r.verdict)));
  return out.text();
}

std::string one(const event_user_event& e) {
  line out{"EventUserEvent"};
  out.add("dn", escaped_word(e.this_dn))
    .add_if(bool{e.connection}, "conn", to_string(e.connection))
    .raw(describe(e.data))
    .add_if(e.user_event != 0, "tag", e.user_event)
    .add("seq", e.sequence.value)
    .add_if(bool{e.version}, "version", e.version.value)
    .add_if(e.reason != broker_reason::unspecified, "reason", to_string(e.reason))
    .raw(fmt::format("from {}", to_string(e.origin_role)));
  if (e.directed_reference)
    out.raw(fmt::format("directed ref={}", e.directed_reference.value));
  if (e.coalesced)
    out.raw("coalesced");
  if (e.alarm)
    out.raw("ALARM");
  if (e.held)
    out.raw("held");
  return out.text();
}

std::string one(const event_missed& e) {
  return line{"EventMissed"}
    .add("dn", escaped_word(e.this_dn))
    .add("from", e.from.value)
    .add("to", e.to.value)
    .text();
}

std::string one(const event_link_disconnected& e) {
  return line{"EventLinkDisconnected"}
    .add_if(bool{e.reference}, "ref", e.reference.value)
    .add("reason", to_string(e.reason))
    .raw(escaped(e.text))
    .text();
}

std::string one(const link_lost& e) {
  return fmt::format("link lost: {} ({})", to_string(e.fault), escaped(e.text));
}

constexpr std::string_view event_names[] = {
  "EventACK",       "EventError",  "EventRegistered", "EventUnregistered",     "EventAddressInfo",
  "EventUserEvent", "EventMissed", "EventOutcome",    "EventLinkDisconnected", "LinkLost",
};
static_assert(std::size(event_names) == std::variant_size_v<event>);

} // namespace

std::string_view name_of(const event& e) noexcept {
  return event_names[e.index()];
}

std::string describe(const user_data& data) {
  return describe_pairs(data.pairs);
}

std::string describe(const event& e) {
  return std::visit([](const auto& value) { return one(value); }, e);
}

std::string describe_error(const event_error& error) {
  auto* row = find_error(error.code);
  auto text = fmt::format("EventError {} {}: {}", error.code, row ? row->name : "unknown_code",
                          error.text.empty() ? row ? std::string{row->text} : "no text"
                                             : escaped(error.text));
  std::string about;
  auto add = [&](const std::string& words) { about += (about.empty() ? "" : ", ") + words; };
  if (!error.attribute.empty())
    add("attribute " + escaped(error.attribute));
  if (!error.accepted.empty())
    add("accepted " + escaped(error.accepted));
  if (error.last_known_state)
    add(fmt::format("last known state {}", to_string(*error.last_known_state)));
  if (error.version)
    add(fmt::format("version {}", error.version->value));
  if (error.retry_after)
    add(fmt::format("retry after {} ms", error.retry_after->count()));
  return about.empty() ? text : text + " (" + about + ")";
}

std::string describe(const dn_snapshot& snapshot) {
  auto out = line{"state=" + std::string{to_string(snapshot.effective_state)}}
               .add("seq", snapshot.sequence.value)
               .add_if(bool{snapshot.version}, "version", snapshot.version.value)
               .add("recorders", snapshot.recorders_active)
               .add_if(snapshot.recorders_standby != 0, "standby", snapshot.recorders_standby)
               .add("clients", snapshot.clients_registered)
               .text();
  for (auto& s : snapshot.sessions) {
    out += fmt::format(" [conn={} observed={}", to_string(s.connection), to_string(s.observed));
    if (s.desired)
      out += fmt::format(" desired={}", to_string(*s.desired));
    if (s.held)
      out += " held";
    if (s.pending != 0)
      out += fmt::format(" pending={}", s.pending);
    out += fmt::format(" version={}]", s.version.value);
  }
  return out;
}

namespace {

/// Adds `  name         text`.
void row(std::string& out, std::string_view name, const std::string& text) {
  out += fmt::format("  {:<12} {}\n", name, text);
}

void report(std::string& out, const session_snapshot& s, std::int64_t now_us) {
  out +=
    s.connection ? "session " + to_string(s.connection) : std::string{"session without a call"};
  out += '\n';
  if (s.desired)
    row(out, "desired",
        fmt::format("{}, version {}{}", to_string(*s.desired), s.version.value,
                    s.held ? ", held until no other call is paused" : ""));
  if (s.desired_by)
    row(out, "commanded by",
        fmt::format("{} ({}) at {}", escaped_word(s.desired_by_application),
                    to_string(s.desired_by), utc_text(s.desired_time_us)));
  row(out, "observed", std::string{to_string(s.observed)});
  row(out, "changed", utc_text(s.changed_time_us));
  if (s.pending != 0)
    row(out, "pending",
        fmt::format("{}, the newest until {} (in {} ms)", s.pending, utc_text(s.deadline_time_us),
                    std::max<std::int64_t>(0, (s.deadline_time_us - now_us) / 1000)));
  std::string former;
  for (auto id : s.former)
    former += (former.empty() ? "" : ", ") + to_string(id);
  if (!former.empty())
    row(out, "merged from", former);
}

} // namespace

std::string report(const event_address_info& info) {
  auto& now = info.snapshot;
  auto out = "DN " + escaped_word(info.this_dn) + "\n";
  row(out, "state", std::string{to_string(now.effective_state)});
  row(out, "place", fmt::format("seq {}, version {}", now.sequence.value, now.version.value));
  row(out, "clients", std::to_string(now.clients_registered));
  for (auto& s : now.sessions)
    report(out, s, info.time_us);
  for (auto& r : info.recorders)
    out += fmt::format("recorder {} {}, {}{}\n", to_string(r.client), escaped_word(r.application),
                       r.standby ? "standby" : "active", r.exact_versions ? ", exact" : "");
  for (auto& o : info.recent_outcomes)
    out += fmt::format("{} {}\n", utc_text(o.time_us), describe(event{o}));
  return out;
}

std::string describe_request(reference_id reference, const outgoing_event& what, bool distribute) {
  return line{distribute ? "RequestDistributeUserEvent" : "RequestSendEvent"}
    .add("ref", reference.value)
    .add("dn", escaped_word(what.this_dn))
    .add_if(bool{what.connection}, "conn", to_string(what.connection))
    .raw(describe(what.data))
    .add_if(what.user_event != 0, "tag", what.user_event)
    .add_if(what.if_version.has_value(), "if_version",
            what.if_version.value_or(command_version{}).value)
    .add_if(bool{what.version}, "version", what.version.value)
    .add_if(bool{what.command}, "command", to_hex(what.command.view()))
    .add_if(bool{what.directed}, "to", to_string(what.directed))
    .text();
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::string status_line(const light_view& view, std::optional<std::chrono::milliseconds> left) {
  std::string waits;
  if (view.pending) {
    waits = to_string(view.pending->verb);
    if (left)
      waits +=
        fmt::format(" in {:.1f} s", std::max(0.0, static_cast<double>(left->count()) / 1000));
    else
      waits += " waits";
  }
  constexpr std::size_t waits_width = 18; // "resume in 3600.0 s"
  return fmt::format("{:<10} {:<{}} {:<5}", upper(to_string(view.state)), waits, waits_width,
                     view.alarm ? "ALARM" : "");
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
