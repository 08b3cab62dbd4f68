#include "actors/runtime/loop_scheduler.hpp"

#include "actors/runtime/guarded.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_registry.hpp>
#include <caf/exit_reason.hpp>
#include <caf/logger.hpp>
#include <caf/scheduled_actor.hpp>

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <utility>

namespace ringdown::runtime {

namespace {

// Counters have one writer, so a plain load and store will do.
void add(std::atomic<uint64_t>& counter, uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

caf::scheduled_actor* as_scheduled_actor(caf::resumable* job) {
  switch (job->subtype()) {
  case caf::resumable::scheduled_actor:
  case caf::resumable::io_actor: return static_cast<caf::scheduled_actor*>(job);
  case caf::resumable::unspecified:
  case caf::resumable::function_object: return nullptr;
  }
  return nullptr;
}

// Ends an actor that will not be run again, as if it had quit: its state is destroyed, its links
// and monitors are told, waiting requests get an error. What that enqueues goes to `unit`. Other
// than CAF's own cleanup_and_release it calls on_exit (else a stateful actor's state is never
// destroyed) and leaves nothing behind.
void end_and_release(caf::resumable* job, caf::execution_unit* unit) {
  if (auto* actor = as_scheduled_actor(job)) {
    actor->context(unit);
    try {
      actor->quit(caf::exit_reason::user_shutdown);
      actor->finalize();
    } catch (...) {
      // A throwing on_exit: the rest of the end below.
    }
    actor->cleanup(caf::make_error(caf::exit_reason::user_shutdown), unit);
  }
  caf::intrusive_ptr_release(job);
}

// Before something leaves the constructor of a system as an exception. CAF 0.17 undoes only in the
// destructor what must go before the scheduler: its own two actors, and the logger, which the
// thread that makes the system keeps and which looks at its system when it goes.
void undo_half_a_system(caf::actor_system& system) {
  system.registry().erase(caf::atom("SpawnServ"));
  system.registry().erase(caf::atom("ConfigServ"));
  caf::logger::set_current_actor_system(nullptr);
}

} // namespace

// -- job_ring
// ---------------------------------------------------------------------------------------

void job_ring::push(caf::resumable* job) {
  make_room(1);
  slots_[tail_++ & (slots_.size() - 1)] = job;
}

void job_ring::grow(size_t least) {
  std::vector<caf::resumable*> bigger(std::bit_ceil(least));
  const size_t size = tail_ - head_;
  for (size_t i = 0; i < size; ++i)
    bigger[i] = slots_[(head_ + i) & (slots_.size() - 1)];
  slots_.swap(bigger);
  head_ = 0;
  tail_ = size;
}

// -- actor_loop: any thread
// -------------------------------------------------------------------------

actor_loop::actor_loop(loop_scheduler& parent, size_t index, const loop_options& options)
  : caf::execution_unit(&parent.system()), parent_(parent), index_(index), options_(options),
    io_(options.make_loop(index)), outgoing_(options.loops), now_(options.read_clock()),
    turn_start_(now_), turn_end_(now_), last_work_(now_) {
  if (!io_)
    throw std::invalid_argument("make_loop returned no event loop");
}

actor_loop::~actor_loop() = default;

loop_stats actor_loop::stats() const noexcept {
  const auto read = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  loop_stats all{read(turns_),          read(resumes_),
                 read(in_place_),       read(handlers_),
                 read(wake_ups_),       read(armed_timers_),
                 read(turn_max_us_),    read(long_turns_),
                 read(busy_ns_) / 1000, {}};
  std::transform(turns_by_time_.begin(), turns_by_time_.end(), all.turns_by_time.begin(), read);
  return all;
}

void actor_loop::post(std::function<void()> task) {
  {
    std::lock_guard lock{inbox_mutex_};
    inbox_tasks_.push_back(std::move(task));
    inbox_filled_.store(true, std::memory_order_seq_cst);
  }
  wake_if_asleep();
}

void actor_loop::exec_later(caf::resumable* job) {
  // CAF lets a sender's execution unit run the receiver, but an actor of another system has its
  // own.
  if (auto* actor = as_scheduled_actor(job); actor && &actor->home_system() != system_) {
    actor->home_system().scheduler().enqueue(job);
    return;
  }
  auto* here = current_;
  if (here == this) {
    ready_.push(job);
  } else if (here != nullptr && &here->parent_ == &parent_) {
    here->outgoing_[index_].push_back(job); // until the end of that loop's run of actors
    here->has_outgoing_ = true;
  } else {
    push_inbox({job});
  }
}

void actor_loop::push_inbox(const std::vector<caf::resumable*>& jobs) {
  {
    std::lock_guard lock{inbox_mutex_};
    inbox_jobs_.insert(inbox_jobs_.end(), jobs.begin(), jobs.end());
    inbox_filled_.store(true, std::memory_order_seq_cst);
  }
  wake_if_asleep();
}

// The other half is in wait_for_work(): there `asleep_` is written before `inbox_filled_` is read,
// here `inbox_filled_` was written before `asleep_` is read, all in one total order. So either the
// loop sees the inbox before it sleeps, or we see it asleep. Only the first of many wakes it.
void actor_loop::wake_if_asleep() {
  if (asleep_.load(std::memory_order_seq_cst) &&
      asleep_.exchange(false, std::memory_order_seq_cst)) {
    wake_ups_.fetch_add(1, std::memory_order_relaxed);
    io_->wake();
  }
}

// -- actor_loop: its own thread
// ---------------------------------------------------------------------

actor_loop::hook_id actor_loop::at_end_of_turn(std::function<void()> hook) {
  hooks_.push_back({++last_hook_, false, std::move(hook)});
  return last_hook_;
}

void actor_loop::remove_hook(hook_id id) {
  const auto found =
    std::find_if(hooks_.begin(), hooks_.end(), [id](const auto& hook) { return hook.id == id; });
  if (found == hooks_.end())
    return;
  if (in_hooks_)
    found->removed = true; // it may be the one that is running
  else
    hooks_.erase(found);
}

void actor_loop::run() noexcept {
  current_ = this;
  for (size_t turns_left = defaults::stop_turns_max; turns_left > 0;) {
    const auto turn = [this] { make_turn(); };
    guarded(turn, options_.on_failure);
    if (!stopping_.load(std::memory_order_acquire))
      continue;
    --turns_left;
    if (is_idle())
      break;
  }
  current_ = nullptr;
}

bool actor_loop::is_idle() const noexcept {
  return ready_.empty() && !inbox_filled_.load(std::memory_order_acquire);
}

bool actor_loop::turn() {
  if (options_.threads)
    throw std::logic_error("this loop has a thread, which makes its turns");
  if (is_in_turn_ || current_ != nullptr)
    throw std::logic_error("this loop, or this thread, is in a turn already");
  struct scope {
    explicit scope(actor_loop& loop) : of(loop) {
      current_ = &of;
      of.is_in_turn_ = true;
    }
    ~scope() {
      of.is_in_turn_ = false;
      current_ = nullptr;
    }
    actor_loop& of;
  } in_turn{*this};
  make_turn();
  return found_work_;
}

void actor_loop::make_turn() {
  wait_for_work();
  take_inbox();
  if (timers_.next_due() <= now_)
    found_work_ |= timers_.trigger_expired_timeouts() > 0;
  const auto end_of_budget = now_ + options_.turn_budget;
  do {
    run_ready(end_of_budget);
    send_outgoing(); // before the hooks: they make system calls, the other loops need not wait
    run_hooks();
  } while (!ready_.empty() && options_.read_clock() < end_of_budget);
  send_outgoing();
  end_turn();
}

void actor_loop::wait_for_work() {
  const bool spinning = options_.spin.count() > 0 && turn_end_ - last_work_ < options_.spin;
  bool blocks = ready_.empty() && !spinning && !stopping_.load(std::memory_order_acquire);
  if (blocks) {
    asleep_.store(true, std::memory_order_seq_cst); // see wake_if_asleep()
    blocks = !inbox_filled_.load(std::memory_order_seq_cst);
  }
  now_is_fresh_ = false; // a handler that asks for the time gets that of its own turn
  turn_start_ = turn_end_;
  in_place_before_ = in_place_.load(std::memory_order_relaxed);
  resumes_of_turn_ = 0;
  size_t handlers = 0;
  const auto wait = [&] {
    handlers = io_->wait(blocks ? timers_.next_due() : event_loop::poll_only);
  };
  guarded(wait, options_.on_failure);
  asleep_.store(false, std::memory_order_relaxed);
  const bool handlers_read_clock = now_is_fresh_;
  if (blocks && handlers_read_clock)
    turn_start_ = now_;
  read_clock();
  if (blocks && !handlers_read_clock)
    turn_start_ = now_;
  found_work_ = handlers > 0;
  handlers_of_turn_ = handlers;
  add(handlers_, handlers);
}

void actor_loop::take_inbox() {
  if (!inbox_filled_.load(std::memory_order_acquire))
    return;
  {
    std::lock_guard lock{inbox_mutex_};
    ready_.make_room(inbox_jobs_.size()); // before anything is taken: it may fail
    taken_jobs_.swap(inbox_jobs_);
    taken_tasks_.swap(inbox_tasks_);
    inbox_filled_.store(false, std::memory_order_relaxed);
  }
  found_work_ = true;
  for (auto* job : taken_jobs_)
    ready_.push(job);
  taken_jobs_.clear();
  for (auto& task : taken_tasks_)
    guarded(task, options_.on_failure);
  taken_tasks_.clear();
}

void actor_loop::run_ready(time_point end_of_budget) {
  size_t resumes = 0;
  size_t until_clock_read = options_.resumes_per_clock_read;
  while (!ready_.empty()) {
    auto* job = ready_.pop();
    switch (job->resume(this, options_.messages_per_resume)) {
    case caf::resumable::resume_later:
      ready_.push(job); // the queue keeps its reference
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
    case caf::resumable::shutdown_execution_unit: // only CAF's own scheduler has such jobs
      caf::intrusive_ptr_release(job);
      break;
    }
    ++resumes;
    if (--until_clock_read > 0)
      continue;
    if (options_.read_clock() >= end_of_budget)
      break;
    until_clock_read = options_.resumes_per_clock_read;
  }
  found_work_ |= resumes > 0;
  resumes_of_turn_ += resumes;
  add(resumes_, resumes);
}

void actor_loop::run_hooks() {
  if (hooks_.empty())
    return;
  in_hooks_ = true;
  for (auto& hook : hooks_) // a list: hooks that are added meanwhile are called as well
    if (!hook.removed)
      guarded(hook.call, options_.on_failure);
  in_hooks_ = false;
  hooks_.remove_if([](const auto& hook) { return hook.removed; });
}

void actor_loop::send_outgoing() {
  if (!has_outgoing_)
    return;
  has_outgoing_ = false;
  for (size_t i = 0; i < outgoing_.size(); ++i) {
    if (outgoing_[i].empty())
      continue;
    parent_.loop(i).push_inbox(outgoing_[i]);
    outgoing_[i].clear();
  }
}

void actor_loop::end_turn() {
  turn_end_ = options_.read_clock();
  if (found_work_)
    last_work_ = turn_end_;
  const auto took = turn_end_ - turn_start_;
  count_turn(took);
  if (took > defaults::long_turn || is_watched_) [[unlikely]]
    look_back(took);
  armed_timers_.store(timers_.schedule().size(), std::memory_order_relaxed);
}

void actor_loop::count_turn(clock_type::duration took) {
  const auto took_us =
    static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  if (took_us > turn_max_us_.load(std::memory_order_relaxed))
    turn_max_us_.store(took_us, std::memory_order_relaxed);
  if (took > defaults::long_turn)
    add(long_turns_, 1);
  add(turns_, 1);
  add(busy_ns_, static_cast<uint64_t>(std::chrono::nanoseconds{took}.count()));
  size_t bucket = 0;
  while (bucket < defaults::turn_bounds_us.size() && took_us > defaults::turn_bounds_us[bucket])
    ++bucket;
  add(turns_by_time_[bucket], 1);
}

void actor_loop::read_clock() noexcept {
  now_ = options_.read_clock();
  now_is_fresh_ = true;
}

// -- actor_loop: the end
// ----------------------------------------------------------------------------

void actor_loop::request_stop() {
  stopping_.store(true, std::memory_order_release);
  post([] {}); // wakes it
}

// Ends all that is still queued, once the thread has ended. Returns whether there was anything:
// what is ended can enqueue to any loop.
bool actor_loop::drop_leftovers() {
  std::vector<caf::resumable*> jobs;
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard lock{inbox_mutex_};
    jobs.swap(inbox_jobs_);
    tasks.swap(inbox_tasks_);
    inbox_filled_.store(false, std::memory_order_relaxed);
  }
  const bool had_timers = !timers_.schedule().empty();
  timers_.cancel_all();
  while (!ready_.empty())
    jobs.push_back(ready_.pop());
  for (auto* job : jobs)
    end_and_release(job, this);
  return had_timers || !jobs.empty() || !tasks.empty();
}

// -- loop_scheduler
// ---------------------------------------------------------------------------------

loop_scheduler::loop_scheduler(caf::actor_system& system)
  : abstract_coordinator(system), options_([&]() -> const loop_options& {
      const auto* config = dynamic_cast<const loop_system_config*>(&system.config());
      if (config == nullptr)
        throw std::logic_error("a loop_scheduler needs a loop_system_config");
      return config->loops();
    }()) {}

loop_scheduler::~loop_scheduler() {
  // Handlers that still wait in the event loops may hold the last references to actors.
  for (auto& loop : loops_)
    loop->io_.reset();
  drop_leftovers();
}

caf::actor_system::module* loop_scheduler::make(caf::actor_system& system,
                                                caf::detail::type_list<>) {
  return new loop_scheduler(system);
}

loop_scheduler* loop_scheduler::of(caf::actor_system& system) noexcept {
  return dynamic_cast<loop_scheduler*>(&system.scheduler());
}

actor_loop& loop_scheduler::next_loop() noexcept {
  return *loops_[turn_of_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

void loop_scheduler::enqueue(caf::resumable* job) {
  auto* here = current();
  (here != nullptr ? *here : next_loop()).exec_later(job);
}

// The loops exist before their threads run: CAF and other modules enqueue during start-up.
void loop_scheduler::init(caf::actor_system_config& config) {
  abstract_coordinator::init(config);
  num_workers_ = options_.loops;
  max_throughput_ = options_.messages_per_resume;
  try {
    for (size_t i = 0; i < options_.loops; ++i)
      loops_.push_back(std::make_unique<actor_loop>(*this, i, options_));
  } catch (...) {
    undo_half_a_system(system());
    throw;
  }
}

void loop_scheduler::start() {
  try {
    for (auto& loop : loops_) {
      if (!options_.threads)
        break;
      threads_.emplace_back([this, &loop] {
        const auto name = "loop." + std::to_string(loop->index());
        pthread_setname_np(pthread_self(), name.c_str());
        system().thread_started();
        loop->run();
        system().thread_terminates();
      });
    }
    abstract_coordinator::start(); // CAF's printer, on a thread of its own
  } catch (...) {                  // no thread left
    end_threads();
    undo_half_a_system(system());
    throw;
  }
}

void loop_scheduler::end_threads() {
  for (auto& loop : loops_)
    loop->request_stop();
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
  if (!options_.threads)
    make_last_turns();
}

/// Without threads, whoever stops the scheduler makes the turns that are still due.
void loop_scheduler::make_last_turns() {
  const auto is_idle = [](auto& loop) { return loop->is_idle(); };
  for (size_t turns = 0; turns < defaults::stop_turns_max; ++turns) {
    if (std::all_of(loops_.begin(), loops_.end(), is_idle))
      return;
    for (auto& loop : loops_)
      loop->turn();
  }
}

void loop_scheduler::stop() {
  end_threads();
  stop_actors();
  drop_leftovers();
}

void loop_scheduler::drop_leftovers() {
  for (bool dropped = true; dropped;) {
    dropped = false;
    for (auto& loop : loops_)
      dropped |= loop->drop_leftovers();
  }
}

} // namespace ringdown::runtime
