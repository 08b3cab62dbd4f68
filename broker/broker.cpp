#include "broker/broker.hpp"

#include "actors/directory/directory.hpp"
#include "broker/access_control.hpp"
#include "broker/admin_view.hpp"
#include "broker/doors.hpp"
#include "broker/edge/admission.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/epoll_loop.hpp"
#include "broker/edge/file_table.hpp"
#include "broker/edge/local_pipe.hpp"
#include "broker/epochs.hpp"
#include "broker/host_functions.hpp"
#include "broker/log_observer.hpp"
#include "broker/own_thread.hpp"
#include "broker/turn_watch.hpp"
#include "broker/version.hpp"
#include "messages/what_is_thrown.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <filesystem>
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
    context.authenticate = guarded(std::move(o.authenticate), observer);
    context.access = config.auth;
    context.confirm = config.confirm;
    context.observed_by = &observer;
    context.server.name = config.server.name;
    context.server.node = config.server.node;
    context.server.version = version;
    context.configured.replace(configured_names(config));
    asked_of_host = {std::move(o.admin_access), std::move(o.on_drain_ordered),
                     std::move(o.on_reload_ordered)};
  }

  start_result start();
  start_result open_log();
  reserved_epochs known_epochs() const;
  std::vector<edge::edge_loop*> make_loops();
  start_result open_doors(const std::vector<edge::edge_loop*>& loops);
  bool begin_drain();
  void stop();
  void fail(std::string_view what, std::string_view why);
  /// Of a loop, where what it threw is handled.
  std::function<void()> on_loop_failure() {
    return [this] { fail("a loop failed: the broker is to end", what_is_thrown()); };
  }
  void tell_of_access() {
    for (auto& loop : loops)
      loop->tell_of_access();
  }

  enum class life : std::uint8_t { made, running, draining, stopped };

  configuration::config config;
  std::unique_ptr<logging::logger> own_log; // null: the host's
  logging::logger& log;
  log_observer observer;
  broker_context context;
  const bool listens;
  edge::edge_counters counters;
  edge::admission admission{context, counters};
  doors entries{context, admission};
  access_control access{context};
  std::atomic<std::uint16_t> admin_port{0};
  admin_host asked_of_host;
  std::atomic_flag is_failing;
  std::atomic<bool> has_failed{false};

  std::mutex mutex; // of what follows, and of everything that starts or ends
  life now = life::made;
  std::unique_ptr<caf::actor_system_config> caf_config;
  std::unique_ptr<caf::actor_system> system;
  directory_ref directory;
  std::vector<std::unique_ptr<edge::edge_loop>> loops;
  std::size_t next_loop = 0; // of `connect`
  turn_watch turns;
  std::unique_ptr<admin_side> admin; // null: the port is not enabled
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
  if (auto errors = access.read(config); !errors.empty())
    return {std::move(errors)};
  if (auto errors = entries.read(config, listens); !errors.empty())
    return {std::move(errors)};
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
    note_configuration(context);
    on_own_thread([&] {
      caf_config = system_config(config, on_loop_failure());
      system = std::make_unique<caf::actor_system>(*caf_config);
      directory = spawn_directory(*system, context,
                                  {.where_dns_live = std::make_unique<all_here>(epochs.last),
                                   .on_failure = [this](const std::string& why) {
                                     fail("the directory failed: nobody can sign on any more", why);
                                   }});
      access.start_thread(config);
      all = make_loops();
      if (listens)
        entries.start_threads(config, on_loop_failure());
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
      admin_sources{context, all, directory, admission, counters, has_failed, entries, listens},
      asked_of_host, config, access.admin_access());
    if (auto why = admin->start(admin_port))
      return failed("admin.port", *why);
  }
  if (!listens)
    return {};
  return {entries.open(config, all)};
}

// ---- end -----------------------------------------------------------------------------------

/// Whether there is anything to wait for.
bool broker::state::begin_drain() {
  std::scoped_lock lock{mutex};
  if (now != life::running && now != life::draining)
    return false;
  now = life::draining;
  context.is_draining = true;
  admission.close();
  entries.close();
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
  entries.stop();
  access.stop();
  for (auto& loop : loops)
    loop->stop();
  entries.forget_listeners();
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

/// Any thread: whoever runs the broker is to end it. What fails because of the first failure needs
/// no line of its own.
void broker::state::fail(std::string_view what, std::string_view why) {
  if (is_failing.test_and_set())
    return;
  observer.log("broker", observer::severity::error, what, {{"reason", why}});
  admission.close();
  has_failed = true;
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

start_result broker::check(const configuration::config& config) {
  auto errors = configuration::validate(config);
  bool needs_certificate = config.listen_tls.enabled || (config.admin.enabled && config.admin.tls);
  if (errors.empty() && needs_certificate)
    errors = security::certificates{}.read(config.tls, utc_now_us()).errors;
  if (errors.empty() && !config.auth.file.empty())
    errors = security::read_access_file(config.auth.file, true).errors;
  return {std::move(errors)};
}

std::uint16_t broker::port() const noexcept {
  auto plain = state_->entries.plain_port();
  return plain != 0 ? plain : tls_port();
}

std::uint16_t broker::tls_port() const noexcept {
  return state_->entries.tls_port();
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
  auto& s = *state_;
  std::scoped_lock lock{s.mutex};
  auto material = s.entries.prepare(config.tls);
  auto list = s.access.prepare(config);
  if (!material || !list.file.errors.empty()) {
    note_refused_reload();
    return {std::move(material ? list.file.errors : material.errors)};
  }
  s.entries.take(std::move(material));
  if (s.access.take(std::move(list)))
    s.tell_of_access();
  s.context.counts.shared().config_reloads.count(reload_result::taken);
  note_configuration(s.context);
  if (s.admin)
    s.admin->shown().taken_over(config);
  s.context.configured.replace(configured_names(config));
  if (s.directory)
    caf::anon_send(s.directory.handle(), reload_atom::value);
  return {};
}

void broker::note_refused_reload() noexcept {
  state_->context.counts.shared().config_reloads.count(reload_result::refused);
}

bool broker::tick() {
  std::scoped_lock lock{state_->mutex};
  if (state_->own_log)
    state_->own_log->tick();
  state_->entries.tick();
  if (state_->access.tick())
    state_->tell_of_access();
  if (auto* loops = state_->system ? runtime::loop_scheduler::of(*state_->system) : nullptr)
    state_->turns.tell_long_turns(*loops, state_->observer);
  return state_->turns.ask(state_->loops);
}

broker_counters broker::counters() const {
  auto& counts = state_->context.counts;
  auto& tls = state_->entries.handshakes();
  auto sum = [&](auto which) { return static_cast<std::uint64_t>(sum_of_all(counts, which)); };
  return {.connections = state_->counters.connections.load(),
          .connections_unsigned = state_->admission.unsigned_connections(),
          .accepted = sum(&meters::connections_accepted),
          .refused = sum(&meters::connections_refused),
          .reads = sum(&meters::reads),
          .frames_in = sum(&meters::frames_received),
          .sends = sum(&meters::sends),
          .queued_bytes = state_->context.budget.used(),
          .tls_handshakes = tls.done_in_all(),
          .tls_handshakes_failed = tls.failed_in_all()};
}

} // namespace ringdown
