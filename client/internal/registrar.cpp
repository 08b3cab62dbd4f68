#include "client/internal/registrar.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::client {

/// Half the window is the program's, however many DNs are to be registered on.
std::size_t registrar::in_flight_max() const {
  return std::max<std::size_t>(1, window_requests_ / 2);
}

bool registrar::may_ask() const {
  return !is_blocked_ && table_.has_more() && table_.unanswered() < in_flight_max();
}

submission registrar::submit(const registration_table::batch& what) {
  if (what.every())
    return what.how ? link_.register_every_dn(*what.how) : link_.unregister_every_dn();
  return what.how ? link_.register_address(what.dns, *what.how)
                  : link_.unregister_address(what.dns);
}

void registrar::ask(steady_time now) {
  while (may_ask()) {
    auto most = std::min(dns_per_batch_, in_flight_max() - table_.unanswered());
    auto batch = table_.next_batch(most);
    if (!batch)
      return;
    auto sent = submit(*batch);
    if (sent) {
      if (batch->how)
        show_({sent.reference, batch->dns, *batch->how});
      table_.asked(sent.reference, std::move(*batch), now);
      continue;
    }
    table_.not_asked(std::move(*batch));
    is_blocked_ = true;
    if (sent.status != send_status::too_large || dns_per_batch_ == 1)
      return; // an answer to something may make room
    dns_per_batch_ /= 2;
    is_blocked_ = false;
  }
}

/// A client with one DN, as a desktop is, does not wait for the answer to its sign-on: after a loss
/// it hears its DN again one round trip sooner. The time for the answer begins when the link must
/// be up.
void registrar::ask_early(steady_time opens_until) {
  asked_early_.reset();
  if (table_.size() != 1)
    return;
  table_.link_up();
  auto batch = table_.next_batch(1);
  if (!batch || !batch->how)
    return;
  auto sent = submit(*batch);
  if (!sent)
    return table_.not_asked(std::move(*batch));
  asked_early_ = early_registration{sent.reference, batch->dns.front(), *batch->how};
  table_.asked(sent.reference, std::move(*batch), opens_until);
}

void registrar::link_stands(const event_link_connected& granted) {
  if (asked_early_)
    show_({asked_early_->reference, {&asked_early_->dn, 1}, asked_early_->how});
  window_requests_ = granted.window_requests;
  dns_per_batch_ = std::max<std::size_t>(1, granted.dns_per_request_max);
  is_blocked_ = false;
  table_.link_up();
}

} // namespace ringdown::client
