#include "tests/actors/machine.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

namespace ringdown::test {

std::ostream& operator<<(std::ostream& out, const stage& s) {
  static constexpr const char* names[] = {"cranked loops", "testing scheduler", "loops",
                                          "stock scheduler"};
  return out << names[static_cast<int>(s.scheduler)] << " " << s.threads;
}

namespace {

scenario scenario_of(stage s) {
  switch (s.scheduler) {
  case runs_on::virtual_time: return {scheduler_kind::cranked, s.threads};
  case runs_on::messages: return {scheduler_kind::testing, 1};
  case runs_on::loops: return {scheduler_kind::epoll, s.threads};
  case runs_on::stock: return {scheduler_kind::stock, s.threads};
  }
  return {scheduler_kind::cranked, 1};
}

} // namespace

// ---- where links live in virtual time ------------------------------------------------------

/// As the host with a thread of its own, and somebody else is the thread.
class hand_host final : public edge::edge_host {
public:
  hand_host(hand_clock& clock, std::function<void()> posted)
    : loop_(clock), posted_(std::move(posted)) {}

  edge::io_loop& loop() override { return loop_; }
  bool is_current() const noexcept override { return in_turn_; }
  void post(std::function<void()> task) override {
    tasks_.push_back(std::move(task));
    posted_();
  }
  void at_end_of_turn(std::function<void()> hook) override {
    post([this, h = std::move(hook)]() mutable { hooks_.push_back(std::move(h)); });
  }
  runtime::home where() const noexcept override { return {}; }
  void stop() override {}

  manual_loop& io() { return loop_; }

  /// Returns whether there was anything to do.
  bool turn() {
    if (std::exchange(in_turn_, true))
      return false; // somebody posts from within
    auto found = loop_.wait(edge::io_loop::poll_only) > 0 || !tasks_.empty();
    for (auto& task : std::exchange(tasks_, {}))
      task();
    for (auto& hook : hooks_)
      hook();
    in_turn_ = false;
    return found;
  }

private:
  manual_loop loop_;
  std::function<void()> posted_;
  std::vector<std::function<void()>> tasks_;
  std::vector<std::function<void()>> hooks_;
  bool in_turn_ = false;
};

/// A cranked actor loop, which notices that something is posted to it.
class machine::cranked_host final : public edge::edge_host {
public:
  cranked_host(machine& on, std::size_t index)
    : machine_(on), index_(index), host_(edge::host_on(on.system_.loop(index))) {}

  edge::io_loop& loop() override { return host_->loop(); }
  bool is_current() const noexcept override { return host_->is_current(); }
  void post(std::function<void()> task) override {
    host_->post(std::move(task));
    machine_.posted_to(index_);
  }
  void at_end_of_turn(std::function<void()> hook) override {
    host_->at_end_of_turn(std::move(hook));
  }
  runtime::home where() const noexcept override { return host_->where(); }
  void stop() override { host_->stop(); }

private:
  machine& machine_;
  const std::size_t index_;
  std::unique_ptr<edge::edge_host> host_;
};

// ---- machine -------------------------------------------------------------------------------

machine::machine(stage where) : stage_(where), system_(scenario_of(where)) {}

machine::~machine() = default;

std::unique_ptr<edge::edge_host> machine::make_host(std::size_t edge) {
  switch (stage_.scheduler) {
  case runs_on::virtual_time: return std::make_unique<cranked_host>(*this, edge);
  case runs_on::loops: return edge::host_on(system_.loop(edge));
  case runs_on::stock: return edge::host_with_thread();
  case runs_on::messages: break;
  }
  auto host = std::make_unique<hand_host>(clock(), [this, edge] { posted_to(edge); });
  hand_hosts_.push_back(host.get());
  return host;
}

/// As the broker does it.
void machine::open_edges(broker_context& context, const directory_ref& directory) {
  bool has_loops = is_cranked() || stage_.scheduler == runs_on::loops;
  bool is_one_thread = has_loops && stage_.threads == 1;
  context.users = is_one_thread ? threads::one : threads::many;
  if (is_one_thread)
    context.share = std::make_unique<turn_share>();
  for (std::size_t i = 0; i < stage_.threads; ++i)
    edges_.push_back(std::make_unique<edge::edge_loop>(make_host(i), *system_, context, directory));
}

std::shared_ptr<memory_wire> machine::connect(std::size_t edge, const std::string& peer) {
  auto& loop = *edges_[edge];
  call_soon soon = [&loop](std::function<void()> what) { loop.host().post(std::move(what)); };
  if (is_virtual())
    soon = [&on = io(edge)](std::function<void()> what) { on.call(std::move(what)); };
  auto wire = std::make_shared<memory_wire>(std::move(soon), network);
  loop.adopt(wire->broker_end(), {peer}, edge::ticket{counters_});
  if (is_cranked())
    settle();
  run_edges();
  static_cast<void>(eventually([&] { return wire->link() != nullptr; }));
  return wire;
}

void machine::tell_of_access() {
  for (auto& edge : edges_)
    edge->tell_of_access();
}

void machine::drain() {
  for (auto& edge : edges_)
    edge->drain();
}

/// An edge waits for its thread to have closed all.
void machine::close_edges() {
  closes_ = true;
  for (auto& edge : edges_)
    edge->stop();
}

void machine::posted_to(std::size_t edge) {
  if (closes_ && runtime::actor_loop::current() == nullptr)
    settle();
  else if (meanwhile && !edges_[edge]->host().is_current())
    meanwhile(edge);
}

std::uint64_t machine::in_place() {
  std::uint64_t all = 0;
  if (auto* loops = runtime::loop_scheduler::of(*system_))
    for (std::size_t i = 0; i < loops->loops(); ++i)
      all += loops->loop(i).stats().in_place;
  return all;
}

// ---- virtual time --------------------------------------------------------------------------

caf::scheduler::test_coordinator& machine::testing() {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

manual_loop& machine::io(std::size_t edge) {
  return is_cranked() ? system_.by_hand().io(edge) : hand_hosts_[edge]->io();
}

void machine::run_edges() {
  for (auto* host : hand_hosts_)
    while (host->turn())
      ;
}

void machine::settle() {
  if (is_cranked())
    return system_.by_hand().settle();
  if (!is_virtual())
    return;
  do
    run_edges();
  while (testing().run() > 0);
}

bool machine::step_of(std::uint64_t which) {
  if (is_cranked())
    return system_.by_hand().turn_of(which % edges_.size());
  auto& jobs = testing().jobs;
  if (jobs.empty())
    return false;
  auto job = jobs.begin() + static_cast<std::ptrdiff_t>(which % jobs.size());
  std::rotate(jobs.begin(), job, job + 1);
  testing().run_once();
  run_edges();
  return true;
}

bool machine::interrupt_for(std::size_t edge) {
  if (is_cranked())
    return system_.by_hand().interrupt_for(edge);
  bool found = false;
  std::thread{[&] { found = hand_hosts_[edge]->turn(); }}.join();
  return found;
}

void machine::stand_still(std::chrono::nanoseconds time) {
  clock().pass(time);
  if (!is_cranked())
    testing().advance_time(time);
}

runtime::time_point machine::next_due(std::chrono::nanoseconds edge_look) {
  auto first = runtime::time_point::max();
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    first = std::min(first, std::max(io(i).next_timer(), clock().at() + edge_look));
    if (is_cranked())
      first = std::min(first, io(i).deadline());
  }
  if (is_cranked())
    return first;
  auto& actors = testing().clock();
  if (!actors.schedule().empty())
    first = std::min(first, clock().at() + (actors.schedule().begin()->first - actors.now()));
  return first;
}

std::size_t machine::timers() {
  settle();
  if (!is_cranked())
    return testing().clock().schedule().size();
  std::size_t armed = 0;
  for (std::size_t i = 0; i < edges_.size(); ++i)
    armed += system_.loop(i).stats().timers;
  return armed;
}

} // namespace ringdown::test
