#include "client/internal/reconnecting.hpp"

#include <utility>

namespace ringdown::client {

using std::chrono::milliseconds;

void reconnecting::begin(steady_time at) {
  next_ = plan_.now(at);
  is_due_ = true;
}

std::optional<place> reconnecting::take_due() {
  if (!std::exchange(is_due_, false))
    return std::nullopt;
  return options_.places[plan_.place()];
}

bool reconnecting::link_stands(steady_time at, const event_link_connected& granted) {
  plan_.link_stands(at);
  auto before = std::exchange(last_instance_, granted.server_instance);
  return before != 0 && before != last_instance_;
}

namespace {

/// The broker has said something that another attempt would not change.
bool is_refused(const open_result& ended) {
  if (ended.ended)
    return ended.ended->reason == disconnect_reason::taken_over ||
           ended.ended->reason == disconnect_reason::sign_on_refused;
  return ended.fault == link_fault::sign_on_refused && ended.error &&
         ended.error->retry == retry_class::failed;
}

std::optional<milliseconds> asked_to_wait(const open_result& ended) {
  if (ended.ended)
    return ended.ended->retry_after;
  return ended.error ? ended.error->retry_after : std::nullopt;
}

} // namespace

bool reconnecting::gives_up(const open_result& ended) const {
  return !options_.reconnect || (is_refused(ended) && !options_.reconnect_when_refused);
}

milliseconds reconnecting::after_failure(steady_time at, const open_result& ended) {
  next_ = plan_.after_failure(at, options_.random(), asked_to_wait(ended));
  return std::chrono::ceil<milliseconds>(next_.when - at);
}

std::string reconnecting::where() const {
  auto* at = std::get_if<endpoint>(&options_.places[plan_.place()]);
  if (at == nullptr)
    return "a stream of this process";
  auto host = at->host.find(':') == std::string::npos ? at->host : "[" + at->host + "]";
  return (at->tls ? "tls://" : "") + host + ":" + std::to_string(at->port);
}

} // namespace ringdown::client
