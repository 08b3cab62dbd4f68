#include "broker/host_functions.hpp"

#include "actors/meter_labels.hpp"
#include "messages/what_is_thrown.hpp"

#include <chrono>
#include <utility>

namespace ringdown {

std::int64_t utc_now_us() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

authorize_function guarded(authorize_function ask, observer& told) {
  if (!ask)
    return {};
  return [ask = std::move(ask), &told](const client_identity& client, action what,
                                       std::string_view dn, std::string_view credentials) {
    try {
      return ask(client, what, dn, credentials);
    } catch (...) {
      told.log("broker", observer::severity::error, "authorize threw: refused",
               {{"error", what_is_thrown()}, {"client", client.application}});
      return false;
    }
  };
}

authenticate_function guarded(authenticate_function ask, observer& told) {
  if (!ask)
    return {};
  return
    [ask = std::move(ask), &told](sign_on_facts asked, std::function<void(authenticated)> answer) {
      auto application = asked.application;
      try {
        ask(std::move(asked), answer);
      } catch (...) {
        told.log("broker", observer::severity::error, "authenticate threw: refused",
                 {{"error", what_is_thrown()}, {"client", application}});
        answer({.refused = authenticate_threw.cause});
      }
    };
}

utc_clock guarded(utc_clock clock, observer& told) {
  if (!clock)
    return utc_now_us;
  return [clock = std::move(clock), &told] {
    try {
      return clock();
    } catch (...) {
      told.log("broker", observer::severity::error, "the clock threw: the system's is used",
               {{"error", what_is_thrown()}});
      return utc_now_us();
    }
  };
}

} // namespace ringdown
