#include "client/cli/settings.hpp"

#include <csignal>

namespace ringdown::cli {

namespace {

volatile std::sig_atomic_t stop_flag = 0;

} // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_flag = 1; };
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM})
    ::sigaction(signal, &action, nullptr); // without SA_RESTART: a wait ends
}

bool stop_requested() noexcept {
  return stop_flag != 0;
}

void forget_stop_request() noexcept {
  stop_flag = 0;
}

} // namespace ringdown::cli
