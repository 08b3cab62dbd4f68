#include "broker/broker.hpp"

#include "actors/directory/directory.hpp"
#include "broker/admin_view.hpp"
#include "broker/edge/admission.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/file_table.hpp"
#include "broker/edge/listener.hpp"
#include "broker/edge/local_pipe.hpp"
#include "broker/epochs.hpp"
#include "broker/host_functions.hpp"
#include "broker/log_observer.hpp"
#include "broker/version.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <csignal>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <future>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ringdown {

namespace {

std::shared_ptr<const dn_list::names> configured_names(const configuration::config& config) {
  if (config.dns.any())
    return nullptr;
  auto all = config.dns.all();
  return std::make_shared<const dn_list::names>(all.begin(), all.end());
}

std::unique_ptr<caf::actor_system_config> system_config(const configuration::config& config,
                                                        std::function<void()> on_failure) {
  auto& runtime = config.runtime;
  if (runtime.scheduler == configuration::scheduler::stock) {
    auto threads = runtime.stock_threads != 0 ? runtime.stock_threads
                                              : std::max(1u, std::thread::hardware_concurrency());
    return std::make_unique<runtime::stock_system_config>(threads, runtime.messages_per_resume);
  }
  runtime::loop_options options;
  options.loops = runtime.loops;
  options.make_loop = [](std::size_t) { return std::make_unique<edge::epoll_loop>(); };
  options.turn_budget = std::chrono::microseconds{runtime.turn_budget_us};
  options.messages_per_resume = runtime.messages_per_resume;
  options.spin = std::chrono::microseconds{runtime.spin_us};
  options.on_failure = std::move(on_failure);
  return std::make_unique<runtime::loop_system_config>(std::move(options));
}

/// Does `work` on a thread of its own and waits for it. CAF 0.17 leaves a reference to an actor
/// system in the thread that makes it, waits for it at the end, and clears that of the thread which
/// ends it: a host's thread must be neither. Signals are the host's business, so they are blocked
/// here, which every thread made here inherits. Throws `std::system_error` if there is no thread
/// left.
template <class Work>
void on_own_thread(Work work) {
  std::packaged_task<void()> task{[&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    work();
  }};
  auto done = task.get_future();
  std::thread{std::move(task)}.join();
  done.get(); // throws what `work` threw
}

logging::options log_options(const configuration::config& config, logging::sink sink) {
  logging::options options;
  options.levels = config.log.thresholds();
  options.shape = config.log.format;
  options.bytes_per_second_max = config.log.bytes_per_second_max;
  options.to = std::move(sink);
  return options;
}

start_result failed(std::string key, std::string why) {
  return {{{"program", 0, 0, std::move(key), std::move(why), {}}}};
}

} // namespace

/// Everything that runs, in the order in which it is made; it goes in the reverse order.
struct broker::state {
  state(configuration::config c, std::unique_ptr<logging::logger> own, logging::logger& l,
        broker_options o)
    : config(std::move(c)), own_log(std::move(own)), log(l), observer(l), context(config.limits),
      listens(o.listen) {
    context.utc_now = guarded(std::move(o.utc_clock), observer);
    context.authorize = guarded(std::move(o.authorize), observer);
    context.confirm = config.confirm;
    context.observed_by = &observer;
    context.server.name = config.server.name;
    context.server.node = config.server.node;
    context.server.version = version;
    context.configured.replace(configured_names(config));
    orders = {std::move(o.on_drain_ordered), std::move(o.on_reload_ordered)};
    admin_access = std::move(o.admin_access);
  }

  start_result start();
  start_result open_log();
  reserved_epochs known_epochs() const;
  std::vector<edge::edge_loop*> make_loops();
  start_result open_doors(const std::vector<edge::edge_loop*>& loops);
  void note_configuration() noexcept;
  bool begin_drain();
  void stop();
  void fail(std::string_view what, std::string_view why);
  /// Of a loop, where what it threw is handled.
  std::function<void()> on_loop_failure() {
    return [this] { fail("a loop failed: the broker is to end", what_is_thrown()); };
  }
  void tell_long_turns();

  enum class life : std::uint8_t { made, running, draining, stopped };

  configuration::config config;
  std::unique_ptr<logging::logger> own_log; // null: the host's
  logging::logger& log;
  log_observer observer;
  broker_context context;
  const bool listens;
  edge::edge_counters counters;
  edge::admission admission{context, counters};
  std::atomic<std::uint16_t> port{0};
  std::atomic<std::uint16_t> admin_port{0};
  admin_orders orders;
  admin_access_function admin_access;
  std::atomic_flag is_failing;
  std::atomic<bool> has_failed{false};

  std::mutex mutex; // of what follows, and of everything that starts or ends
  life now = life::made;
  std::unique_ptr<caf::actor_system_config> caf_config;
  std::unique_ptr<caf::actor_system> system;
  directory_ref directory;
  std::vector<std::unique_ptr<edge::edge_loop>> loops;
  std::size_t next_loop = 0;                              // of `connect`
  std::vector<runtime::loop_stats> told;                  // of each loop, by the last tick
  std::vector<std::shared_ptr<edge::listener>> listeners; // one for each door
  std::unique_ptr<admin_side> admin;                      // null: the port is not enabled
};

// ---- start ---------------------------------------------------------------------------------

/// Epochs that are given already, by this start or an earlier one.
reserved_epochs broker::state::known_epochs() const {
  auto now_us = context.utc_now();
  if (config.server.state_directory.empty())
    return {{static_cast<std::uint64_t>(now_us)}, {}};
  return reserve_epochs(std::filesystem::path{config.server.state_directory} / "epochs", now_us);
}

start_result broker::state::open_log() {
  if (own_log && !config.log.file.empty())
    if (auto why = own_log->open_file(config.log.file))
      return failed("log.file", *why);
  return {};
}

std::vector<edge::edge_loop*> broker::state::make_loops() {
  auto add = [&](std::unique_ptr<edge::edge_host> host) {
    loops.push_back(
      std::make_unique<edge::edge_loop>(std::move(host), *system, context, directory));
  };
  if (auto* scheduler = runtime::loop_scheduler::of(*system)) {
    context.users = scheduler->loops() == 1 ? threads::one : threads::many;
    if (context.users == threads::one)
      context.share = std::make_unique<turn_share>();
    for (std::size_t i = 0; i < scheduler->loops(); ++i)
      add(edge::host_on(scheduler->loop(i)));
  } else {
    for (std::uint32_t i = 0; i < config.runtime.loops; ++i)
      add(edge::host_with_thread(on_loop_failure()));
  }
  std::vector<edge::edge_loop*> all;
  for (auto& loop : loops)
    all.push_back(loop.get());
  return all;
}

start_result broker::state::start() {
  if (now != life::made)
    return failed({}, "a broker starts once: make another");
  if (auto errors = configuration::validate(config); !errors.empty())
    return {std::move(errors)};
  if (auto opened = open_log(); !opened)
    return opened;
  if (listens)
    edge::grow_file_table(config.limits.connections_max + edge::own_files);
  context.server.start_time_us = context.utc_now();
  std::vector<edge::edge_loop*> all;
  try {
    std::random_device random; // a file, on some machines
    context.server.instance = std::uint64_t{random()} << 32 | random();
    for (auto& byte : context.secret)
      byte = static_cast<std::uint8_t>(random());
    context.hash = keyed_hash{std::uint64_t{random()} << 32 | random()};
    auto epochs = known_epochs();
    if (!epochs.error.empty())
      return failed("server.state_directory", epochs.error);
    if (config.runtime.scheduler == configuration::scheduler::loop)
      context.counts.make_blocks(config.runtime.loops);
    note_configuration();
    on_own_thread([&] {
      caf_config = system_config(config, on_loop_failure());
      system = std::make_unique<caf::actor_system>(*caf_config);
      directory = spawn_directory(*system, context,
                                  {.where_dns_live = std::make_unique<all_here>(epochs.last),
                                   .on_failure = [this](const std::string& why) {
                                     fail("the directory failed: nobody can sign on any more", why);
                                   }});
      all = make_loops();
    });
  } catch (const std::exception& e) { // no thread, or no file for a loop
    now = life::running;
    stop();
    return failed("runtime.loops", e.what());
  }
  now = life::running;
  auto opened = open_doors(all);
  if (!opened)
    stop();
  return opened;
}

start_result broker::state::open_doors(const std::vector<edge::edge_loop*>& all) {
  if (config.admin.enabled) {
    admin = std::make_unique<admin_side>(
      admin_sources{context, all, directory, admission, counters, has_failed, listens, port},
      orders, config, admin_access);
    if (auto why = admin->port().start(config.admin.address, config.admin.port))
      return failed("admin.port", *why);
    admin_port = admin->port().port();
  }
  if (!listens)
    return {};
  for (auto& door : {edge::door{config.listen.address, config.listen.port}}) {
    auto& one =
      listeners.emplace_back(std::make_shared<edge::listener>(door, all, context, admission));
    if (auto why = one->open())
      return failed("listen.port", *why);
  }
  port = listeners.front()->port();
  return {};
}

// ---- end -----------------------------------------------------------------------------------

/// Whether there is anything to wait for.
bool broker::state::begin_drain() {
  std::scoped_lock lock{mutex};
  if (now != life::running && now != life::draining)
    return false;
  now = life::draining;
  admission.close();
  for (auto& one : listeners)
    one->close();
  for (auto& loop : loops)
    loop->drain();
  caf::anon_send(directory.handle(), drain_atom::value);
  return true;
}

void broker::state::stop() {
  if (now != life::running && now != life::draining) {
    now = life::stopped;
    return;
  }
  now = life::stopped;
  admin = nullptr; // nobody looks any more
  admin_port = 0;
  admission.close();
  for (auto& one : listeners)
    one->close();
  for (auto& loop : loops)
    loop->stop();
  listeners.clear();
  port = 0;
  if (directory)
    caf::anon_send_exit(directory.handle(), caf::exit_reason::user_shutdown);
  directory = {};
  // Waits for the actors: the DNs end with the directory.
  try {
    if (system)
      on_own_thread([&] { system.reset(); });
  } catch (const std::system_error&) { // no thread left
    system.reset();
  }
  loops.clear();
}

/// One was taken over, the first or another.
void broker::state::note_configuration() noexcept {
  context.counts.shared().config_last_reload_success_timestamp_seconds.set(
    static_cast<std::uint64_t>(context.utc_now() / 1'000'000));
}

/// Any thread: whoever runs the broker is to end it. What fails because of the first failure needs
/// no line of its own.
void broker::state::fail(std::string_view what, std::string_view why) {
  if (is_failing.test_and_set())
    return;
  observer.log("broker", observer::severity::error, what, {{"reason", why}});
  admission.close();
  has_failed = true;
}

// ---- what was seen -------------------------------------------------------------------------

void broker::state::tell_long_turns() {
  // A quarter of the usual heartbeat: everybody on the loop has felt it.
  constexpr std::uint64_t stall_us = 500'000;
  auto* scheduler = system ? runtime::loop_scheduler::of(*system) : nullptr;
  if (!scheduler)
    return;
  told.resize(scheduler->loops());
  for (std::size_t i = 0; i < told.size(); ++i) {
    auto seen = scheduler->loop(i).stats();
    auto before = std::exchange(told[i], seen);
    if (seen.long_turns == before.long_turns)
      continue;
    bool has_stalled = seen.turn_max_us > before.turn_max_us && seen.turn_max_us >= stall_us;
    auto level = has_stalled ? observer::severity::warning : observer::severity::info;
    observer.log("runtime", level, "a loop took long turns",
                 {{"loop", std::to_string(i)},
                  {"turns", std::to_string(seen.long_turns - before.long_turns)},
                  {"longest_ever_us", std::to_string(seen.turn_max_us)}});
  }
}

// ---- the door ------------------------------------------------------------------------------

std::string start_result::text() const {
  std::string all;
  for (auto& error : errors) {
    if (!all.empty())
      all += '\n';
    all += error.key.empty() ? error.message : error.key + ": " + error.message;
  }
  return all;
}

broker::broker(configuration::config config, broker_options options) {
  auto log = std::make_unique<logging::logger>(log_options(config, std::move(options.log_sink)));
  auto& l = *log;
  state_ = std::make_unique<state>(std::move(config), std::move(log), l, std::move(options));
}

broker::broker(configuration::config config, logging::logger& log, broker_options options)
  : state_(std::make_unique<state>(std::move(config), nullptr, log, std::move(options))) {}

broker::~broker() {
  stop();
}

start_result broker::start() {
  std::scoped_lock lock{state_->mutex};
  return state_->start();
}

bool broker::has_failed() const noexcept {
  return state_->has_failed;
}

void broker::fail(std::string_view why) {
  state_->fail("the broker is to end", why);
}

std::uint16_t broker::port() const noexcept {
  return state_->port;
}

std::uint16_t broker::admin_port() const noexcept {
  return state_->admin_port;
}

connect_result broker::connect(std::string_view name) {
  auto& s = *state_;
  std::scoped_lock lock{s.mutex};
  switch (s.now) {
  case state::life::made: return {nullptr, "the broker has not been started"};
  case state::life::draining: return {nullptr, "the broker is shutting down"};
  case state::life::stopped: return {nullptr, "the broker has stopped"};
  case state::life::running: break;
  }
  auto refused = [&](std::string_view why, refusal_cause cause) -> connect_result {
    s.context.counts.shared().connections_refused.count(cause);
    return {nullptr, std::string{why}};
  };
  auto asked = s.admission.enter("in-process");
  if (!asked)
    return refused(asked.why_not, asked.cause);
  auto& loop = *s.loops[s.next_loop++ % s.loops.size()];
  auto ends = edge::make_local_pipe(loop.host());
  if (!ends.client)
    return refused("out of open files", refusal_cause::files);
  loop.adopt(std::move(ends.broker), {std::string{name}}, std::move(asked.admitted));
  return {std::move(ends.client), {}};
}

bool broker::drain(const std::function<bool()>& cancelled) {
  auto& s = *state_;
  if (!s.begin_drain())
    return true;
  constexpr std::chrono::milliseconds poll{20};
  auto deadline = std::chrono::steady_clock::now() + s.config.limits.drain_timeout;
  std::mutex mutex;
  std::condition_variable tick;
  std::unique_lock lock{mutex};
  bool is_cut_short = false;
  while (s.counters.connections.load() != 0 && !is_cut_short) {
    tick.wait_for(lock, poll);
    is_cut_short = std::chrono::steady_clock::now() >= deadline || (cancelled && cancelled());
  }
  // One line for all: an orderly end is no alarm for each DN.
  auto live = std::to_string(s.context.captures_live.load());
  s.context.observed_by->log("broker", observer::severity::info, "drained",
                             {{"captures_live", live}});
  return !is_cut_short;
}

void broker::stop() {
  std::scoped_lock lock{state_->mutex};
  state_->stop();
}

bool broker::stop(std::chrono::milliseconds timeout) {
  auto deadline = std::chrono::steady_clock::now() + timeout;
  auto drained = drain([deadline] { return std::chrono::steady_clock::now() >= deadline; });
  stop();
  return drained;
}

start_result broker::reload(const configuration::config& config) {
  if (auto errors = configuration::validate(config); !errors.empty()) {
    note_refused_reload();
    return {std::move(errors)};
  }
  std::scoped_lock lock{state_->mutex};
  state_->context.counts.shared().config_reloads.count(reload_result::taken);
  state_->note_configuration();
  if (state_->admin)
    state_->admin->shown().taken_over(config);
  state_->context.configured.replace(configured_names(config));
  if (state_->directory)
    caf::anon_send(state_->directory.handle(), reload_atom::value);
  return {};
}

void broker::note_refused_reload() noexcept {
  state_->context.counts.shared().config_reloads.count(reload_result::refused);
}

void broker::tick() {
  std::scoped_lock lock{state_->mutex};
  if (state_->own_log)
    state_->own_log->tick();
  state_->tell_long_turns();
}

broker_counters broker::counters() const {
  auto& counts = state_->context.counts;
  auto sum = [&](auto which) { return static_cast<std::uint64_t>(sum_of_all(counts, which)); };
  return {state_->counters.connections.load(),
          state_->admission.unsigned_connections(),
          sum(&meters::connections_accepted),
          sum(&meters::connections_refused),
          sum(&meters::reads),
          sum(&meters::frames_received),
          sum(&meters::sends),
          state_->context.budget.used()};
}

} // namespace ringdown
