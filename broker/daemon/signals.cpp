#include "broker/daemon/signals.hpp"

#include <cstring>
#include <ctime>

namespace ringdown {
namespace {

constexpr int left_as_they_are[] = {
  SIGSEGV, SIGBUS,  SIGFPE,   SIGILL,  SIGTRAP, SIGSYS, SIGABRT, // faults
  SIGTSTP, SIGTTIN, SIGTTOU,  SIGCONT,                           // stop and go on
  SIGCHLD, SIGURG,  SIGWINCH,                                    // do nothing by themselves
};

asked meaning_of(int signal) noexcept {
  switch (signal) {
  case SIGTERM:
  case SIGINT:
  case SIGQUIT: return asked::end;
  case SIGHUP: return asked::reload;
  default: return asked::other;
  }
}

} // namespace

signals::signals() {
  sigfillset(&taken_);
  for (const int signal : left_as_they_are)
    sigdelset(&taken_, signal);
  pthread_sigmask(SIG_BLOCK, &taken_, &before_);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

void signals::give_back() const {
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

asked signals::wait(std::chrono::milliseconds timeout) {
  const auto ms = timeout.count();
  const timespec time{static_cast<std::time_t>(ms / 1000),
                      static_cast<long>(ms % 1000) * 1'000'000};
  const int signal = ::sigtimedwait(&taken_, nullptr, &time);
  if (signal <= 0)
    return asked::nothing;
  last_ = signal;
  return meaning_of(signal);
}

std::string signals::last() const {
  const auto* name = ::sigabbrev_np(last_);
  return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(last_);
}

} // namespace ringdown
