#include "client/cli/agent.hpp"

#include <algorithm>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

agent::agent(party& host, const std::string& dn, const desktop_options& options)
  : host_(host), desktop_(
                   host.link(), dn,
                   [this](const light_view& now) {
                     // It goes out because this program goes; and before the first registration
                     // there is nothing to be shown.
                     if (!host_.is_leaving() && (shown_ || now.is_current))
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

std::optional<shown_status> agent::status() const {
  if (!shown_)
    return std::nullopt;
  std::optional<milliseconds> left;
  if (deadline_)
    left = std::chrono::ceil<milliseconds>(*deadline_ - clock::now());
  return shown_status{dn(), *shown_, left};
}

bool agent::command(capture_verb verb, outgoing_event what) {
  last_ = std::make_shared<accepted_command>();
  bool tells = host_.link().link().has(capability::outcomes); // not a broker of an earlier day
  auto told = [this, tells, last = last_](const event_outcome& o) {
    last->ended = o.result;
    last->is_in_doubt = o.time_us == 0 && tells;
    if (last->is_in_doubt)
      host_.out().doubt(o);
  };
  std::optional<completion> done;
  auto sent = desktop_.send(
    verb, std::move(what), [&done](const completion& c) { done = c; }, told);
  bool answered = host_.await(sent, done);
  if (!done || !*done)
    last_.reset(); // it has none
  else
    remember(last_);
  return answered;
}

bool agent::has_ended(outcome wanted) const {
  if (!last_ || !last_->ended)
    return false;
  return *last_->ended == wanted || *last_->ended != outcome::held;
}

namespace {

exit_status status_of(const accepted_command& command) {
  if (command.is_as_expected)
    return all_well;
  return command.ended && !command.is_in_doubt ? cli::status_of(*command.ended) : lost;
}

exit_status worse(exit_status one, exit_status other) {
  return badness(one) < badness(other) ? other : one;
}

} // namespace

/// Those that went well need not be kept, and nobody counts more than these of the others.
void agent::remember(const std::shared_ptr<accepted_command>& command) {
  constexpr std::size_t unsettled_max = 1000;
  std::erase_if(unsettled_, [](auto& one) { return status_of(*one) == all_well; });
  if (unsettled_.size() == unsettled_max) {
    of_forgotten_ = worse(of_forgotten_, status_of(*unsettled_.front()));
    unsettled_.pop_front();
  }
  unsettled_.push_back(command);
}

exit_status agent::verdict() const {
  auto status = of_forgotten_;
  for (auto& command : unsettled_)
    status = worse(status, status_of(*command));
  return status;
}

} // namespace ringdown::cli
