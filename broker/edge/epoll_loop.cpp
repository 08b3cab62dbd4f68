#include "broker/edge/epoll_loop.hpp"

#include "actors/runtime/loop_scheduler.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

namespace ringdown::edge {

using runtime::clock_type;
using runtime::time_point;

namespace {

/// Time for the events of a wait, looked at every `events_per_clock_read`: actors, timers and other
/// threads get their turn. An event that takes a full read through its actors in place needs 10 to
/// 200 us.
constexpr std::chrono::milliseconds serving_time_max{1};
constexpr std::size_t events_per_clock_read = 16;

/// What the kernel's wait takes: milliseconds, rounded up, so that a deadline has come behind it.
int as_timeout(time_point deadline, time_point now) {
  using std::chrono::milliseconds;
  if (deadline == time_point::max())
    return -1;
  auto left = std::chrono::ceil<milliseconds>(deadline - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

} // namespace

epoll_loop::epoll_loop() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_up_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event entry{};
  entry.events = EPOLLIN | EPOLLET; // each write says so again: nobody has to read it
  if (epoll_ >= 0 && wake_up_ >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_up_, &entry) == 0)
    return;
  auto why = errno;
  for (int file : {epoll_, wake_up_})
    if (file >= 0)
      ::close(file);
  throw std::system_error{why, std::generic_category(), "an event loop"};
}

epoll_loop::~epoll_loop() {
  ::close(wake_up_);
  ::close(epoll_);
}

epoll_loop& epoll_loop::of(const runtime::actor_loop& loop) {
  return dynamic_cast<epoll_loop&>(loop.io());
}

void epoll_loop::wake() noexcept {
  // Fails only where the counter is full, and then the loop has been told.
  static_cast<void>(::eventfd_write(wake_up_, 1));
}

bool epoll_loop::add(int descriptor, epoll_user& user) noexcept {
  epoll_event entry{};
  entry.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  entry.data.ptr = &user;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &entry) == 0;
}

void epoll_loop::remove(int descriptor, const epoll_user& user) noexcept {
  static_cast<void>(::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr));
  for (auto i = next_; i < count_; ++i)
    if (events_[i].data.ptr == &user)
      events_[i].data.ptr = nullptr;
  for (auto* list : {&again_, &calling_again_})
    std::replace(list->begin(), list->end(), const_cast<epoll_user*>(&user),
                 static_cast<epoll_user*>(nullptr));
}

void epoll_loop::call_again(epoll_user& user) {
  if (std::find(again_.begin(), again_.end(), &user) == again_.end())
    again_.push_back(&user);
}

// ---- waiting -------------------------------------------------------------------------------

std::size_t epoll_loop::wait(time_point deadline) {
  if (next_ == count_) { // else some of the last wait are left
    auto first = timers_.empty() ? time_point::max() : timers_.begin()->first;
    block(again_.empty() ? std::min(deadline, first) : poll_only);
  }
  return serve_again() + serve_events() + serve_timers();
}

void epoll_loop::block(time_point deadline) noexcept {
  auto timeout = deadline == poll_only ? 0 : as_timeout(deadline, clock_type::now());
  auto got = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_max), timeout);
  next_ = 0;
  count_ = got > 0 ? static_cast<std::size_t>(got) : 0; // interrupted: as if nothing had come
}

std::size_t epoll_loop::serve_again() {
  if (again_.empty())
    return 0;
  std::size_t called = 0;
  calling_again_.swap(again_);
  for (std::size_t i = 0; i < calling_again_.size(); ++i)
    if (auto* user = std::exchange(calling_again_[i], nullptr)) {
      user->ready(0);
      ++called;
    }
  calling_again_.clear();
  return called;
}

std::size_t epoll_loop::serve_events() {
  std::size_t served = 0;
  auto end = time_point::max();
  while (next_ < count_) {
    auto& entry = events_[next_++];
    if (entry.data.ptr == nullptr) // a wake-up, or the user is gone
      continue;
    static_cast<epoll_user*>(entry.data.ptr)->ready(entry.events);
    if (++served % events_per_clock_read != 0)
      continue;
    auto now = clock_type::now();
    if (end == time_point::max())
      end = now + serving_time_max;
    else if (now >= end)
      break;
  }
  return served;
}

// ---- timers --------------------------------------------------------------------------------

std::size_t epoll_loop::serve_timers() {
  if (timers_.empty())
    return 0;
  std::size_t served = 0;
  auto now = clock_type::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto* due = timers_.begin()->second;
    auto what = std::move(due->what_);
    due->cancel();
    what();
    ++served;
  }
  return served;
}

void epoll_loop::timer::call_after(std::chrono::nanoseconds time, std::function<void()> what) {
  cancel();
  what_ = std::move(what);
  place_ = loop_.timers_.emplace(clock_type::now() + time, this);
  is_set_ = true;
}

void epoll_loop::timer::cancel() noexcept {
  if (std::exchange(is_set_, false))
    loop_.timers_.erase(place_);
  what_ = nullptr;
}

} // namespace ringdown::edge
