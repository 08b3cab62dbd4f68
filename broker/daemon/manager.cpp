#include "broker/daemon/manager.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace ringdown::manager {
namespace {

void tell(const std::string& state) {
  sd_notify(0, state.c_str()); // a failure changes nothing for us
}

std::string listening(std::uint16_t port) {
  return "READY=1\nSTATUS=listening on port " + std::to_string(port);
}

/// A status is one line.
std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n')
      c = ' ';
  return text;
}

} // namespace

void ready(std::uint16_t port) {
  tell(listening(port));
}

void reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto us = now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void reloaded(std::uint16_t port, const std::string& trouble) {
  tell(listening(port) + (trouble.empty() ? "" : "; " + one_line(trouble)));
}

void draining() {
  tell("STOPPING=1\nSTATUS=draining");
}

void alive() {
  if (sd_watchdog_enabled(0, nullptr) > 0)
    tell("WATCHDOG=1");
}

} // namespace ringdown::manager
