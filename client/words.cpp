#include "client/words.hpp"

#include "client/text/describe.hpp"
#include "messages/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace ringdown::client {

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t year_9999_us = 253'402'300'799 * second_us;
constexpr std::int64_t day_us = 86'400 * second_us;

std::string call_text(conn_id call) {
  return call ? "call " + short_text(call) : std::string{"the screen"};
}

/// Who paused, and whose hand it was.
std::string holder_of(const standing_pause& pause) {
  auto name =
    pause.application.empty() ? std::string{"somebody"} : printable_word(pause.application);
  return pause.agent_id.empty() ? name : name + " (agent " + printable(pause.agent_id) + ")";
}

std::string name_of(const recorder_result& r) {
  return r.application.empty() ? "recorder " + to_string(r.recorder)
                               : printable_word(r.application);
}

/// `the recorder records`; `still`: it was to leave off.
std::string doing(std::string_view who, capture_state state, bool still) {
  auto adverb = still ? "still " : "";
  switch (state) {
  case capture_state::enabled: return fmt::format("{} {}records", who, adverb);
  case capture_state::paused: return fmt::format("{} is {}paused", who, adverb);
  case capture_state::disabled: return fmt::format("{} does not record", who);
  case capture_state::unknown: break;
  }
  return fmt::format("what {} does is not known", who);
}

/// The light says what was to end.
bool goes_on(const event_outcome& o) {
  bool is_to_leave_off = o.verb == capture_verb::pause || o.verb == capture_verb::stop;
  return is_to_leave_off == (o.effective_state == capture_state::enabled);
}

std::string of_failure(const recorder_result& r) {
  if (!r.failure)
    return name_of(r) + " did not say why";
  auto text = r.failure->text.empty() ? std::string{"no text"} : printable(r.failure->text);
  return fmt::format("{} says: {} ({})", name_of(r), text, r.failure->code);
}

/// What each recorder did that did not confirm.
std::string who_did_not(const event_outcome& o) {
  std::string out;
  for (auto& r : o.recorders) {
    if (r.verdict == recorder_verdict::confirmed)
      continue;
    out += out.empty() ? "" : ", ";
    switch (r.verdict) {
    case recorder_verdict::failed: out += of_failure(r); break;
    case recorder_verdict::silent: out += name_of(r) + " is silent"; break;
    case recorder_verdict::not_queued: out += name_of(r) + " did not get it"; break;
    case recorder_verdict::lost: out += name_of(r) + " is gone"; break;
    case recorder_verdict::otherwise:
    case recorder_verdict::confirmed: out += doing(name_of(r), r.said, goes_on(o)); break;
    }
  }
  return out;
}

/// `video-3`, `video-3 and video-4`, `video-1, video-2 and 5 more`: those that confirmed.
std::string who_confirmed(const event_outcome& o) {
  constexpr std::size_t shown_max = 3;
  std::vector<std::string> names;
  for (auto& r : o.recorders)
    if (r.verdict == recorder_verdict::confirmed)
      names.push_back(name_of(r));
  if (names.size() > shown_max) {
    auto others = fmt::format("{} more", names.size() - shown_max + 1);
    names.resize(shown_max - 1);
    names.push_back(std::move(others));
  }
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return out;
}

/// ` by video-3 in 103 ms`, as far as it is known.
std::string by_whom_and_when(const event_outcome& o) {
  auto names = who_confirmed(o);
  auto time = took_text(o);
  return (names.empty() ? "" : " by " + names) + (time.empty() ? "" : " in " + time);
}

std::string confirmed(const event_outcome& o) {
  if (o.verb == capture_verb::query)
    return "the recorders say " + std::string{to_string(o.aggregate)};
  switch (o.effective_state) {
  case capture_state::enabled: return "the screen is recorded";
  case capture_state::paused: return "the recording is paused";
  case capture_state::disabled: return "nothing is recorded";
  case capture_state::unknown: break;
  }
  return "the recorders have said so";
}

/// By name, if all names are known.
std::string who_is_gone(const event_outcome& o) {
  auto is_nameless = [](const recorder_result& r) { return r.application.empty(); };
  bool is_told =
    !o.recorders.empty() && std::none_of(o.recorders.begin(), o.recorders.end(), is_nameless);
  return is_told ? who_did_not(o) : "the recorder is gone";
}

std::string timed_out(const event_outcome& o) {
  if (o.recorders.empty())
    return "not confirmed: there is no recorder";
  return "not confirmed: " + doing("the recorder", o.effective_state, goes_on(o));
}

std::string meaning(const event_outcome& o) {
  switch (o.result) {
  case outcome::confirmed: return confirmed(o);
  case outcome::timed_out: return timed_out(o);
  case outcome::partial: return "not confirmed by all: " + who_did_not(o);
  case outcome::superseded:
    return fmt::format("overtaken by a later command (version {})", o.superseded_by.value);
  case outcome::held:
    return o.held_by ? fmt::format("{} is paused by {} since {}", call_text(o.held_by->covers),
                                   holder_of(*o.held_by), clock_text(o.held_by->since_time_us))
                     : std::string{"a pause stands"};
  case outcome::recorder_lost: return "not confirmed: " + who_is_gone(o);
  case outcome::failed:
    return "not done: " + who_did_not(o) + "; " +
           doing("the recorder", o.effective_state, goes_on(o));
  case outcome::unknown: break;
  }
  return "what became of it is not known";
}

std::string_view meaning(broker_reason cause) {
  switch (cause) {
  case broker_reason::recorder_lost: return "a recorder is gone";
  case broker_reason::recorder_unconfirmed: return "a recorder has not done what it was ordered";
  case broker_reason::drift: return "a recorder does otherwise than it is to";
  case broker_reason::pause_holder_gone: return "who paused is gone";
  case broker_reason::pause_long: return "a pause stands for long";
  case broker_reason::internal_error: return "the broker has lost what it knew of the screen";
  case broker_reason::call_ended:
  case broker_reason::hold_released:
  case broker_reason::recorder_came:
  case broker_reason::asked:
  case broker_reason::call_goes_on:
  case broker_reason::unspecified: break;
  }
  return "somebody must look";
}

} // namespace

std::string in_words(const event_outcome& o) {
  auto what = std::string{to_string(o.result)} +
              (o.result == outcome::confirmed ? by_whom_and_when(o) : "") + ": " + meaning(o);
  if (!o.released)
    return what;
  // Of the order that let it go, and not of what was held: that may have been another verb.
  bool is_of_another = o.sequence != o.released;
  auto held = is_of_another ? std::string_view{"command"} : to_string(o.verb);
  return fmt::format("the {} that was held: {}", held, what);
}

std::string in_words(const standing_pause& pause, std::optional<std::int64_t> now_us) {
  auto text = fmt::format("{} is paused by {} since {}", call_text(pause.covers), holder_of(pause),
                          clock_text(pause.since_time_us));
  if (now_us)
    text += ", " + age_text(pause.since_time_us, *now_us);
  if (!pause.reason.empty())
    text += " (" + printable(pause.reason) + ")";
  if (pause.holder_gone)
    text += "; its holder is gone";
  if (pause.waiting != 0)
    text += fmt::format("; {} command{} for its end", pause.waiting,
                        pause.waiting == 1 ? " waits" : "s wait");
  return text;
}

std::string in_words(const open_order& order) {
  auto what = fmt::format("{} of {}", to_string(order.verb),
                          order.connection ? call_text(order.connection) : std::string{"no call"});
  if (order.held)
    return what + " is held until no pause stands";
  if (order.cause != broker_reason::unspecified)
    what += fmt::format(" of the broker's own ({})", to_string(order.cause));
  return what + " waits for its recorders";
}

std::string in_words(const recorder_order& order) {
  auto text = std::string{to_string(order.screen)};
  if (order.verb == capture_verb::none)
    return text + ", as the snapshot has it";
  text += fmt::format(", by {}", to_string(order.verb));
  if (order.connection)
    text += " of " + call_text(order.connection);
  if (order.cause != broker_reason::unspecified)
    text += fmt::format(" of the broker's own ({})", to_string(order.cause));
  if (order.version)
    text += fmt::format(", version {}", order.version.value);
  return order.reason.empty() ? text : text + " (" + printable(order.reason) + ")";
}

std::string in_words(const standing_alarm& alarm, std::string_view recorder) {
  std::string text{meaning(alarm.cause)};
  if (alarm.recorder)
    text += " (" + (recorder.empty() ? to_string(alarm.recorder) : printable_word(recorder)) + ")";
  return text + ", since " + clock_text(alarm.since_time_us);
}

std::string in_words(unknown_because why) {
  switch (why) {
  case unknown_because::it_is_known: break;
  case unknown_because::no_link: return "no link to the broker";
  case unknown_because::not_registered: return "not registered on the DN";
  case unknown_because::events_missed: return "events were missed, and what is so now is asked for";
  case unknown_because::no_recorder: return "there is no recorder";
  case unknown_because::recorder_lost: return "the recorder was lost";
  case unknown_because::recorder_silent: return "a recorder has not said yet what it does";
  case unknown_because::broker_fault: return "the broker lost what it knew";
  }
  return {};
}

std::string in_words(const slow_handler& slow) {
  auto seconds = [](std::chrono::milliseconds time) {
    return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
  };
  std::string told = slow.about;
  if (!slow.this_dn.empty())
    told += (told.empty() ? "" : " of ") + printable(slow.this_dn);
  auto text = fmt::format("the {} handler{} took {}: meanwhile nothing was read and no heartbeat "
                          "went out",
                          slow.where, told.empty() ? told : " (" + told + ")", seconds(slow.took));
  if (slow.heartbeat_timeout.count() > 0)
    text += "; after " + seconds(slow.heartbeat_timeout) + " of that the link is lost";
  return text;
}

std::string in_words(const completion& c) {
  std::string text{to_string(c.status)};
  if (auto* error = c.error())
    return text + ": " + describe_error(*error);
  if (c.status == request_status::unknown_outcome)
    return text + ": " + std::string{to_string(c.doubt)};
  if (c.status == request_status::not_sent)
    return text + ": " + std::string{to_string(c.sent)};
  return text;
}

std::string clock_text(std::int64_t time_us) {
  if (time_us <= 0 || time_us > year_9999_us)
    return "-";
  return fmt::format("{:%H:%M:%S}", fmt::localtime(static_cast<std::time_t>(time_us / second_us)));
}

std::string age_text(std::int64_t since_us, std::int64_t now_us) {
  if (since_us <= 0 || since_us > year_9999_us)
    return "-";
  auto seconds = std::max<std::int64_t>(0, std::min(now_us, year_9999_us) - since_us) / second_us;
  auto minutes = seconds / 60;
  auto hours = minutes / 60;
  if (minutes == 0)
    return fmt::format("{} s", seconds);
  if (hours == 0)
    return fmt::format("{} min", minutes);
  if (seconds < day_us / second_us)
    return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string took_text(const event_outcome& o) {
  constexpr std::int64_t millisecond_us = 1'000;
  if (o.accepted_time_us <= 0 || o.time_us < o.accepted_time_us)
    return {};
  auto us = static_cast<double>(o.time_us - o.accepted_time_us);
  bool is_short = us < 10 * millisecond_us;
  return fmt::format("{:.{}f} ms", us / millisecond_us, is_short ? 1 : 0);
}

std::string short_text(conn_id call) {
  return fmt::format("{:x}", call.value);
}

} // namespace ringdown::client
