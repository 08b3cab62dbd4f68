#include "client/caf_bridge/caf_bridge.hpp"

#include "client/internal/socket.hpp"
#include "client/t_client.hpp"

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ringdown {

using namespace client;

namespace {

/// Handlers that one client may run before the others have their turn.
constexpr int notices_per_turn_max = 256;

/// Tells an actor of the host, if it still lives. Without an execution unit: its own scheduler
/// runs it.
template <class Letter>
void tell(const caf::actor_addr& to, Letter letter) {
  if (auto alive = caf::actor_cast<caf::actor>(to))
    caf::anon_send(alive, std::move(letter));
}

/// One actor's client, and what its port and the thread share of it.
struct seat {
  caf::actor_addr owner;
  caf::actor_addr port;
  std::atomic<std::size_t> queued{0}; // letters posted and not looked at, but withdrawals
  std::unique_ptr<t_client> client;   // the thread's
  bool gone = false;                  // the thread's: its port has ended, perhaps before it began
};
using seat_ptr = std::shared_ptr<seat>;

/// Whether one more letter may wait; then it is counted.
bool may_queue(seat& s) {
  if (s.queued.fetch_add(1) < caf_bridge::requests_max)
    return true;
  s.queued.fetch_sub(1);
  return false;
}

completion not_sent(send_status why) {
  completion result;
  result.status = request_status::not_sent;
  result.sent = why;
  return result;
}

registration_notice not_registered(const std::string& dn) {
  registration_notice refused;
  refused.this_dn = dn;
  refused.phase = registration_phase::failed;
  return refused;
}

unique_fd make_event() {
  unique_fd event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!event)
    throw std::system_error{errno, std::system_category(), "eventfd"};
  return event;
}

} // namespace

/// The thread: takes what ports have posted, runs the clients, waits for their links.
class caf_bridge::pump {
public:
  pump() : thread_([this] { run(); }) {}
  pump(const pump&) = delete;
  pump& operator=(const pump&) = delete;

  /// Runs `task` on the thread. False once it has ended.
  bool post(std::function<void()> task);
  void add(const seat_ptr& s, t_client_options options);
  void remove(const seat_ptr& s);
  /// Any thread but its own.
  void stop();

private:
  void run();
  bool turn();
  void wait(bool busy);
  void end_all();

  const unique_fd wake_ = make_event();
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool ended_ = false;
  std::atomic<bool> stopping_{false};
  std::vector<seat_ptr> seats_; // the thread's
  std::thread thread_;          // last: it uses the rest
};

bool caf_bridge::pump::post(std::function<void()> task) {
  {
    std::scoped_lock lock{mutex_};
    if (ended_)
      return false;
    tasks_.push_back(std::move(task));
  }
  static_cast<void>(::eventfd_write(wake_.get(), 1)); // fails when it is awake already
  return true;
}

void caf_bridge::pump::add(const seat_ptr& s, t_client_options options) {
  options.now = {};
  auto shared = std::make_shared<t_client_options>(std::move(options));
  post([this, s, shared] {
    if (s->gone)
      return;
    s->client = std::make_unique<t_client>(std::move(*shared));
    static_cast<void>(
      s->client->listen([owner = s->owner](const notice& n) { tell(owner, bridge_heard{n}); }));
    seats_.push_back(s);
    s->client->start();
  });
}

void caf_bridge::pump::remove(const seat_ptr& s) {
  post([this, s] {
    s->gone = true;
    if (std::erase(seats_, s) != 0)
      s->client->stop(std::chrono::milliseconds{0}); // says goodbye if the link takes it at once
    s->client.reset();
  });
}

void caf_bridge::pump::run() {
  while (!stopping_)
    wait(turn());
  end_all();
}

/// Returns whether there is more to do at once.
bool caf_bridge::pump::turn() {
  std::vector<std::function<void()>> tasks;
  {
    std::scoped_lock lock{mutex_};
    tasks.swap(tasks_);
  }
  for (auto& task : tasks)
    task();
  bool busy = false;
  for (auto& s : seats_)
    for (int i = 0; s->client->poll(std::chrono::milliseconds{0}); ++i)
      if (i == notices_per_turn_max) {
        busy = true;
        break;
      }
  return busy;
}

void caf_bridge::pump::wait(bool busy) {
  std::vector<pollfd> all{{wake_.get(), POLLIN, 0}};
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  for (auto& s : seats_) {
    if (s->client->descriptor() >= 0)
      all.push_back({s->client->descriptor(), s->client->poll_events(), 0});
    until = std::min(until, s->client->next_deadline());
  }
  auto timeout = 0;
  if (auto now = std::chrono::steady_clock::now(); !busy && until > now)
    timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(until - now).count());
  ::poll(all.data(), all.size(), timeout);
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(wake_.get(), &ignored));
}

void caf_bridge::pump::end_all() {
  // What was posted before the end is answered: by its completion, or as not sent.
  {
    std::scoped_lock lock{mutex_};
    ended_ = true;
  }
  turn();
  auto until = std::chrono::steady_clock::now() + stop_timeout;
  for (auto& s : seats_) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
    s->client->stop(std::max(left, std::chrono::milliseconds{0}));
    s->client.reset();
    if (auto port = caf::actor_cast<caf::actor>(s->port))
      caf::anon_send_exit(port, caf::exit_reason::user_shutdown);
  }
  seats_.clear();
}

void caf_bridge::pump::stop() {
  stopping_ = true;
  static_cast<void>(::eventfd_write(wake_.get(), 1));
  if (thread_.joinable())
    thread_.join();
}

// ---- the port ------------------------------------------------------------------------------

caf_bridge::caf_bridge(caf::actor_system& host) : host_(host), pump_(std::make_shared<pump>()) {}

caf_bridge::~caf_bridge() {
  pump_->stop();
}

caf::actor caf_bridge::attach(const caf::actor& owner, client::t_client_options options) {
  auto s = std::make_shared<seat>();
  s->owner = caf::actor_cast<caf::actor_addr>(owner);
  auto send = [s, p = pump_](const bridge_send& what) {
    if (!may_queue(*s))
      return tell(s->owner, bridge_done{what.token, not_sent(send_status::window_full)});
    bool runs = p->post([s, what] {
      s->queued.fetch_sub(1);
      auto answer = [owner = s->owner, token = what.token](const completion& result) {
        tell(owner, bridge_done{token, result});
      };
      if (!s->client)
        return answer(not_sent(send_status::disconnected));
      if (auto sent = s->client->send(what.event, answer, what.how); !sent)
        answer(not_sent(sent.status));
    });
    if (!runs)
      tell(s->owner, bridge_done{what.token, not_sent(send_status::disconnected)});
  };
  // The DNs that the actor wants to be registered on, so that withdrawals are bounded by the
  // registrations before them. The port's own.
  auto wanted = std::make_shared<std::set<std::string>>();
  auto wanted_max = options.limits.registrations_max;
  auto enroll = [s, p = pump_, wanted, wanted_max](const bridge_register& what) {
    if ((wanted->size() >= wanted_max && wanted->count(what.dn) == 0) || !may_queue(*s))
      return tell(s->owner, bridge_heard{not_registered(what.dn)});
    wanted->insert(what.dn);
    p->post([s, what] {
      s->queued.fetch_sub(1);
      if (s->client && s->client->register_on(what.dn, what.how) != registering::accepted)
        tell(s->owner, bridge_heard{not_registered(what.dn)}); // its DN is none
    });
  };
  auto withdraw = [s, p = pump_, wanted](const bridge_unregister& what) {
    if (wanted->erase(what.dn) == 0)
      return; // it is not registered
    p->post([s, what] {
      if (s->client)
        s->client->unregister_from(what.dn);
    });
  };
  // The owner is an argument: it lives until it is watched. (And CAF 0.17's spawn of a function
  // without arguments binds a null reference.)
  auto begin = [=, p = pump_](caf::event_based_actor* self,
                              const caf::actor& watched) -> caf::behavior {
    self->monitor(watched);
    self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
    self->attach_functor([s, p](const caf::error&) { p->remove(s); });
    return {
      [=](const bridge_register& what) { enroll(what); },
      [=](const bridge_unregister& what) { withdraw(what); },
      [=](const bridge_send& what) { send(what); },
    };
  };
  auto port = host_.spawn(begin, owner);
  s->port = caf::actor_cast<caf::actor_addr>(port);
  pump_->add(s, std::move(options));
  return port;
}

} // namespace ringdown
