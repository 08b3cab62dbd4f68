// The hand-read view of a RequestSendEvent against the generated parser's message.
#pragma once

#include "messages/send_event.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <string>

namespace ringdown::test {

inline bool has_no_fault(const send_event_view& view) {
  return view.dn_fault == send_fault::none && view.type_fault == send_fault::none &&
         view.content_fault == send_fault::none && view.data_fault == user_data_fault::none;
}

/// The verb as a client with the generated parser sees it.
inline capture_verb verb_in(const v1::Event& event) {
  for (auto& p : event.user_data().pairs())
    if (p.key() == screen_capture_key || p.key() == screen_capture_indication_key)
      return parse_capture_verb(p.string_value()).value_or(capture_verb::none);
  return capture_verb::none;
}

/// What differs in what a request says for people; empty if nothing does.
inline std::string difference_for_people(const send_event_view& view,
                                         const v1::RequestSendEvent& request) {
  auto found = details_of(view);
  if (found.reason != request.reason())
    return "reason";
  if (found.agent_id != request.agent_id())
    return "agent_id";
  if (found.failure_code != request.failure().code())
    return "failure.code";
  if (found.failure_text != request.failure().text())
    return "failure.text";
  return {};
}

/// What differs between the view and the parsed request; empty if nothing does.
inline std::string difference(const send_event_view& view, const v1::RequestSendEvent& request) {
  auto& event = request.event();
  if (view.this_dn != request.this_dn())
    return "this_dn";
  if (view.command.view() != (request.command_id().empty() ? std::string(16, '\0') //
                                                           : request.command_id()))
    return "command_id";
  if (view.retry != request.retry())
    return "retry";
  if (view.if_version.has_value() != request.has_if_version() ||
      view.if_version.value_or(0) != request.if_version())
    return "if_version";
  if (view.confirm_timeout_ms.has_value() != request.has_confirm_timeout_ms() ||
      view.confirm_timeout_ms.value_or(0) != request.confirm_timeout_ms())
    return "confirm_timeout_ms";
  if (view.directed_to.value != request.directed_client_id())
    return "directed_client_id";
  if (view.echoed_version.value != request.version())
    return "version";
  if (view.connection.value != event.connection_id())
    return "connection_id";
  if (view.user_event != event.user_event())
    return "user_event";
  if (event.this_dn() != request.this_dn())
    return "event.this_dn";
  if (event.message_type() != v1::MESSAGE_TYPE_EVENT_USER_EVENT)
    return "event.message_type";
  if (view.verb != verb_in(event))
    return "screen-capture";
  v1::Event alone;
  if (!alone.ParseFromArray(view.event.data(), static_cast<int>(view.event.size())) ||
      alone.SerializeAsString() != event.SerializeAsString())
    return "the event's bytes";
  return difference_for_people(view, request);
}

} // namespace ringdown::test
