#include "broker/logging/log_writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace ringdown::logging {
namespace {

/// How long the thread waits for a reader before it looks whether it shall go on waiting.
constexpr std::chrono::milliseconds look_again{20};
/// After lines were lost, and nobody logs: how often it is tried to tell of them.
constexpr std::chrono::seconds tell_again{1};

/// When all is written the thread leaves lines time to come together: a line alone costs the loop
/// that logs it a wake-up, and a write. Those that matter end that time.
constexpr std::chrono::milliseconds gather{10};

/// Lines for one place.
struct batch {
  destination_ptr to;
  std::string text;
};

std::uint64_t lines_in(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The error in words.
std::string_view why(int error) noexcept {
  const auto* text = ::strerrordesc_np(error);
  return text != nullptr ? text : "an unknown error";
}

} // namespace

struct log_writer::state {
  explicit state(options o, destination_ptr to) : how{std::move(o)}, newest{std::move(to)} {}

  void run();
  void gather_lines(std::unique_lock<std::mutex>& lock);
  void hurry();
  void write(batch& b);
  void tell_lost(std::unique_lock<std::mutex>& lock);
  void end(std::unique_lock<std::mutex>& lock);
  void lose(std::uint64_t lines, std::string_view why);
  void lose_by_error(std::uint64_t lines, std::string_view why);
  destination_ptr another_than(const destination_ptr& stuck);
  bool is_idle() const { return waiting.empty() && !is_writing; }

  const options how;
  bool has_said_so = false;          ///< the thread's own
  std::atomic<bool> gives_up{false}; ///< what cannot be written now is lost

  std::mutex mutex; // of what follows
  std::condition_variable work;
  std::condition_variable done;
  destination_ptr newest;
  std::deque<batch> waiting;
  std::size_t bytes = 0;   ///< that wait or are being written
  bool is_writing = false; ///< or telling what was lost
  bool gathers = false;    ///< the thread; it is woken to hurry only
  bool in_hurry = false;
  std::uint64_t lost = 0;
  std::string_view why_lost; ///< a literal
  bool ending = false;
  bool is_abandoned = false; ///< its owner is gone: `how.lost_line` must not be called
  std::optional<std::thread> thread;
  bool has_ended = false; ///< the thread
};

// ---- the thread ----------------------------------------------------------------------------

void log_writer::state::run() {
  std::unique_lock lock{mutex};
  for (;;) {
    auto is_time = [this] { return !waiting.empty() || ending; };
    if (lost == 0)
      work.wait(lock, is_time);
    else
      work.wait_for(lock, tell_again, is_time);
    if (!waiting.empty()) {
      auto now = std::move(waiting.front());
      waiting.pop_front();
      is_writing = true;
      lock.unlock();
      write(now);
      lock.lock();
      bytes -= now.text.size();
    }
    if (lost != 0)
      tell_lost(lock);
    is_writing = false;
    done.notify_all();
    if (ending && waiting.empty())
      break;
    gather_lines(lock);
  }
  has_ended = true;
  done.notify_all();
}

void log_writer::state::gather_lines(std::unique_lock<std::mutex>& lock) {
  if (!waiting.empty()) // they have come together during the write
    return;
  gathers = true;
  in_hurry = false;
  work.wait_for(lock, gather, [this] { return in_hurry || ending; });
  gathers = false;
}

/// What waits is written now.
void log_writer::state::hurry() {
  in_hurry = true;
  work.notify_one();
}

/// Writes it all, or loses what is left.
void log_writer::state::write(batch& b) {
  std::string_view rest{b.text};
  bool is_line_cut = b.to->is_mid_line(); // what is left of it stays a line of its own
  while (!rest.empty()) {
    const auto done_now = b.to->write_some(is_line_cut ? "\n" : rest, look_again);
    if (done_now.error == 0) {
      rest.remove_prefix(is_line_cut ? 0 : done_now.bytes);
      is_line_cut = false;
      continue;
    }
    if (done_now.error != EAGAIN)
      return lose_by_error(lines_in(rest), why(done_now.error));
    if (gives_up)
      return lose(lines_in(rest), "nobody reads the log");
    if (auto other = another_than(b.to))
      b.to = std::move(other);
  }
}

/// Tries to write how many are lost; they count until it is written.
void log_writer::state::tell_lost(std::unique_lock<std::mutex>& lock) {
  if (is_abandoned || !how.lost_line)
    return;
  const auto lines = lost;
  const auto to = newest;
  std::string text;
  try {
    text = (to->is_mid_line() ? "\n" : "") + how.lost_line(lines, why_lost) + '\n';
  } catch (...) { // no memory, or a clock of the host's: another time
    return;
  }
  lock.unlock();
  const auto written = to->write_some(text, std::chrono::milliseconds{0});
  lock.lock();
  if (written.error == 0 && written.bytes == text.size()) {
    has_said_so = false;
    lost -= lines; // more may have been lost meanwhile
  }
}

void log_writer::state::lose(std::uint64_t lines, std::string_view why) {
  const std::lock_guard lock{mutex};
  lost += lines;
  why_lost = why;
}

/// Nobody sees in the log that it cannot be written: standard error says so, once until it can.
void log_writer::state::lose_by_error(std::uint64_t lines, std::string_view why) {
  lose(lines, why);
  if (std::exchange(has_said_so, true))
    return;
  char text[128]; // no memory may be the reason
  const auto size = std::snprintf(text, sizeof text, "the log cannot be written: %.*s\n",
                                  static_cast<int>(why.size()), why.data());
  say_on_standard_error({text, std::min(static_cast<std::size_t>(size), sizeof text - 1)});
}

/// Where to go on if `stuck` takes nothing: nowhere if there is no newer place.
destination_ptr log_writer::state::another_than(const destination_ptr& stuck) {
  const std::lock_guard lock{mutex};
  return newest == stuck ? nullptr : newest;
}

// ---- those who log -------------------------------------------------------------------------

log_writer::log_writer(options o, destination_ptr to)
  : state_{std::make_shared<state>(std::move(o), std::move(to))} {}

void log_writer::put(std::string_view line, bool matters) {
  auto& s = *state_;
  const std::lock_guard lock{s.mutex};
  const auto room = s.how.queue_bytes_max + (matters ? s.how.queue_bytes_reserve : 0);
  if (s.bytes + line.size() + 1 > room) {
    ++s.lost;
    s.why_lost = "the log is written too slowly";
    return;
  }
  if (!s.thread)
    begin_thread();
  if (!s.thread)
    return;
  if (s.waiting.empty() || s.waiting.back().to != s.newest)
    s.waiting.push_back({s.newest, {}});
  s.waiting.back().text.append(line).append(1, '\n');
  s.bytes += line.size() + 1;
  if (!s.gathers || matters || s.bytes > s.how.queue_bytes_max / 2)
    s.hurry();
}

/// Under the mutex. Without a thread the line is lost; the next line tries again.
void log_writer::begin_thread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); // signals are the program's business
  try {
    state_->thread.emplace([s = state_] { s->run(); });
    ::pthread_setname_np(state_->thread->native_handle(), "log");
  } catch (const std::system_error&) {
    ++state_->lost;
    state_->why_lost = "there was no thread to write the log";
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void log_writer::write_to(destination_ptr to) {
  const std::lock_guard lock{state_->mutex};
  state_->newest = std::move(to);
}

bool log_writer::flush(std::chrono::milliseconds timeout) {
  auto& s = *state_;
  std::unique_lock lock{s.mutex};
  s.hurry();
  return s.done.wait_for(lock, timeout, [&] { return s.is_idle(); });
}

/// Waits for the thread, then tells it to give up. Only a write that hangs in the kernel keeps it
/// longer: it looks every `look_again`.
void log_writer::state::end(std::unique_lock<std::mutex>& lock) {
  ending = true;
  work.notify_one();
  auto ended = [this] { return has_ended; };
  if (!done.wait_for(lock, how.end_timeout, ended)) {
    gives_up = true;
    done.wait_for(lock, 10 * look_again, ended);
  }
  is_abandoned = true;
  if (has_ended) {
    lock.unlock();
    thread->join();
    lock.lock();
  } else {
    thread->detach();
  }
}

log_writer::~log_writer() {
  auto& s = *state_;
  std::unique_lock lock{s.mutex};
  if (s.thread)
    s.end(lock);
  auto lines = s.lost;
  for (const auto& left : s.waiting)
    lines += lines_in(left.text);
  if (lines != 0)
    say_on_standard_error(std::to_string(lines) +
                          " lines of the log were lost: " + std::string{s.why_lost} + '\n');
}

} // namespace ringdown::logging
