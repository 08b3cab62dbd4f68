// A CAF scheduler whose workers are event loops: an event stays on one thread from the socket
// through its actors and back to the socket. README.md in this folder tells a turn in order, the
// reference counts and the wake-up protocol.
#pragma once

#include "actors/runtime/defaults.hpp"
#include "actors/runtime/event_loop.hpp"
#include "actors/runtime/long_turn.hpp"
#include "actors/runtime/timers.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ringdown::runtime {

class actor_loop;
class loop_scheduler;

/// How a system on loops is built.
struct loop_options {
  /// Number of loops, and so of threads: 1 to `defaults::loops_max`.
  size_t loops = defaults::loops;
  /// Each loop has a thread. Without, its owner cranks it by hand: `actor_loop::turn`.
  bool threads = true;
  /// Makes the event loop with this index. Called on the thread that builds the actor system.
  std::function<std::unique_ptr<event_loop>(size_t index)> make_loop;
  std::chrono::microseconds turn_budget = defaults::turn_budget;
  size_t messages_per_resume = defaults::messages_per_resume;
  std::chrono::microseconds spin = defaults::spin;
  /// Resumes between two looks at the clock, at least 1: so many are made in each turn, however
  /// long they take.
  size_t resumes_per_clock_read = defaults::resumes_per_clock_read;
  /// What tells the loops the time, and the actors with them; empty: `clock_type::now`. It never
  /// goes back. Called on every loop's thread.
  std::function<time_point()> now;
  /// Called where a handler, a task or a hook of a loop has thrown, as for want of memory, while
  /// that is being handled (`throw;` throws it). On the loop's thread, which goes on: what threw
  /// has kept its own state in order. Must not throw. Empty: such an exception ends the process.
  std::function<void()> on_failure;

  time_point read_clock() const { return now ? now() : clock_type::now(); }

  /// Throws `std::invalid_argument` and says what is wrong.
  void validate() const;
};

/// The configuration of an actor system on loops. Must outlive the system, as any configuration.
class loop_system_config : public caf::actor_system_config {
public:
  /// Throws `std::invalid_argument` if the options are not valid.
  explicit loop_system_config(loop_options options);

  const loop_options& loops() const noexcept { return options_; }

private:
  loop_options options_;
};

/// The configuration of an actor system on CAF's own work-stealing scheduler, tuned to sleep when
/// idle: the fallback, and the comparison. The same actors give the same results on it.
class stock_system_config : public caf::actor_system_config {
public:
  explicit stock_system_config(size_t threads,
                               size_t messages_per_resume = defaults::messages_per_resume);
};

/// Counters of one loop since its start. Written by the loop, read by anyone: each value is exact,
/// but they are not of one instant.
struct loop_stats {
  uint64_t turns = 0;       ///< turns made
  uint64_t resumes = 0;     ///< activations from the run queue
  uint64_t in_place = 0;    ///< activations without a mailbox
  uint64_t handlers = 0;    ///< I/O handlers run
  uint64_t wake_ups = 0;    ///< times other threads woke the loop
  uint64_t timers = 0;      ///< timers armed at the end of the last turn
  uint64_t turn_max_us = 0; ///< longest turn, in microseconds, waiting not counted
  uint64_t long_turns = 0;  ///< turns longer than `defaults::long_turn`
  uint64_t busy_us = 0;     ///< what all turns took, waiting not counted
  /// Turns by how long they took, each bound's own; the last took longer than all bounds.
  std::array<uint64_t, defaults::turn_bounds_us.size() + 1> turns_by_time{};
};

/// A queue of jobs in a ring that only grows. One thread.
class job_ring {
public:
  bool empty() const noexcept { return head_ == tail_; }
  void push(caf::resumable* job);
  /// So many more are pushed without an allocation.
  void make_room(size_t jobs) {
    if (tail_ - head_ + jobs > slots_.size())
      grow(tail_ - head_ + jobs);
  }
  caf::resumable* pop() noexcept { return slots_[head_++ & (slots_.size() - 1)]; }

private:
  void grow(size_t least);

  std::vector<caf::resumable*> slots_ = std::vector<caf::resumable*>(1024); // a power of two
  size_t head_ = 0;
  size_t tail_ = 0;
};

/// One event loop and the actors that run on it. Created and owned by the scheduler.
class actor_loop final : public caf::execution_unit {
public:
  using hook_id = uint64_t;

  actor_loop(loop_scheduler& parent, size_t index, const loop_options& options);
  ~actor_loop() override;

  // -- any thread
  // -----------------------------------------------------------------------------------

  /// The loop that runs the calling thread, or null. With more than one actor system in a process
  /// it may belong to another one than yours: compare it with your loop, or use
  /// `loop_scheduler::current()`.
  static actor_loop* current() noexcept { return current_; }

  /// Whether the calling thread is this loop's.
  bool is_current() const noexcept { return current_ == this; }

  size_t index() const noexcept { return index_; }
  loop_scheduler& scheduler() const noexcept { return parent_; }
  event_loop& io() const noexcept { return *io_; }
  loop_stats stats() const noexcept;

  /// The longest of the turns that took longer than `defaults::long_turn` since this was asked
  /// last; nothing if none did.
  std::optional<long_turn> take_long_turn();

  /// Runs `task` on this loop, in a later turn than the caller's. Tasks of one thread run in their
  /// order; there is no order between tasks and messages. A task must not block and not throw.
  /// After the scheduler has stopped, tasks are destroyed without being run.
  void post(std::function<void()> task);

  /// Called by CAF: makes the job run here, or, if its actor belongs to another actor system,
  /// there. Takes over one reference.
  void exec_later(caf::resumable* job) override;

  // -- the owner of a loop without a thread
  // ------------------------------------------------------

  /// Makes one turn; until it returns, this loop is the calling thread's. Returns whether the turn
  /// found anything to do. So one thread can be all loops, one after the other in whatever order it
  /// likes. The event loop is waited on as always, so it must not block. Throws `std::logic_error`
  /// if the loop has a thread, or if it or the calling thread is in a turn already: turns of two
  /// loops that overlap are of two threads, for much of what a turn uses is its thread's.
  bool turn();

  /// Whether a turn of this loop is being made by `turn`.
  bool is_in_turn() const noexcept { return is_in_turn_; }

  // -- this loop's thread only
  // ----------------------------------------------------------------------

  /// The time of this turn: read once, at its start or at the first call in an I/O handler.
  time_point now() noexcept {
    if (!now_is_fresh_)
      read_clock();
    return now_;
  }

  /// Calls `hook` at the end of each turn, after the actors, in order of registration, until it is
  /// removed: the place to flush what the turn gathered. What a hook enqueues is run before the
  /// loop sleeps, and the hooks are called again. A hook must not block and not throw; it may add
  /// and remove hooks.
  hook_id at_end_of_turn(std::function<void()> hook);

  /// Removes a hook; it is not called again. An id that is unknown is ignored.
  void remove_hook(hook_id id);

private:
  friend class loop_scheduler;
  friend class loop_clock;
  friend class pinned_base;
  friend class timed_activation;

  struct end_of_turn_hook {
    hook_id id;
    bool removed;
    std::function<void()> call;
  };

  // The life of the thread.
  void run() noexcept;
  void make_turn();
  void wait_for_work();
  void take_inbox();
  void run_ready(time_point end_of_budget);
  void run_hooks();
  void send_outgoing();
  void end_turn();
  void count_turn(clock_type::duration took);
  void has_run(const pinned_base& actor, clock_type::duration took) noexcept;
  void look_back(clock_type::duration took) noexcept;
  void note_long_turn(clock_type::duration took) noexcept;
  void request_stop();
  bool drop_leftovers();
  bool is_idle() const noexcept;

  void read_clock() noexcept;
  void push_inbox(const std::vector<caf::resumable*>& jobs);
  void wake_if_asleep();

  inline static thread_local actor_loop* current_ = nullptr;

  loop_scheduler& parent_;
  const size_t index_;
  const loop_options& options_;
  std::unique_ptr<event_loop> io_;

  // Loop thread only.
  job_ring ready_;
  timer_wheel timers_{*this};
  std::list<end_of_turn_hook> hooks_;
  hook_id last_hook_ = 0;
  bool in_hooks_ = false;
  bool is_in_turn_ = false;
  size_t in_place_depth_ = 0;
  std::vector<std::vector<caf::resumable*>> outgoing_; // by index of the target loop
  bool has_outgoing_ = false;
  bool now_is_fresh_ = false;
  time_point now_;        // of this turn
  time_point turn_start_; // when this turn stopped waiting
  time_point turn_end_;   // of the last turn
  time_point last_work_;  // when the last turn that found work ended
  bool found_work_ = false;
  uint64_t handlers_of_turn_ = 0;
  uint64_t resumes_of_turn_ = 0;
  uint64_t in_place_before_ = 0; // this turn
  bool is_watched_ = false;      // closely: a turn was long
  time_point watched_until_;
  timed_activation* timed_ = nullptr; // the innermost
  clock_type::duration longest_activation_{};
  std::string longest_actor_;
  std::vector<caf::resumable*> taken_jobs_;
  std::vector<std::function<void()>> taken_tasks_;

  // From other threads.
  alignas(64) std::mutex inbox_mutex_;
  std::vector<caf::resumable*> inbox_jobs_;
  std::vector<std::function<void()>> inbox_tasks_;
  std::atomic<bool> inbox_filled_{false};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};

  std::mutex long_turn_mutex_;
  std::optional<long_turn> long_turn_; // until somebody asks

  // Written by the loop thread (`wake_ups_` by others), read by anyone.
  alignas(64) std::atomic<uint64_t> turns_{0};
  std::atomic<uint64_t> resumes_{0};
  std::atomic<uint64_t> in_place_{0};
  std::atomic<uint64_t> handlers_{0};
  std::atomic<uint64_t> wake_ups_{0};
  std::atomic<uint64_t> armed_timers_{0};
  std::atomic<uint64_t> turn_max_us_{0};
  std::atomic<uint64_t> long_turns_{0};
  std::atomic<uint64_t> busy_ns_{0};
  std::array<std::atomic<uint64_t>, defaults::turn_bounds_us.size() + 1> turns_by_time_{};
};

/// The scheduler: owns the loops and their threads. Loaded by `loop_system_config`.
class loop_scheduler final : public caf::scheduler::abstract_coordinator {
public:
  /// Throws `std::logic_error` unless the system was configured by a `loop_system_config`.
  explicit loop_scheduler(caf::actor_system& system);
  ~loop_scheduler() override;

  /// For `actor_system_config::load`.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  /// The loop scheduler of a system; null if the system runs on CAF's own or on the testing one.
  static loop_scheduler* of(caf::actor_system& system) noexcept;

  /// The number of loops. Fixed for the life of the system.
  size_t loops() const noexcept { return loops_.size(); }

  /// The loop with this index; `index < loops()`.
  actor_loop& loop(size_t index) const noexcept { return *loops_[index]; }

  /// The loops in turn: spreads what has no place of its own. Any thread.
  actor_loop& next_loop() noexcept;

  /// The loop of this scheduler that runs the calling thread, or null.
  actor_loop* current() const noexcept {
    auto* here = actor_loop::current();
    return here != nullptr && &here->scheduler() == this ? here : nullptr;
  }

  /// Called by CAF for actors without a home: runs the job on the calling loop, else on the next.
  void enqueue(caf::resumable* job) override;

  loop_clock& clock() noexcept override { return clock_; }

  /// The time at this moment, by the clock of all loops (`loop_options::now`). Any thread.
  time_point read_clock() const { return options_.read_clock(); }

protected:
  void init(caf::actor_system_config& config) override;
  void start() override;
  void stop() override;

private:
  void end_threads();
  void make_last_turns();
  void drop_leftovers();

  const loop_options& options_;
  std::vector<std::unique_ptr<actor_loop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<size_t> turn_of_{0};
  loop_clock clock_{*this};
};

} // namespace ringdown::runtime
