// A broker for tests of the client: one thread, just enough rules to answer, and faults on
// demand. It relays every event of a DN to all others registered there, in one order per DN. It
// knows nothing of roles, modes or errors but what a test's hook makes of them.
#pragma once

#include <ringdown/v1/ringdown.pb.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ringdown::test {

class fake_broker {
public:
  struct options {
    std::uint32_t heartbeat_interval_ms = 2000;
    std::uint32_t heartbeat_timeout_ms = 5000;
    std::uint32_t window_requests = 1024;
    std::uint32_t window_bytes = 1024 * 1024;
    std::uint32_t dns_per_request_max = 256;
    /// Sees each request first, in the broker's thread. True: it has dealt with it.
    std::function<bool(fake_broker&, int fd, const v1::Frame&)> on_request;
    /// Sees each event on its way to a receiver and may change it; false keeps it back.
    std::function<bool(v1::Frame&)> on_delivery;
    /// Grants OUTCOMES, and tells this of each command behind its ACK.
    std::optional<v1::Outcome> outcome;
    /// Sees each outcome on its way and may fill it in.
    std::function<void(v1::EventOutcome&)> on_outcome;
    /// DNs of a page of a list.
    std::size_t page = 2;
  };

  explicit fake_broker(options o);
  fake_broker();
  ~fake_broker();
  fake_broker(const fake_broker&) = delete;

  std::uint16_t port() const { return port_; }
  /// From the hooks only (the broker's thread).
  void send(int fd, const v1::Frame& frame);
  void send_bytes(int fd, const std::string& bytes);
  void disconnect(int fd);
  /// Grants it.
  void sign_on(int fd, const v1::Frame& request);

  // Seen so far; from any thread.
  std::atomic<int> heartbeats{0};
  std::atomic<int> requests{0};
  std::atomic<int> sign_ons{0};
  std::atomic<std::uint64_t> deliveries{0};
  std::atomic<int> failures{0}; ///< words `failed`

  /// Ends all connections; from any thread.
  void disconnect_all() { ends_all_ = true; }

private:
  struct peer {
    std::string in;
    std::string out;
    std::uint64_t client_id = 0;
    v1::Role role = v1::ROLE_UNSPECIFIED;
    bool closing = false;
  };
  struct dn {
    std::uint64_t sequence = 0;
    v1::CaptureState state = v1::CAPTURE_STATE_UNKNOWN;
    std::set<int> registered;
  };

  void run();
  void accept_one();
  void read_from(int fd);
  void write_to(int fd);
  void handle(int fd, const v1::Frame& request);
  void register_on(int fd, const v1::Frame& request);
  /// What a request says beside its event.
  struct request_facts {
    std::uint32_t reference = 0;
    bool directed = false;
    bool names_dn = false; ///< its ACK
    std::string command_id = {};
  };
  void relay(int fd, const request_facts& request, const v1::Event& event);
  void command_each(int fd, const v1::Frame& request);
  void list(int fd, const v1::Frame& request);
  void tell_outcome(int fd, const std::string& id, const v1::Event& event, std::uint64_t sequence);
  void snapshot(const std::string& name, v1::Snapshot& out);
  void forget(int fd);

  options options_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::map<int, peer> peers_;
  std::map<std::string, dn> dns_;
  std::set<int> on_every_dn_;
  std::uint64_t clients_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ends_all_{false};
  std::thread thread_;
};

} // namespace ringdown::test
