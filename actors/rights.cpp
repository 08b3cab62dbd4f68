#include "actors/rights.hpp"

namespace ringdown {

std::string_view to_string(action what) noexcept {
  switch (what) {
  case action::sign_on: return "sign_on";
  case action::register_: return "register";
  case action::monitor: return "monitor";
  case action::send_command: return "send_command";
  case action::send_indication: return "send_indication";
  case action::send_user_event: return "send_user_event";
  case action::tell_of_calls: return "tell_of_calls";
  case action::admin_read: return "admin_read";
  case action::admin_write: return "admin_write";
  }
  return "unknown";
}

action_set rights_on(const grants* may, role as, std::string_view dn) noexcept {
  return may != nullptr ? may->on(as, dn) : every_action;
}

} // namespace ringdown
