#include "client/t_client_values.hpp"

namespace ringdown::client {

namespace {

template <class Wanted>
const Wanted* get(const std::optional<event>& answer) noexcept {
  return answer ? std::get_if<Wanted>(&*answer) : nullptr;
}

} // namespace

const event_ack* completion::ack() const noexcept {
  return get<event_ack>(answer);
}

const event_error* completion::error() const noexcept {
  return get<event_error>(answer);
}

const event_address_info* completion::info() const noexcept {
  return get<event_address_info>(answer);
}

const event_address_list* completion::list() const noexcept {
  return get<event_address_list>(answer);
}

std::string_view to_string(request_status s) noexcept {
  switch (s) {
  case request_status::acknowledged: return "acknowledged";
  case request_status::refused: return "refused";
  case request_status::unknown_outcome: return "unknown_outcome";
  case request_status::not_sent: return "not_sent";
  case request_status::called_in_handler: return "called_in_handler";
  }
  return "unknown_outcome";
}

std::string_view to_string(doubt_reason d) noexcept {
  switch (d) {
  case doubt_reason::none: return "none";
  case doubt_reason::link_lost: return "link_lost";
  case doubt_reason::timed_out: return "timed_out";
  case doubt_reason::stopped: return "stopped";
  case doubt_reason::broker_fault: return "broker_fault";
  case doubt_reason::refused_again: return "refused_again";
  case doubt_reason::wrong_answer: return "wrong_answer";
  }
  return "none";
}

std::string_view to_string(link_phase p) noexcept {
  switch (p) {
  case link_phase::idle: return "idle";
  case link_phase::connecting: return "connecting";
  case link_phase::up: return "up";
  case link_phase::waiting: return "waiting";
  case link_phase::given_up: return "given_up";
  case link_phase::stopping: return "stopping";
  case link_phase::stopped: return "stopped";
  }
  return "idle";
}

std::string_view to_string(registration_phase p) noexcept {
  switch (p) {
  case registration_phase::none: return "none";
  case registration_phase::wanted: return "wanted";
  case registration_phase::registered: return "registered";
  case registration_phase::failed: return "failed";
  }
  return "none";
}

std::string_view to_string(gap_notice::cause c) noexcept {
  switch (c) {
  case gap_notice::cause::slow: return "slow";
  case gap_notice::cause::link: return "link";
  case gap_notice::cause::new_epoch: return "new_epoch";
  }
  return "slow";
}

std::string_view to_string(registering r) noexcept {
  switch (r) {
  case registering::accepted: return "accepted";
  case registering::bad_dn: return "bad_dn";
  case registering::too_many: return "too_many";
  }
  return "accepted";
}

} // namespace ringdown::client
