#include "client/cli/agent.hpp"

#include "client/describe.hpp"

#include <algorithm>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

agent::agent(party& host, const std::string& dn, const desktop_options& options)
  : host_(host), desktop_(
                   host.link(), dn,
                   [this](const light_view& now) {
                     if (!host_.is_leaving()) // then it goes out because this program goes
                       on_view(now);
                   },
                   options) {
  // Behind the helper's own: what is unknown from the start is shown too, once.
  (void)host.link().listen(alive_, dn, [this](const notice& n) {
    auto* registered = std::get_if<registration_notice>(&n);
    if (registered != nullptr && registered->snapshot && !shown_)
      on_view(desktop_.view());
  });
}

void agent::on_view(const light_view& now) {
  auto before = std::exchange(shown_, now);
  host_.out().view(dn(), before, now);
  bool is_new = now.pending &&
                (!before || !before->pending || now.pending->command != before->pending->command);
  if (!is_new)
    return;
  deadline_.reset();
  if (host_.out().is_terminal()) // the countdown needs to know the broker's deadline
    host_.look_up(dn(), [this](const event_address_info& i) { learn_deadline(i); });
}

void agent::learn_deadline(const event_address_info& info) {
  auto& session = info.snapshot.session;
  if (!session || session->pending == 0)
    return;
  auto left_us = session->deadline_time_us - info.time_us;
  if (left_us > 0)
    deadline_ = clock::now() + std::chrono::microseconds{left_us};
}

std::string agent::status() const {
  if (!shown_)
    return {};
  std::optional<milliseconds> left;
  if (deadline_)
    left = std::chrono::ceil<milliseconds>(*deadline_ - clock::now());
  return status_line(*shown_, left);
}

bool agent::command(capture_verb verb, outgoing_event what) {
  last_ = std::make_shared<std::optional<outcome>>();
  bool tells = host_.link().link().has(capability::outcomes); // not a broker of an earlier day
  auto told = [this, tells, last = last_](const event_outcome& o) {
    *last = o.result;
    if (o.time_us == 0 && tells)
      host_.out().doubt(o);
  };
  std::optional<completion> done;
  auto sent = desktop_.send(
    verb, std::move(what), [&done](const completion& c) { done = c; }, told);
  bool answered = host_.await(sent, done);
  if (!done || !*done)
    last_.reset(); // it has none
  return answered;
}

bool agent::has_ended(outcome wanted) const {
  if (!last_ || !*last_)
    return false;
  return **last_ == wanted || **last_ != outcome::held;
}

} // namespace ringdown::cli
