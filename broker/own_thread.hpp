// Work that must not be done on a host's thread.
#pragma once

#include <csignal>
#include <future>
#include <thread>
#include <utility>

namespace ringdown {

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

} // namespace ringdown
