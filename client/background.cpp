#include "client/background.hpp"

#include "client/internal/socket.hpp"
#include "client/internal/t_client_impl.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace ringdown::client {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;
using guard = std::lock_guard<std::mutex>;

namespace {

t_client_options in_real_time(t_client_options options) {
  options.now = nullptr;
  return options;
}

steady_time after(milliseconds time) {
  return clock::now() + std::min<milliseconds>(time, std::chrono::hours{24});
}

} // namespace

/// What the threads share. `core` is touched under `lock` only, except by what asks the program.
/// What the program gave is destroyed without the lock: a destructor of its own may call the
/// client. Only the client's thread closes the link, so a descriptor that it waits for stays its
/// own.
class background_client::impl {
public:
  explicit impl(t_client_options options)
    : core(in_real_time(std::move(options))), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_)
      throw std::system_error{errno, std::generic_category(), "eventfd"};
  }

  /// Makes a call on the core and wakes the thread if it would sleep too long now.
  template <class Call>
  auto with_core(Call call) {
    std::unique_lock held{lock};
    auto result = call(core);
    bool too_long = core.next_deadline() < sleeps_until_ || core.link.wants_write();
    held.unlock();
    if (too_long)
      wake();
    return result;
  }

  bool listen(t_client::impl::listener what, const std::string& dn) {
    std::vector<t_client::impl::listener> ended; // with handlers of the program's
    return with_core([&](auto& c) { return c.listen(std::move(what), dn, ended); });
  }

  bool on_own_thread() const { return thread_id_ == std::this_thread::get_id(); }
  void start();
  /// The number of the stop, for `await_stop`.
  std::uint64_t begin_stop(milliseconds timeout);
  /// True: that stop is done.
  bool await_stop(std::uint64_t number, steady_time until);
  /// From now on nothing starts it again.
  void close();
  bool await_registered(const std::string& dn, steady_time until);
  void join();

  mutable std::mutex lock;
  t_client::impl core;

private:
  void start_held();
  void run();
  void turn();
  void call_handlers();
  /// False: nothing more will happen.
  bool sleep();
  void wake() const;

  unique_fd wake_;
  std::mutex control_; // of `thread_` itself; taken before `lock`
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_{};
  std::condition_variable changed_; // after each turn, and at the end
  bool runs_ = false;
  bool closed_ = false;
  std::optional<steady_time> stop_until_; ///< a stop is under way
  bool start_again_ = false;              ///< after it
  std::uint64_t stops_done_ = 0;
  steady_time sleeps_until_ = steady_time::min();
};

/// Of a thread that runs. A stop under way is brought to its end first.
void background_client::impl::start_held() {
  if (stop_until_)
    start_again_ = !closed_;
  else
    core.start();
}

void background_client::impl::start() {
  if (on_own_thread()) { // a handler that wants to try again at once
    guard held{lock};
    return start_held();
  }
  guard controlled{control_};
  std::unique_lock held{lock};
  if (runs_) {
    start_held();
    held.unlock();
    return wake();
  }
  runs_ = true;
  stop_until_.reset();
  core.start();
  held.unlock();
  if (thread_.joinable())
    thread_.join(); // of before the last `stop`: it has nothing left to do
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread{[this] { run(); }};
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::uint64_t background_client::impl::begin_stop(milliseconds timeout) {
  std::uint64_t number = 0;
  {
    guard held{lock};
    stop_until_ = after(timeout);
    start_again_ = false;
    if (!runs_) {
      core.begin_stop(*stop_until_);
      ++stops_done_;
    }
    number = runs_ ? stops_done_ + 1 : stops_done_;
  }
  wake();
  return number;
}

bool background_client::impl::await_stop(std::uint64_t number, steady_time until) {
  std::unique_lock held{lock};
  return changed_.wait_until(held, until, [&] { return stops_done_ >= number; });
}

void background_client::impl::close() {
  guard held{lock};
  closed_ = true;
}

bool background_client::impl::await_registered(const std::string& dn, steady_time until) {
  std::unique_lock held{lock};
  changed_.wait_until(held, until, [&] { return !core.registration_may_come(dn); });
  return core.registrations.phase(dn) == registration_phase::registered;
}

void background_client::impl::join() {
  guard controlled{control_};
  if (thread_.joinable())
    thread_.join();
}

void background_client::impl::wake() const {
  std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one); // full: it is awake already
}

void background_client::impl::run() {
  thread_id_ = std::this_thread::get_id();
  do {
    turn();
    call_handlers();
  } while (sleep());
}

void background_client::impl::turn() {
  std::optional<t_client::impl::errand> errand;
  {
    guard held{lock};
    if (stop_until_)
      core.begin_stop(*stop_until_);
    core.turn();
    errand = core.errand_due();
    changed_.notify_all();
  }
  if (!errand)
    return;
  auto prepared = core.prepare(*errand);
  guard held{lock};
  core.begin(std::move(prepared));
  core.turn();
  changed_.notify_all();
}

void background_client::impl::call_handlers() {
  for (bool first = true;; first = false) {
    std::optional<t_client::impl::ready_call> call;
    {
      guard held{lock};
      if (!first && core.due() <= core.now())
        return; // heartbeats, for one, do not wait for slow handlers
      call = core.take();
    }
    if (!call)
      return;
    core.run(*call);
  }
}

bool background_client::impl::sleep() {
  pollfd entries[2] = {{wake_.get(), POLLIN, 0}, {-1, 0, 0}};
  milliseconds time{0};
  {
    guard held{lock};
    if (core.phase == link_phase::stopped && stop_until_ &&
        core.next_deadline() == steady_time::max()) {
      ++stops_done_;
      changed_.notify_all();
      if (!std::exchange(start_again_, false)) {
        runs_ = false;
        thread_id_ = std::thread::id{};
        return false;
      }
      stop_until_.reset();
      core.start();
    }
    entries[1] = {core.link.descriptor(), core.link.poll_events(), 0};
    sleeps_until_ = core.next_deadline();
    auto now = clock::now();
    if (sleeps_until_ > now)
      time = std::chrono::ceil<milliseconds>(sleeps_until_ - now);
  }
  auto timeout = static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, 60'000));
  if (::poll(entries, 2, timeout) > 0 && entries[0].revents != 0) {
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
  }
  return true;
}

// ---- the public face -----------------------------------------------------------------------

background_client::background_client(t_client_options options)
  : impl_(std::make_unique<impl>(std::move(options))) {}

background_client::~background_client() {
  impl_->close();
  stop(destructor_timeout);
  impl_->join();
}

void background_client::start() {
  impl_->start();
}

bool background_client::stop(milliseconds timeout) {
  auto number = impl_->begin_stop(timeout);
  return !impl_->on_own_thread() && impl_->await_stop(number, after(timeout + handlers_grace));
}

registering background_client::register_on(const std::string& dn, const registration& how) {
  return impl_->with_core([&](auto& core) { return core.register_on(dn, how); });
}

void background_client::unregister_from(const std::string& dn) {
  impl_->with_core([&](auto& core) { return core.unregister_from(dn), true; });
}

registration_phase background_client::registration_of(const std::string& dn) const {
  guard held{impl_->lock};
  return impl_->core.registrations.phase(dn);
}

sending background_client::send(const outgoing_event& what, completion_handler done,
                                const request_options& how) {
  return impl_->with_core([&](auto& core) { return core.send(what, std::move(done), how); });
}

sending background_client::query_address(const std::string& dn, completion_handler done,
                                         const request_options& how) {
  return impl_->with_core([&](auto& core) { return core.query(dn, std::move(done), how); });
}

sending background_client::list_addresses(const address_list_request& what, completion_handler done,
                                          const request_options& how) {
  return impl_->with_core([&](auto& core) { return core.list(what, std::move(done), how); });
}

sending background_client::command_addresses(const bulk_command& what, completion_handler done,
                                             const request_options& how) {
  auto each = t_client::impl::shared_by_many(std::move(done));
  return impl_->with_core([&](auto& core) { return core.command_each(what, each, how); });
}

sending background_client::merge_calls(const std::string& dn, conn_id old, conn_id into,
                                       completion_handler done, const request_options& how) {
  return impl_->with_core(
    [&](auto& core) { return core.merge_calls(dn, old, into, std::move(done), how); });
}

sending background_client::end_call(const std::string& dn, conn_id call, completion_handler done,
                                    const request_options& how) {
  return impl_->with_core(
    [&](auto& core) { return core.end_call(dn, call, std::move(done), how); });
}

bool background_client::await_registered(const std::string& dn, milliseconds timeout) {
  return !impl_->on_own_thread() && impl_->await_registered(dn, after(timeout));
}

namespace {

/// Where a blocked thread waits for its completion; outlives whichever of the two ends first.
struct meeting {
  std::mutex lock;
  std::condition_variable came;
  std::optional<completion> what;
};

} // namespace

completion background_client::ask(const outgoing_event& what, const request_options& how) {
  completion c;
  if (impl_->on_own_thread()) {
    c.status = request_status::called_in_handler;
    return c;
  }
  auto at = std::make_shared<meeting>();
  auto until = impl_->core.deadline_of(how);
  auto sent = send(
    what,
    [at](const completion& came) {
      guard held{at->lock};
      at->what = came;
      at->came.notify_all();
    },
    how);
  if (!sent) {
    c.status = request_status::not_sent;
    c.sent = sent.status;
    return c;
  }
  std::unique_lock held{at->lock};
  if (at->came.wait_until(held, until, [&] { return at->what.has_value(); }))
    return *at->what;
  // The client's thread is busy with a handler; it will find nobody here.
  c.doubt = doubt_reason::timed_out;
  c.request = sent.id;
  c.times_sent = 1;
  return c;
}

bool background_client::listen(std::weak_ptr<void> owner, const std::string& dn,
                               notice_handler handler) {
  return impl_->listen(
    {std::move(owner), false, std::make_shared<notice_handler>(std::move(handler))}, dn);
}

bool background_client::listen(notice_handler handler) {
  return impl_->listen({{}, true, std::make_shared<notice_handler>(std::move(handler))}, {});
}

bool background_client::call_after(std::weak_ptr<void> owner, milliseconds wait,
                                   std::function<void()> handler) {
  t_client::impl::timer what{std::move(owner), std::move(handler)};
  return impl_->with_core([&](auto& core) { return core.call_after(std::move(what), wait); });
}

steady_time background_client::now() const {
  return clock::now();
}

const identity& background_client::who() const {
  return impl_->core.options.who; // never changes
}

link_phase background_client::phase() const {
  guard held{impl_->lock};
  return impl_->core.phase;
}

event_link_connected background_client::link() const {
  guard held{impl_->lock};
  return impl_->core.granted;
}

std::size_t background_client::handler_failures() const {
  return impl_->core.failures;
}

} // namespace ringdown::client
