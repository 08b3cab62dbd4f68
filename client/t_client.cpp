#include "client/t_client.hpp"

#include "client/internal/t_client_impl.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace ringdown::client {

using std::chrono::milliseconds;

t_client::t_client(t_client_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
t_client::~t_client() = default;

void t_client::start() {
  impl_->start();
}

void t_client::stop(milliseconds timeout) {
  impl_->begin_stop(impl_->now() + std::min<milliseconds>(timeout, std::chrono::hours{24}));
  if (impl_->in_handler)
    return;
  while (impl_->phase == link_phase::stopping || impl_->next_deadline() == steady_time::min())
    poll(milliseconds{100});
}

namespace {

/// False if a signal came.
bool wait(int descriptor, short events, milliseconds time) {
  pollfd entry{descriptor, events, 0};
  auto timeout = static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, 60'000));
  return ::poll(&entry, descriptor < 0 ? 0 : 1, timeout) >= 0 || errno != EINTR;
}

} // namespace

bool t_client::poll(milliseconds timeout) {
  if (impl_->in_handler)
    return false;
  auto until = impl_->now() + std::min<milliseconds>(timeout, std::chrono::hours{24});
  bool told = false;
  for (bool interrupted = false;;) {
    impl_->turn();
    if (auto errand = impl_->errand_due()) {
      impl_->in_handler = true; // who is asked is the program's
      auto prepared = impl_->prepare(*errand);
      impl_->in_handler = false;
      impl_->begin(std::move(prepared));
      impl_->turn();
    }
    while (auto call = impl_->take()) {
      told = true;
      impl_->in_handler = true;
      impl_->run(*call);
      impl_->in_handler = false;
      if (impl_->due() <= impl_->now())
        break; // heartbeats, for one, do not wait for slow handlers
    }
    auto now = impl_->now();
    if (told || interrupted || now >= until)
      return told;
    auto wake = std::min(until, impl_->next_deadline());
    if (wake > now)
      interrupted = !wait(descriptor(), poll_events(), std::chrono::ceil<milliseconds>(wake - now));
  }
}

int t_client::descriptor() const noexcept {
  return impl_->link.descriptor();
}

short t_client::poll_events() noexcept {
  return impl_->link.poll_events();
}

steady_time t_client::next_deadline() const {
  return impl_->next_deadline();
}

registering t_client::register_on(const std::string& dn, const registration& how) {
  return impl_->register_on(dn, how);
}

void t_client::unregister_from(const std::string& dn) {
  impl_->unregister_from(dn);
}

registration_phase t_client::registration_of(const std::string& dn) const {
  return impl_->registrations.phase(dn);
}

bool t_client::await_registered(const std::string& dn, milliseconds timeout) {
  auto until = impl_->now() + std::min<milliseconds>(timeout, std::chrono::hours{24});
  while (!impl_->in_handler && impl_->registration_may_come(dn) && impl_->now() < until)
    poll(std::chrono::ceil<milliseconds>(until - impl_->now()));
  return !impl_->in_handler && registration_of(dn) == registration_phase::registered;
}

sending t_client::send(const outgoing_event& what, completion_handler done,
                       const request_options& how) {
  return impl_->send(what, std::move(done), how);
}

sending t_client::query_address(const std::string& dn, completion_handler done,
                                const request_options& how) {
  return impl_->query(dn, std::move(done), how);
}

sending t_client::list_addresses(const address_list_request& what, completion_handler done,
                                 const request_options& how) {
  return impl_->list(what, std::move(done), how);
}

sending t_client::command_addresses(const bulk_command& what, completion_handler done,
                                    const request_options& how) {
  return impl_->command_each(what, impl::shared_by_many(std::move(done)), how);
}

sending t_client::merge_calls(const std::string& dn, conn_id old, conn_id into,
                              completion_handler done, const request_options& how) {
  return impl_->merge_calls(dn, old, into, std::move(done), how);
}

sending t_client::end_call(const std::string& dn, conn_id call, completion_handler done,
                           const request_options& how) {
  return impl_->end_call(dn, call, std::move(done), how);
}

completion t_client::ask(const outgoing_event& what, const request_options& how) {
  completion c;
  if (impl_->in_handler) {
    c.status = request_status::called_in_handler;
    return c;
  }
  auto answer = std::make_shared<std::optional<completion>>();
  auto sent = send(
    what, [answer](const completion& came) { *answer = came; }, how);
  if (!sent) {
    c.status = request_status::not_sent;
    c.sent = sent.status;
    return c;
  }
  while (!*answer)
    poll(milliseconds{1000}); // the request's own deadline ends this
  return **answer;
}

bool t_client::listen(std::weak_ptr<void> owner, const std::string& dn, notice_handler handler) {
  std::vector<impl::listener> ended;
  return impl_->listen(
    {std::move(owner), false, std::make_shared<notice_handler>(std::move(handler))}, dn, ended);
}

bool t_client::listen(notice_handler handler) {
  std::vector<impl::listener> ended;
  return impl_->listen({{}, true, std::make_shared<notice_handler>(std::move(handler))}, {}, ended);
}

bool t_client::call_after(std::weak_ptr<void> owner, milliseconds wait,
                          std::function<void()> handler) {
  return impl_->call_after({std::move(owner), std::move(handler)}, wait);
}

steady_time t_client::now() const {
  return impl_->now();
}

const identity& t_client::who() const {
  return impl_->options.who;
}

link_phase t_client::phase() const {
  return impl_->phase;
}

event_link_connected t_client::link() const {
  return impl_->granted;
}

std::size_t t_client::handler_failures() const {
  return impl_->failures;
}

std::size_t t_client::requests_pending() const {
  return impl_->pending.size();
}

} // namespace ringdown::client
