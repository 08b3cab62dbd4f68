#include "client/internal/t_client_impl.hpp"

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

/// Of the handler's own kind: what it was told, and about which DN.
struct subject {
  std::string about;
  std::string this_dn;
};

subject subject_of(const notice& told) {
  if (auto* e = std::get_if<event_user_event>(&told))
    return {std::string{to_string(e->verb)}, e->this_dn};
  if (auto* outcome = std::get_if<event_outcome>(&told))
    return {"outcome", outcome->this_dn};
  if (auto* registration = std::get_if<registration_notice>(&told))
    return {"registration", registration->this_dn};
  if (auto* gap = std::get_if<gap_notice>(&told))
    return {"gap", gap->this_dn};
  if (std::holds_alternative<credentials_notice>(told))
    return {"credentials", {}};
  return {"link", {}};
}

} // namespace

t_client::impl::impl(t_client_options o)
  : options(completed(std::move(o))), link(options.now), registrations(options.limits),
    pending(options.limits), again_(options), renewal_(options),
    registrar_(link, registrations, [this](const registration_sent& sent) { show(sent); }),
    board_(options.limits) {}

// ---- the program's calls -------------------------------------------------------------------

void t_client::impl::start() {
  start_again_ = phase == link_phase::stopping;
  if (link_runs())
    return;
  again_.begin(now());
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
  registrar_.look_again();
  return registrations.want(dn, how); // the next turn asks for all that came together
}

bool t_client::impl::registration_may_come(const std::string& dn) const {
  bool link_may_come = link_runs() || phase == link_phase::waiting;
  return registrations.phase(dn) == registration_phase::wanted && link_may_come &&
         phase != link_phase::stopping;
}

void t_client::impl::unregister_from(const std::string& dn) {
  registrar_.look_again();
  registrations.leave(dn);
  board_.forget(dn);
}

// ---- one turn ------------------------------------------------------------------------------

bool t_client::impl::link_runs() const {
  return phase == link_phase::connecting || phase == link_phase::up ||
         phase == link_phase::stopping;
}

void t_client::impl::turn() {
  if (link_runs() && !again_.is_due()) {
    link.poll(milliseconds{0});
    if (phase == link_phase::connecting && link.stood()) // and may be gone again
      on_up();
    drain();
    if (link.state() == link_state::closed && !more_events_)
      on_down(link.result());
  }
  auto at = now();
  board_.finish(pending.on_time(at));
  board_.tell(registrations.on_time(at));
  board_.ring(at);
  if (phase == link_phase::up) {
    registrar_.ask(at);
    send_again();
  }
  if (phase == link_phase::stopping && at >= stop_until_) {
    link.close();
    end_stopped();
  }
  if (phase == link_phase::waiting && at >= again_.next_attempt()) {
    again_.wait_is_over();
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
  registrar_.look_again();
  auto at = now();
  if (auto renewed = renewal_.on_answer(at, e))
    return board_.tell(notice{std::move(*renewed)});
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
  bool may_ask = phase == link_phase::up && registrar_.may_ask();
  if (again_.is_due() || more_events_ || !board_.empty() || may_ask)
    return steady_time::min();
  return due();
}

steady_time t_client::impl::due() const {
  auto next = std::min(pending.next_deadline(), registrations.next_deadline());
  if (link_runs())
    next = std::min(next, link.next_deadline());
  if (phase == link_phase::up)
    next = std::min(next, renewal_.next());
  if (phase == link_phase::waiting)
    next = std::min(next, again_.next_attempt());
  if (phase == link_phase::stopping)
    next = std::min(next, stop_until_);
  return std::min(next, board_.next_timer());
}

// ---- the link's life -----------------------------------------------------------------------

void t_client::impl::change(link_phase to, link_notice n) {
  phase = to;
  n.phase = to;
  if (n.where.empty())
    n.where = again_.where();
  board_.tell(notice{std::move(n)});
}

std::optional<t_client::impl::errand> t_client::impl::errand_due() {
  if (phase == link_phase::up && renewal_.is_due(now()))
    return errand{};
  auto where = again_.take_due();
  return where ? std::optional{errand{std::move(where)}} : std::nullopt;
}

t_client::impl::prepared t_client::impl::prepare(const errand& what) {
  auto asked = [this](const char* where, const auto& ask) -> decltype(ask()) {
    try {
      return ask();
    } catch (const std::exception& e) {
      report(where, e.what());
    } catch (...) {
      report(where, "not a std::exception");
    }
    return {};
  };
  prepared out;
  out.credentials = options.credentials ? asked("credentials", options.credentials)
                                        : std::optional{options.who.credentials};
  if (!out.credentials || !what.where)
    return out;
  if (auto* at = std::get_if<endpoint>(&*what.where))
    out.how = look_up(*at);
  else if (auto& make = std::get<transport_factory>(*what.where))
    out.how = asked("transport_factory", make);
  else
    out.how = std::unique_ptr<transport>{};
  return out;
}

void t_client::impl::renew(const std::optional<std::string>& credentials) {
  auto at = now();
  if (!renewal_.is_due(at))
    return; // another link than it was asked for
  if (!credentials)
    return board_.tell(notice{renewal_.none(at)});
  if (auto sent = link.renew_credentials(*credentials))
    renewal_.sent(at, sent.reference);
  else
    renewal_.not_sent(at);
}

void t_client::impl::begin(prepared&& how) {
  if (phase == link_phase::up)
    return renew(how.credentials);
  if (phase != link_phase::connecting)
    return; // stopped meanwhile
  if (!how.credentials)
    return on_down({link_fault::no_credentials, "the program has no credentials now", {}});
  auto who = options.who;
  who.credentials = std::move(*how.credentials);
  if (auto* stream = std::get_if<std::unique_ptr<transport>>(&how.how))
    link.start(std::move(*stream), std::move(who), options.link);
  else if (auto* found = std::get_if<numeric_endpoints>(&how.how))
    link.start_at_any(*found, std::move(who), options.link);
  registrar_.ask_early(now() + options.link.connect_timeout);
}

void t_client::impl::on_up() {
  granted = link.link();
  registrar_.link_stands(granted);
  renewal_.link_stands(now(), granted);
  link_notice n;
  n.broker_restarted = again_.link_stands(now(), granted);
  change(link_phase::up, std::move(n));
}

void t_client::impl::on_down(const open_result& result) {
  registrations.link_down();
  renewal_.link_down();
  if (phase == link_phase::stopping)
    return end_stopped();
  link_notice n;
  n.fault = result.fault;
  n.reason = result.ended ? result.ended->reason : disconnect_reason::unspecified;
  n.text = result.text;
  n.error = result.error;
  auto lost = pending.on_link_lost();
  if (again_.gives_up(result)) {
    change(link_phase::given_up, std::move(n));
    board_.finish(std::move(lost));
    return board_.finish(pending.end_all(doubt_reason::link_lost));
  }
  n.where = again_.where(); // not that of the next attempt
  n.retry_in = again_.after_failure(now(), result);
  change(link_phase::waiting, std::move(n));
  board_.finish(std::move(lost));
}

void t_client::impl::end_stopped() {
  link.close();
  again_.cancel();
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

/// The broker's word for the heartbeat's interval counts: it may be shorter than the bound.
template <class Subject>
void t_client::impl::look_at_time(const char* where, Subject of, steady_time began) {
  auto took = std::chrono::duration_cast<milliseconds>(now() - began);
  auto interval = granted.heartbeat_interval;
  auto slow = options.limits.handler_slow_after;
  if (took <= (interval.count() > 0 ? std::min(interval, slow) : slow))
    return;
  auto [about, dn] = of();
  try {
    options.on_slow_handler({where, about, dn, took, granted.heartbeat_timeout});
  } catch (const std::exception& e) {
    report("slow_handler", e.what());
  } catch (...) {
    report("slow_handler", "not a std::exception");
  }
}

void t_client::impl::run(ready_call& call) {
  auto guarded = [this](const char* where, auto of, const auto& handler, const auto&... told) {
    auto began = options.on_slow_handler ? now() : steady_time{};
    try {
      if (handler)
        handler(told...);
    } catch (const std::exception& e) {
      report(where, e.what());
    } catch (...) {
      report(where, "not a std::exception");
    }
    if (options.on_slow_handler)
      look_at_time(where, of, began);
  };
  if (call.finished.done)
    guarded(
      "completion",
      [&] {
        return subject{{}, call.finished.what.this_dn};
      },
      call.finished.done, call.finished.what);
  if (auto owner = call.due.owner.lock())
    guarded(
      "timer", [] { return subject{}; }, call.due.handler);
  for (auto& [owner, handler] : call.listeners)
    guarded(
      "notice", [&] { return subject_of(call.told); }, *handler, call.told);
}

} // namespace ringdown::client
