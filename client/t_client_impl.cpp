#include "client/t_client_impl.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>

namespace ringdown::client {

using std::chrono::milliseconds;

namespace {

/// Events looked at before the time is, and before handlers run: an endless stream must not keep
/// us here.
constexpr std::size_t events_per_turn_max = 1024;

std::function<std::uint64_t()> system_random() {
  std::uint64_t seed = 0;
  for (auto byte : random_instance_id().bytes)
    seed = seed * 257 + byte;
  return [engine = std::mt19937_64{seed}]() mutable { return engine(); };
}

t_client_options completed(t_client_options o) {
  if (o.places.empty())
    o.places.emplace_back(endpoint{});
  if (!o.who.instance)
    o.who.instance = random_instance_id();
  if (!o.random)
    o.random = system_random();
  return o;
}

std::string text_of(const place& where) {
  if (auto* at = std::get_if<endpoint>(&where))
    return (at->host.find(':') == std::string::npos ? at->host : "[" + at->host + "]") + ":" +
           std::to_string(at->port);
  return "a stream of this process";
}

} // namespace

t_client::impl::impl(t_client_options o)
  : options(completed(std::move(o))), link(options.now), registrations(options.limits),
    pending(options.limits), plan_(options.places.size(), options.backoff), board_(options.limits) {
}

// ---- the program's calls -------------------------------------------------------------------

void t_client::impl::start() {
  start_again_ = phase == link_phase::stopping;
  if (link_runs())
    return;
  next_ = plan_.now(now());
  attempt_due_ = true;
  change(link_phase::connecting);
}

void t_client::impl::begin_stop(steady_time until) {
  start_again_ = false;
  if (phase == link_phase::stopping || phase == link_phase::stopped)
    return;
  if (phase != link_phase::up || !link.sign_off())
    return end_stopped();
  stop_until_ = until;
  change(link_phase::stopping);
}

registering t_client::impl::register_on(const std::string& dn, const registration& how) {
  asking_blocked_ = false;
  return registrations.want(dn, how); // the next turn asks for all that came together
}

bool t_client::impl::registration_may_come(const std::string& dn) const {
  bool link_may_come = link_runs() || phase == link_phase::waiting;
  return registrations.phase(dn) == registration_phase::wanted && link_may_come &&
         phase != link_phase::stopping;
}

void t_client::impl::unregister_from(const std::string& dn) {
  asking_blocked_ = false;
  registrations.leave(dn);
  board_.forget(dn);
}

// ---- one turn ------------------------------------------------------------------------------

bool t_client::impl::link_runs() const {
  return phase == link_phase::connecting || phase == link_phase::up ||
         phase == link_phase::stopping;
}

void t_client::impl::turn() {
  if (link_runs() && !attempt_due_) {
    link.poll(milliseconds{0});
    if (phase == link_phase::connecting && link.stood()) // and may be gone again
      on_up();
    drain();
    if (link.state() == link_state::closed && !more_events_)
      on_down();
  }
  auto at = now();
  board_.finish(pending.on_time(at));
  board_.tell(registrations.on_time(at));
  board_.ring(at);
  if (phase == link_phase::up) {
    ask_for_registrations();
    send_again();
  }
  if (phase == link_phase::stopping && at >= stop_until_) {
    link.close();
    end_stopped();
  }
  if (phase == link_phase::waiting && at >= next_.when) {
    attempt_due_ = true;
    change(link_phase::connecting);
  }
}

void t_client::impl::drain() {
  for (std::size_t i = 0; i < events_per_turn_max; ++i) {
    more_events_ = board_.is_full();
    if (more_events_)
      return;
    auto e = link.next();
    if (!e)
      return;
    dispatch(*e);
  }
  more_events_ = true;
}

void t_client::impl::dispatch(const event& e) {
  show(event_received{e});
  asking_blocked_ = false;
  auto at = now();
  if (auto* ack = std::get_if<event_ack>(&e)) {
    auto* dn = ack->this_dn.empty() ? pending.dn_of(ack->reference) : &ack->this_dn;
    if (dn != nullptr)
      registrations.seen(*dn, ack->epoch, ack->sequence);
  } else if (auto* registered = std::get_if<event_registered>(&e)) {
    board_.tell(registrations.on_registered(*registered));
  } else if (auto* unregistered = std::get_if<event_unregistered>(&e)) {
    board_.tell(registrations.on_unregistered(*unregistered, at));
  } else if (auto* missed = std::get_if<event_missed>(&e)) {
    board_.tell(registrations.on_missed(*missed));
  } else if (auto* info = std::get_if<event_address_info>(&e)) {
    registrations.seen(info->this_dn, info->snapshot.epoch, info->snapshot.sequence);
  } else if (auto* user_event = std::get_if<event_user_event>(&e)) {
    if (!registrations.wanted(user_event->this_dn) && !registrations.wanted(every_dn))
      return; // of a DN that the program has left, or never asked for
    registrations.seen(user_event->this_dn, user_event->epoch, user_event->sequence);
    board_.tell(notice{*user_event});
  } else if (auto* outcome = std::get_if<event_outcome>(&e)) {
    board_.tell(notice{*outcome}); // of a DN that was left too: it was promised
  } else if (auto* error = std::get_if<event_error>(&e)) {
    board_.tell(registrations.on_error(*error, at));
  }
  board_.finish(pending.on_answer(e));
}

/// Half the window is the program's, however many DNs are to be registered on.
std::size_t t_client::impl::registrations_in_flight_max() const {
  return std::max<std::size_t>(1, granted.window_requests / 2);
}

bool t_client::impl::may_ask() const {
  return phase == link_phase::up && !asking_blocked_ && registrations.has_more() &&
         registrations.unanswered() < registrations_in_flight_max();
}

submission t_client::impl::register_batch(const registration_table::batch& what) {
  if (what.every())
    return what.how ? link.register_every_dn(*what.how) : link.unregister_every_dn();
  return what.how ? link.register_address(what.dns, *what.how) : link.unregister_address(what.dns);
}

void t_client::impl::ask_for_registrations() {
  while (may_ask()) {
    auto most =
      std::min(dns_per_batch_, registrations_in_flight_max() - registrations.unanswered());
    auto batch = registrations.next_batch(most);
    if (!batch)
      return;
    auto sent = register_batch(*batch);
    if (sent) {
      if (batch->how)
        show(registration_sent{sent.reference, batch->dns, *batch->how});
      registrations.asked(sent.reference, std::move(*batch), now());
      continue;
    }
    registrations.not_asked(std::move(*batch));
    asking_blocked_ = true;
    if (sent.status != send_status::too_large || dns_per_batch_ == 1)
      return; // an answer to something may make room
    dns_per_batch_ /= 2;
    asking_blocked_ = false;
  }
}

/// A client with one DN, as a desktop is, does not wait for the answer to its sign-on: after a loss
/// it hears its DN again one round trip sooner. The time for the answer begins when the link must
/// be up.
void t_client::impl::ask_early() {
  asked_early_.reset();
  if (registrations.size() != 1)
    return;
  registrations.link_up();
  auto batch = registrations.next_batch(1);
  if (!batch || !batch->how)
    return;
  auto sent = register_batch(*batch);
  if (!sent)
    return registrations.not_asked(std::move(*batch));
  asked_early_ = early_registration{sent.reference, batch->dns.front(), *batch->how};
  registrations.asked(sent.reference, std::move(*batch), now() + options.link.connect_timeout);
}

/// Each behind its DN's registration, and those of one DN in the order in which the program sent
/// them. A DN that has to wait holds up no other.
void t_client::impl::send_again() {
  auto has_to_wait = [this](const std::string& dn) { return registrations.to_be_asked(dn); };
  while (auto id = pending.next_again(has_to_wait)) {
    auto& r = pending.at(id);
    auto sent = submit(*r.again, r.distribute, true);
    if (sent)
      pending.sent_again(id, sent.reference);
    else if (sent.status == send_status::too_large)
      board_.finish(pending.not_sent_again(id));
    else
      return;
  }
}

steady_time t_client::impl::next_deadline() const {
  if (attempt_due_ || more_events_ || !board_.empty() || may_ask())
    return steady_time::min();
  return due();
}

steady_time t_client::impl::due() const {
  auto next = std::min(pending.next_deadline(), registrations.next_deadline());
  if (link_runs())
    next = std::min(next, link.next_deadline());
  if (phase == link_phase::waiting)
    next = std::min(next, next_.when);
  if (phase == link_phase::stopping)
    next = std::min(next, stop_until_);
  return std::min(next, board_.next_timer());
}

// ---- the link's life -----------------------------------------------------------------------

void t_client::impl::change(link_phase to, link_notice n) {
  phase = to;
  n.phase = to;
  if (n.where.empty())
    n.where = text_of(options.places[plan_.place()]);
  board_.tell(notice{std::move(n)});
}

std::optional<place> t_client::impl::attempt_due() {
  if (!attempt_due_)
    return std::nullopt;
  attempt_due_ = false;
  return options.places[plan_.place()];
}

t_client::impl::prepared t_client::impl::prepare(const place& where) {
  if (auto* at = std::get_if<endpoint>(&where))
    return {look_up(*at)};
  auto& make = std::get<transport_factory>(where);
  try {
    return {make ? make() : nullptr};
  } catch (const std::exception& e) {
    report("transport_factory", e.what());
  } catch (...) {
    report("transport_factory", "not a std::exception");
  }
  return {std::unique_ptr<transport>{}};
}

void t_client::impl::begin(prepared&& how) {
  if (phase != link_phase::connecting)
    return; // stopped meanwhile
  if (auto* stream = std::get_if<std::unique_ptr<transport>>(&how.how))
    link.start(std::move(*stream), options.who, options.link);
  else
    link.start_at_any(std::get<numeric_endpoints>(how.how), options.who, options.link);
  ask_early();
}

void t_client::impl::on_up() {
  granted = link.link();
  if (asked_early_)
    show(registration_sent{asked_early_->reference, {&asked_early_->dn, 1}, asked_early_->how});
  plan_.link_stands(now());
  dns_per_batch_ = std::max<std::size_t>(1, granted.dns_per_request_max);
  link_notice n;
  n.broker_restarted = last_instance_ != 0 && last_instance_ != granted.server_instance;
  last_instance_ = granted.server_instance;
  asking_blocked_ = false;
  registrations.link_up();
  change(link_phase::up, std::move(n));
}

/// The broker has said something that another attempt would not change.
bool t_client::impl::refused() const {
  auto& result = link.result();
  if (result.ended)
    return result.ended->reason == disconnect_reason::taken_over ||
           result.ended->reason == disconnect_reason::sign_on_refused;
  return result.fault == link_fault::sign_on_refused && result.error &&
         result.error->retry == retry_class::failed;
}

std::optional<milliseconds> t_client::impl::asked_to_wait() const {
  auto& result = link.result();
  if (result.ended)
    return result.ended->retry_after;
  return result.error ? result.error->retry_after : std::nullopt;
}

void t_client::impl::on_down() {
  registrations.link_down();
  if (phase == link_phase::stopping)
    return end_stopped();
  auto& result = link.result();
  link_notice n;
  n.fault = result.fault;
  n.reason = result.ended ? result.ended->reason : disconnect_reason::unspecified;
  n.text = result.text;
  n.error = result.error;
  auto lost = pending.on_link_lost();
  if (!options.reconnect || (refused() && !options.reconnect_when_refused)) {
    change(link_phase::given_up, std::move(n));
    board_.finish(std::move(lost));
    return board_.finish(pending.end_all(doubt_reason::link_lost));
  }
  auto at = now();
  n.where = text_of(options.places[plan_.place()]); // not that of the next attempt
  next_ = plan_.after_failure(at, options.random(), asked_to_wait());
  n.retry_in = std::chrono::ceil<milliseconds>(next_.when - at);
  change(link_phase::waiting, std::move(n));
  board_.finish(std::move(lost));
}

void t_client::impl::end_stopped() {
  link.close();
  attempt_due_ = false;
  more_events_ = false;
  registrations.link_down();
  change(link_phase::stopped);
  board_.finish(pending.end_all(doubt_reason::stopped));
  board_.ring(steady_time::max());
  if (std::exchange(start_again_, false))
    start();
}

// ---- telling the program -------------------------------------------------------------------

void t_client::impl::show(const traffic& t) {
  if (!options.on_traffic)
    return;
  try {
    options.on_traffic(t);
  } catch (const std::exception& e) {
    report("traffic", e.what());
  } catch (...) {
    report("traffic", "not a std::exception");
  }
}

void t_client::impl::report(const char* where, const char* what) {
  ++failures;
  if (!options.on_handler_failure)
    return;
  try {
    options.on_handler_failure({where, what});
  } catch (...) { // counted already; there is nobody left to tell
  }
}

bool t_client::impl::call_after(timer&& what, milliseconds wait) {
  if (phase == link_phase::stopped)
    return false;
  return board_.call_at(std::move(what),
                        now() + std::min<milliseconds>(wait, std::chrono::hours{24}));
}

void t_client::impl::run(ready_call& call) {
  auto guarded = [this](const char* where, const auto& handler, const auto&... told) {
    try {
      if (handler)
        handler(told...);
    } catch (const std::exception& e) {
      report(where, e.what());
    } catch (...) {
      report(where, "not a std::exception");
    }
  };
  if (call.finished.done)
    guarded("completion", call.finished.done, call.finished.what);
  if (auto owner = call.due.owner.lock())
    guarded("timer", call.due.handler);
  for (auto& [owner, handler] : call.listeners)
    guarded("notice", *handler, call.told);
}

} // namespace ringdown::client
