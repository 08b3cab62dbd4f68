#include "client/internal/snapshot_seeker.hpp"

#include <algorithm>

namespace ringdown::client {

snapshot_seeker::snapshot_seeker(any_t_client& client, std::string dn, found_handler found)
  : client_(client), dn_(std::move(dn)), found_(std::move(found)) {}

void snapshot_seeker::seek() {
  switch (stage_) {
  case stage::known: return ask();
  case stage::asked: stage_ = stage::asked_before_gap; return;
  case stage::asked_before_gap:
  case stage::waiting: return;
  }
}

void snapshot_seeker::ask() {
  stage_ = stage::known;
  if (client_.registration_of(dn_) != registration_phase::registered)
    return;
  auto sent = client_.query_address(dn_, [self = weak_from_this()](const completion& c) {
    if (auto me = self.lock())
      me->on_answer(c);
  });
  if (!sent)
    return wait(nullptr);
  stage_ = stage::asked;
}

void snapshot_seeker::on_answer(const completion& c) {
  auto* info = c.info();
  if (info == nullptr)
    return wait(c.error());
  next_wait_ = retry_first;
  if (stage_ == stage::asked_before_gap)
    ask();
  else
    stage_ = stage::known;
  found_(info->snapshot);
}

void snapshot_seeker::wait(const event_error* refusal) {
  auto wait = next_wait_;
  if (refusal != nullptr && refusal->retry_after)
    wait = std::clamp(*refusal->retry_after, wait, retry_max);
  next_wait_ = std::min(next_wait_ * 2, retry_max);
  bool armed = client_.call_after(weak_from_this(), wait, [this] { ask(); });
  stage_ = armed ? stage::waiting : stage::known;
}

} // namespace ringdown::client
