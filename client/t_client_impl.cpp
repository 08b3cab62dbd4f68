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

/// Null: it is about the link.
const std::string* dn_of(const notice& told) {
  return std::visit(
    [](const auto& n) -> const std::string* {
      if constexpr (requires { n.this_dn; })
        return &n.this_dn;
      else
        return nullptr;
    },
    told);
}

} // namespace

t_client::impl::impl(t_client_options o)
  : options(completed(std::move(o))), link(options.now), registrations(options.limits),
    pending(options.limits), plan_(options.places.size(), options.backoff) {}

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
  std::erase_if(ready_, [&](const waiting& w) {
    auto* n = std::get_if<notice>(&w);
    auto* about = n != nullptr ? dn_of(*n) : nullptr;
    return about != nullptr && *about == dn;
  });
}

steady_time t_client::impl::deadline_of(const request_options& how) const {
  auto wanted = how.timeout > milliseconds{0} ? how.timeout : options.limits.request_timeout;
  return now() + std::min(wanted, options.limits.request_timeout_max);
}

/// Whether a request for this DN may go out now. It overtakes neither the DN's registration nor a
/// command of the DN that waits to be sent again.
send_status t_client::impl::room_for(const std::string& dn, std::size_t kept_bytes) {
  auto room = pending.room(kept_bytes);
  if (room != send_status::accepted)
    return room;
  if (registrations.to_be_asked(dn))
    ask_for_registrations();
  bool overtakes = pending.waits_again(dn) || registrations.to_be_asked(dn);
  return overtakes ? send_status::window_full : send_status::accepted;
}

submission t_client::impl::submit(const outgoing_event& what, bool distribute, bool again) {
  auto sent = distribute ? link.distribute(what) : link.send_event(what);
  if (sent)
    show(event_sent{sent.reference, what, distribute, again});
  return sent;
}

sending t_client::impl::send(const outgoing_event& what, completion_handler&& done,
                             const request_options& how) {
  if (phase != link_phase::up)
    return {send_status::disconnected, {}, {}};
  bool keep = how.again_after_loss && what.command && !how.distribute;
  auto kept_bytes = keep ? content_bytes(what.data) + what.this_dn.size() : 0;
  if (auto room = room_for(what.this_dn, kept_bytes); room != send_status::accepted)
    return {room, {}, {}};
  auto sent = submit(what, how.distribute, false);
  if (!sent)
    return {sent.status, {}, {}};
  pending_requests::request r{pending_requests::kind::send,
                              std::move(done),
                              deadline_of(how),
                              what.this_dn,
                              std::nullopt,
                              how.distribute};
  if (keep) {
    r.again = what;
    r.again->retry = true;
  }
  return {sent.status, pending.add(std::move(r), sent.reference), sent.reference};
}

template <class Submit>
sending t_client::impl::request_once(pending_requests::kind what, const std::string& dn,
                                     completion_handler&& done, const request_options& how,
                                     Submit submit_it) {
  if (phase != link_phase::up)
    return {send_status::disconnected, {}, {}};
  if (auto room = room_for(dn, 0); room != send_status::accepted)
    return {room, {}, {}};
  submission sent = submit_it();
  if (!sent)
    return {sent.status, {}, {}};
  pending_requests::request r{what, std::move(done), deadline_of(how), dn, std::nullopt, false};
  return {sent.status, pending.add(std::move(r), sent.reference), sent.reference};
}

sending t_client::impl::query(const std::string& dn, completion_handler&& done,
                              const request_options& how) {
  return request_once(pending_requests::kind::query, dn, std::move(done), how, [&] {
    auto sent = link.query_address(dn);
    if (sent)
      show(question_sent{sent.reference, dn});
    return sent;
  });
}

sending t_client::impl::merge_calls(const std::string& dn, conn_id old, conn_id into,
                                    completion_handler&& done, const request_options& how) {
  return request_once(pending_requests::kind::send, dn, std::move(done), how,
                      [&] { return link.merge_calls(dn, old, into); });
}

sending t_client::impl::end_call(const std::string& dn, conn_id call, completion_handler&& done,
                                 const request_options& how) {
  return request_once(pending_requests::kind::send, dn, std::move(done), how,
                      [&] { return link.end_call(dn, call); });
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
  finish(pending.on_time(at));
  tell(registrations.on_time(at));
  ring(at);
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
    more_events_ = ready_.size() >= std::max<std::size_t>(1, options.limits.waiting_max);
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
    if (auto* dn = pending.dn_of(ack->reference))
      registrations.seen(*dn, ack->epoch, ack->sequence);
  } else if (auto* registered = std::get_if<event_registered>(&e)) {
    tell(registrations.on_registered(*registered));
  } else if (auto* unregistered = std::get_if<event_unregistered>(&e)) {
    tell(registrations.on_unregistered(*unregistered, at));
  } else if (auto* missed = std::get_if<event_missed>(&e)) {
    tell(registrations.on_missed(*missed));
  } else if (auto* info = std::get_if<event_address_info>(&e)) {
    registrations.seen(info->this_dn, info->snapshot.epoch, info->snapshot.sequence);
  } else if (auto* user_event = std::get_if<event_user_event>(&e)) {
    if (!registrations.wanted(user_event->this_dn))
      return; // of a DN that the program has left, or never asked for
    registrations.seen(user_event->this_dn, user_event->epoch, user_event->sequence);
    tell(notice{*user_event});
  } else if (auto* outcome = std::get_if<event_outcome>(&e)) {
    tell(notice{*outcome}); // of a DN that was left too: it was promised
  } else if (auto* error = std::get_if<event_error>(&e)) {
    tell(registrations.on_error(*error, at));
  }
  if (auto finished = pending.on_answer(e))
    finish(std::move(*finished));
}

/// Half the window is the program's, however many DNs are to be registered on.
std::size_t t_client::impl::registrations_in_flight_max() const {
  return std::max<std::size_t>(1, granted.window_requests / 2);
}

bool t_client::impl::may_ask() const {
  return phase == link_phase::up && !asking_blocked_ && registrations.has_more() &&
         registrations.unanswered() < registrations_in_flight_max();
}

void t_client::impl::ask_for_registrations() {
  while (may_ask()) {
    auto most =
      std::min(dns_per_batch_, registrations_in_flight_max() - registrations.unanswered());
    auto batch = registrations.next_batch(most);
    if (!batch)
      return;
    auto sent = batch->how ? link.register_address(batch->dns, *batch->how)
                           : link.unregister_address(batch->dns);
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
  auto sent = link.register_address(batch->dns, *batch->how);
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
      finish(pending.not_sent_again(id));
    else
      return;
  }
}

steady_time t_client::impl::next_deadline() const {
  if (attempt_due_ || more_events_ || !ready_.empty() || may_ask())
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
  if (!timers_.empty())
    next = std::min(next, timers_.begin()->first);
  return next;
}

// ---- the link's life -----------------------------------------------------------------------

void t_client::impl::change(link_phase to, link_notice n) {
  phase = to;
  n.phase = to;
  if (n.where.empty())
    n.where = text_of(options.places[plan_.place()]);
  tell(notice{std::move(n)});
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
    finish(std::move(lost));
    return finish(pending.end_all(doubt_reason::link_lost));
  }
  auto at = now();
  n.where = text_of(options.places[plan_.place()]); // not that of the next attempt
  next_ = plan_.after_failure(at, options.random(), asked_to_wait());
  n.retry_in = std::chrono::ceil<milliseconds>(next_.when - at);
  change(link_phase::waiting, std::move(n));
  finish(std::move(lost));
}

void t_client::impl::end_stopped() {
  link.close();
  attempt_due_ = false;
  more_events_ = false;
  registrations.link_down();
  change(link_phase::stopped);
  finish(pending.end_all(doubt_reason::stopped));
  ring(steady_time::max());
  if (std::exchange(start_again_, false))
    start();
}

// ---- telling the program -------------------------------------------------------------------

void t_client::impl::tell(registration_table::notices all) {
  for (auto& n : all)
    tell(std::move(n));
}

void t_client::impl::finish(std::vector<finished_request> all) {
  for (auto& f : all)
    finish(std::move(f));
}

/// The timers that are due.
void t_client::impl::ring(steady_time now) {
  for (; !timers_.empty() && timers_.begin()->first <= now; timers_.erase(timers_.begin()))
    ready_.emplace_back(std::move(timers_.begin()->second));
}

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

bool t_client::impl::listen(listener&& what, const std::string& dn, std::vector<listener>& ended) {
  if (listener_count_ >= options.limits.listeners_max)
    ended = take_ended_listeners();
  if (listener_count_ >= options.limits.listeners_max)
    return false;
  ++listener_count_;
  listeners_[dn].push_back(std::move(what));
  return true;
}

bool t_client::impl::call_after(timer&& what, milliseconds wait) {
  if (phase == link_phase::stopped || timers_.size() >= options.limits.timers_max)
    return false;
  timers_.emplace(now() + std::min<milliseconds>(wait, std::chrono::hours{24}), std::move(what));
  return true;
}

std::vector<t_client::impl::listener> t_client::impl::take_ended_listeners() {
  std::vector<listener> ended;
  for (auto i = listeners_.begin(); i != listeners_.end();) {
    auto& all = i->second;
    auto first =
      std::stable_partition(all.begin(), all.end(), [](const listener& l) { return !l.ended(); });
    ended.insert(ended.end(), std::move_iterator{first}, std::move_iterator{all.end()});
    all.erase(first, all.end());
    i = all.empty() ? listeners_.erase(i) : std::next(i);
  }
  listener_count_ -= ended.size();
  return ended;
}

void t_client::impl::collect(std::vector<listener>& from, ready_call& into) {
  for (auto& l : from) {
    auto owner = l.owner.lock();
    if (l.forever || owner)
      into.listeners.emplace_back(std::move(owner), l.handler);
  }
}

std::optional<t_client::impl::ready_call> t_client::impl::take() {
  if (ready_.empty())
    return std::nullopt;
  ready_call call;
  auto first = std::move(ready_.front());
  ready_.pop_front();
  if (auto* finished = std::get_if<finished_request>(&first)) {
    call.finished = std::move(*finished);
    return call;
  }
  if (auto* due = std::get_if<timer>(&first)) {
    call.due = std::move(*due);
    return call;
  }
  call.told = std::move(std::get<notice>(first));
  auto* dn = dn_of(call.told);
  for (auto& [name, all] : listeners_)
    if (dn == nullptr)
      collect(all, call);
  if (dn != nullptr)
    for (auto& name : {std::string{}, *dn})
      if (auto found = listeners_.find(name); found != listeners_.end())
        collect(found->second, call);
  return call;
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
