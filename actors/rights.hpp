// What a client's grants come to on one DN: asked once, when it registers, so that events ask
// nothing. Free of CAF.
#pragma once

#include "actors/grants.hpp"
#include "messages/ids.hpp"
#include "messages/words.hpp"

#include <memory>
#include <string_view>

namespace ringdown {

/// Of a client that nobody asked who it is.
inline constexpr action_set every_action = 0xffff;

/// As the access file and every denial have it: "register", "send_command".
std::string_view to_string(action what) noexcept;

/// What an event with this verb is.
constexpr action action_of(capture_verb verb) noexcept {
  switch (kind_of(verb)) {
  case event_kind::command: return action::send_command;
  case event_kind::indication: return action::send_indication;
  case event_kind::user_event: return action::send_user_event;
  }
  return action::send_user_event;
}

/// What a registration in this mode is.
constexpr action action_of(registration_mode mode) noexcept {
  return mode == registration_mode::monitor ? action::monitor : action::register_;
}

/// By these grants, or everything where there are none.
action_set rights_on(const grants* may, role as, std::string_view dn) noexcept;

} // namespace ringdown
