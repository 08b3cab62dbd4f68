// A wire that can fail: it stands between a client and the daemon, and passes bytes on, late, or
// not at all. One client at a time has its own wire.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace ringdown::e2e {

class fault_proxy {
public:
  /// Listens on a port of the kernel's choice, for the daemon at `broker_port`.
  explicit fault_proxy(std::uint16_t broker_port);
  ~fault_proxy();
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  std::uint16_t port() const noexcept { return port_; }

  /// Every byte is passed on so much later.
  void delay(std::chrono::milliseconds by) noexcept { delay_ms_ = by.count(); }
  /// Half-open: nothing is passed on any more and nothing is closed. `false` ends it.
  void freeze(bool on) noexcept { frozen_ = on; }
  /// All wires break.
  void cut();

private:
  void run();
  void carry(int client, int broker);

  const std::uint16_t broker_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::int64_t> delay_ms_{0};
  std::atomic<bool> frozen_{false};
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> wires_;
  std::thread accepting_;
};

} // namespace ringdown::e2e
