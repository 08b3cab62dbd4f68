// What the daemon tells the service manager that started it (systemd's Type=notify). Without one
// (no NOTIFY_SOCKET) nothing happens.
#pragma once

#include <cstdint>
#include <string>

namespace ringdown::manager {

/// It listens.
void ready(std::uint16_t port);
void reloading();
/// The end of a reload: as before where `trouble` is empty; otherwise the status says what was
/// refused.
void reloaded(std::uint16_t port, const std::string& trouble);
void draining();
/// All loops turn: for the watchdog (WatchdogSec), if one waits for it.
void alive();

} // namespace ringdown::manager
