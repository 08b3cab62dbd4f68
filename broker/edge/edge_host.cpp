#include "broker/edge/edge_host.hpp"

#include "actors/runtime/guarded.hpp"
#include "broker/edge/epoll_loop.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ringdown::edge {

namespace {

class actor_loop_host final : public edge_host {
public:
  explicit actor_loop_host(runtime::actor_loop& loop) : loop_(loop) {}

  io_loop& loop() override { return io_loop::of(loop_); }
  bool is_current() const noexcept override { return loop_.is_current(); }
  void post(std::function<void()> task) override { loop_.post(std::move(task)); }
  void at_end_of_turn(std::function<void()> hook) override {
    loop_.post([this, h = std::move(hook)]() mutable { loop_.at_end_of_turn(std::move(h)); });
  }
  runtime::home where() const noexcept override { return runtime::home{loop_}; }
  void stop() override {} // the scheduler stops its loops

private:
  runtime::actor_loop& loop_;
};

/// How long the thread sleeps at most when nothing happens; posts and sockets wake it.
constexpr std::chrono::seconds longest_sleep{1};

class threaded_host final : public edge_host {
public:
  explicit threaded_host(std::function<void()> on_failure)
    : on_failure_(std::move(on_failure)), thread_([this] { run(); }) {}
  ~threaded_host() override { stop(); }

  io_loop& loop() override { return loop_; }
  bool is_current() const noexcept override { return current_ == this; }
  void post(std::function<void()> task) override {
    {
      std::lock_guard lock{mutex_};
      tasks_.push_back(std::move(task));
    }
    loop_.wake();
  }
  void at_end_of_turn(std::function<void()> hook) override {
    post([this, h = std::move(hook)]() mutable { hooks_.push_back(std::move(h)); });
  }
  runtime::home where() const noexcept override { return {}; }
  void stop() override {
    stopping_.store(true);
    loop_.wake();
    if (thread_.joinable())
      thread_.join();
  }

private:
  void run() {
    current_ = this;
    auto wait = [this] { loop_.wait(std::chrono::steady_clock::now() + longest_sleep); };
    while (!stopping_.load()) {
      runtime::guarded(wait, on_failure_);
      std::vector<std::function<void()>> tasks;
      {
        std::lock_guard lock{mutex_};
        tasks.swap(tasks_);
      }
      for (auto& task : tasks)
        runtime::guarded(task, on_failure_);
      for (auto& hook : hooks_)
        runtime::guarded(hook, on_failure_);
    }
  }

  inline static thread_local threaded_host* current_ = nullptr;

  const std::function<void()> on_failure_;
  epoll_loop loop_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  std::vector<std::function<void()>> hooks_;
  std::atomic<bool> stopping_{false};
  std::thread thread_; // last: it uses the rest
};

} // namespace

std::unique_ptr<edge_host> host_on(runtime::actor_loop& loop) {
  return std::make_unique<actor_loop_host>(loop);
}

std::unique_ptr<edge_host> host_with_thread(std::function<void()> on_failure) {
  return std::make_unique<threaded_host>(std::move(on_failure));
}

} // namespace ringdown::edge
