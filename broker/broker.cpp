#include "broker/broker.hpp"

#include "actors/directory.hpp"
#include "broker/edge/asio_loop.hpp"
#include "broker/edge/edge_loop.hpp"
#include "broker/edge/listener.hpp"
#include "broker/log_observer.hpp"
#include "broker/version.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace ringdown {

namespace {

std::int64_t utc_now_us() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::shared_ptr<const dn_list::names> configured_names(const configuration::config& config) {
  if (config.dns.any())
    return nullptr;
  auto all = config.dns.all();
  return std::make_shared<const dn_list::names>(all.begin(), all.end());
}

std::unique_ptr<caf::actor_system_config> system_config(const configuration::config& config) {
  auto& runtime = config.runtime;
  if (runtime.scheduler == configuration::scheduler::stock) {
    auto threads = runtime.stock_threads != 0 ? runtime.stock_threads
                                              : std::max(1u, std::thread::hardware_concurrency());
    return std::make_unique<runtime::stock_system_config>(threads, runtime.messages_per_resume);
  }
  runtime::loop_options options;
  options.loops = runtime.loops;
  options.make_loop = [](std::size_t) { return std::make_unique<edge::asio_loop>(); };
  options.turn_budget = std::chrono::microseconds{runtime.turn_budget_us};
  options.messages_per_resume = runtime.messages_per_resume;
  options.spin = std::chrono::microseconds{runtime.spin_us};
  return std::make_unique<runtime::loop_system_config>(std::move(options));
}

} // namespace

/// Everything that runs, in the order in which it is made; it goes in the reverse order.
struct broker::state {
  state(configuration::config c, logging::logger& l)
    : config(std::move(c)), log(l), observer(l), context(config.limits) {}

  configuration::config config;
  logging::logger& log;
  log_observer observer;
  broker_context context;
  edge::edge_counters counters;
  std::unique_ptr<caf::actor_system_config> caf_config;
  std::unique_ptr<caf::actor_system> system;
  directory_actor directory;
  std::vector<std::unique_ptr<edge::edge_loop>> loops;
  std::shared_ptr<edge::listener> listener;
};

broker::broker(configuration::config config, logging::logger& log, broker_options options)
  : state_(std::make_unique<state>(std::move(config), log)) {
  auto& context = state_->context;
  context.utc_now = utc_now_us;
  context.authorize = std::move(options.authorize);
  context.tells = &state_->observer;
  context.server.name = state_->config.server.name;
  context.server.node = state_->config.server.node;
  context.server.version = version;
  context.server.start_time_us = utc_now_us();
  std::random_device random;
  context.server.instance = std::uint64_t{random()} << 32 | random();
  context.configured.replace(configured_names(state_->config));
}

broker::~broker() {
  stop();
}

std::optional<std::string> broker::start() {
  auto& s = *state_;
  s.caf_config = system_config(s.config);
  s.system = std::make_unique<caf::actor_system>(*s.caf_config);
  s.directory = spawn_directory(*s.system, s.context);
  auto add = [&](std::unique_ptr<edge::edge_host> host) {
    s.loops.push_back(std::make_unique<edge::edge_loop>(std::move(host), *s.system, s.context,
                                                        s.directory, s.counters));
  };
  if (auto* scheduler = runtime::loop_scheduler::of(*s.system)) {
    for (std::size_t i = 0; i < scheduler->loops(); ++i)
      add(edge::host_on(scheduler->loop(i)));
  } else {
    for (std::uint32_t i = 0; i < s.config.runtime.loops; ++i)
      add(edge::host_with_thread());
  }
  std::vector<edge::edge_loop*> loops;
  for (auto& loop : s.loops)
    loops.push_back(loop.get());
  s.listener = std::make_shared<edge::listener>(std::move(loops), s.context);
  auto failed = s.listener->open(s.config.listen.address, s.config.listen.port);
  if (failed)
    stop();
  return failed;
}

std::uint16_t broker::port() const noexcept {
  return state_->listener ? state_->listener->port() : 0;
}

bool broker::drain(const std::function<bool()>& cancelled) {
  auto& s = *state_;
  if (!s.system)
    return true;
  constexpr std::chrono::milliseconds poll{20};
  s.listener->close();
  for (auto& loop : s.loops)
    loop->drain();
  auto deadline = std::chrono::steady_clock::now() + s.config.limits.drain_timeout;
  std::mutex mutex;
  std::condition_variable tick;
  std::unique_lock lock{mutex};
  while (s.counters.connections.load() != 0) {
    if (std::chrono::steady_clock::now() >= deadline || (cancelled && cancelled()))
      return false;
    tick.wait_for(lock, poll);
  }
  return true;
}

void broker::stop() {
  auto& s = *state_;
  if (!s.system)
    return;
  if (s.listener)
    s.listener->close();
  for (auto& loop : s.loops)
    loop->stop();
  s.listener.reset();
  caf::anon_send_exit(s.directory, caf::exit_reason::user_shutdown);
  s.directory = nullptr;
  s.system.reset(); // waits for the actors: the DNs end with the directory
  s.loops.clear();
}

void broker::reload(const configuration::config& config) {
  state_->context.configured.replace(configured_names(config));
  if (state_->system)
    caf::anon_send(state_->directory, reload_atom::value);
}

broker_counters broker::counters() const {
  auto& c = state_->counters;
  return {c.connections.load(), c.unsigned_connections.load(),
          c.accepted.load(),    c.refused.load(),
          c.reads.load(),       c.frames_in.load(),
          c.sends.load(),       state_->context.budget.used()};
}

} // namespace ringdown
