#include "client/internal/credentials_renewal.hpp"

#include "messages/errors.hpp"

#include <algorithm>

namespace ringdown::client {

using std::chrono::microseconds;
using namespace std::chrono_literals;

namespace {

/// Further ahead nothing is planned: a link does not stand so long, and sums stay far from the
/// clock's end.
constexpr std::int64_t ahead_max_us = 366LL * 24 * 3600 * 1'000'000;
/// After so many refusals the credentials do not become right by repetition: the link ends when the
/// broker says so.
constexpr int refusals_max = 2;
/// A broker that asks for a longer wait is not waited for: the credentials would expire.
constexpr std::chrono::milliseconds retry_after_max{60'000};

/// The broker has looked at them. Anything else says nothing of them: it has no time, or ends.
bool are_refused(const event_error& answer) noexcept {
  return answer.code == static_cast<std::uint32_t>(error_code::bad_credentials);
}

} // namespace

void credentials_renewal::link_stands(steady_time at, const event_link_connected& granted) {
  link_down();
  stands_since_ = at;
  broker_time_us_ = granted.time_us;
  expire_at(granted.credentials_expire_time_us);
  plan(at);
  if (expire_ && can_renew_) // the first may be due at once
    next_ = std::min(next_, std::max(at, *expire_ - limits_.credentials_margin));
}

void credentials_renewal::link_down() {
  expire_.reset();
  awaited_.reset();
  refusals_ = 0;
  next_ = steady_time::max();
}

/// The broker's time as this clock's. The time that the answer was under way is too much by so
/// little that the margin covers it.
void credentials_renewal::expire_at(std::int64_t time_us) {
  expire_time_us_ = time_us;
  expire_.reset();
  if (time_us == 0)
    return;
  auto left = time_us > broker_time_us_ ? time_us - std::max<std::int64_t>(broker_time_us_, 0) : 0;
  expire_ = stands_since_ + microseconds{std::min(left, ahead_max_us)};
}

/// At 80 % of what is left, and before the margin; not sooner than `credentials_retry`, for what is
/// wrong now is seldom right at once.
void credentials_renewal::plan(steady_time at) {
  next_ = steady_time::max();
  if (!expire_ || !can_renew_ || refusals_ >= refusals_max)
    return;
  auto most = std::min(at + (*expire_ - at) / 5 * 4, *expire_ - limits_.credentials_margin);
  next_ = std::max(most, at + limits_.credentials_retry);
}

void credentials_renewal::sent(steady_time at, reference_id reference) {
  awaited_ = reference;
  plan(at);
}

void credentials_renewal::not_sent(steady_time at) {
  next_ = at + limits_.credentials_retry;
}

credentials_notice credentials_renewal::told(steady_time at) const {
  credentials_notice n;
  n.expire_time_us = expire_time_us_;
  if (next_ != steady_time::max())
    n.again_in = std::chrono::ceil<std::chrono::milliseconds>(next_ - at);
  return n;
}

credentials_notice credentials_renewal::none(steady_time at) {
  plan(at);
  return told(at);
}

std::optional<credentials_notice> credentials_renewal::on_answer(steady_time at, const event& e) {
  if (!awaited_ || reference_of(e) != *awaited_)
    return std::nullopt;
  awaited_.reset();
  if (auto* ack = std::get_if<event_ack>(&e)) {
    refusals_ = 0;
    expire_at(ack->credentials_expire_time_us);
    plan(at);
    auto n = told(at);
    n.renewed = true;
    return n;
  }
  auto* error = std::get_if<event_error>(&e);
  if (error && are_refused(*error)) {
    ++refusals_;
    plan(at);
  } else {
    auto asked = error ? error->retry_after.value_or(0ms) : 0ms;
    next_ = at + std::max(limits_.credentials_retry, std::min(asked, retry_after_max));
  }
  auto n = told(at);
  if (error)
    n.error = *error;
  return n;
}

} // namespace ringdown::client
