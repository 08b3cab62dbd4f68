#include "broker/edge/epoll_loop.hpp"

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

/// Time for what a wait finds, looked at behind each: what is answered leaves, and actors, timers
/// and other threads get their turn. A full read taken through its actors in place needs 10 to
/// 300 us.
constexpr std::chrono::milliseconds serving_time_max{1};

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
  std::erase(again_, &user);
}

void epoll_loop::call_again(epoll_user& user) {
  again_.push_back(&user);
}

// ---- waiting -------------------------------------------------------------------------------

std::size_t epoll_loop::wait(time_point deadline) {
  if (next_ == count_) // else some of the last wait are left
    block(again_.empty() ? std::min(deadline, next_timer()) : poll_only);
  begin_serving(clock_type::now());
  auto end = served_at() + serving_time_max;
  // Those who have news first: who was not served to the end may have much, and can wait.
  auto served = serve_events(end);
  served += serve_again(end);
  served += serve_timers();
  end_serving();
  return served;
}

void epoll_loop::block(time_point deadline) noexcept {
  auto timeout = deadline == poll_only ? 0 : as_timeout(deadline, clock_type::now());
  auto got = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_max), timeout);
  next_ = 0;
  count_ = got > 0 ? static_cast<std::size_t>(got) : 0; // interrupted: as if nothing had come
}

/// One of them has its turn in each wait, whatever else there is; all at most once.
std::size_t epoll_loop::serve_again(time_point end) {
  std::size_t served = 0;
  for (auto waiting = again_.size(); waiting > 0 && !again_.empty(); --waiting) {
    auto* user = again_.front();
    again_.pop_front();
    user->ready(0);
    ++served;
    if (is_time_over(end))
      break;
  }
  return served;
}

std::size_t epoll_loop::serve_events(time_point end) {
  std::size_t served = 0;
  while (next_ < count_) {
    auto& entry = events_[next_++];
    if (entry.data.ptr == nullptr) // a wake-up, or the user is gone
      continue;
    static_cast<epoll_user*>(entry.data.ptr)->ready(entry.events);
    ++served;
    if (is_time_over(end))
      break;
  }
  return served;
}

} // namespace ringdown::edge
