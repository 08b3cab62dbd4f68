// A broker whose every word the test says, and a client that meets it in virtual time: no sockets,
// no threads, no waiting. Each attempt of the client's gets a new stream, or none.
#pragma once

#include "client/t_client.hpp"
#include "tests/client/memory_transport.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <string>
#include <vector>

namespace ringdown::test {

class scripted_broker {
public:
  /// A place that leads here.
  client::transport_factory factory();

  static constexpr std::uint64_t first_client_id = 77;
  std::uint64_t client_id = first_client_id; ///< of the next link
  bool listens = true;                       ///< else an attempt finds nobody
  int attempts = 0;                          ///< so far
  std::uint64_t server_instance = 1;         ///< what the next link is told
  std::uint32_t window_requests = 16;
  std::uint32_t dns_per_request_max = 256;
  std::int64_t time_us = 0;                    ///< the broker's clock, as the next link is told
  std::int64_t credentials_expire_time_us = 0; ///< by it; 0: never

  /// What the client has said since; heartbeats left out.
  std::vector<v1::Frame> said();
  /// The next thing it has said; fails the test if there is none.
  v1::Frame expect();
  /// The questions for snapshots among it; the rest stays to be looked at.
  std::vector<v1::Frame> questions();
  void send(const v1::Frame& frame);
  void send_bytes(std::string_view bytes) { pipe_->give(bytes); }
  /// The stream ends without a word.
  void vanish() { pipe_->end(); }
  memory_pipe& pipe() { return *pipe_; }

  // What brokers say.
  void grant(const v1::Frame& sign_on);
  void registered(const v1::Frame& request, std::uint64_t sequence = 0, std::uint64_t epoch = 1,
                  v1::CaptureState state = v1::CAPTURE_STATE_UNKNOWN);
  void ack(const v1::Frame& request, std::uint64_t sequence = 1, std::uint64_t epoch = 1);
  void error(const v1::Frame& request, std::uint32_t code, const std::string& dn = {},
             std::uint32_t retry_after_ms = 0);
  void event(const std::string& dn, const std::string& verb, std::uint64_t sequence,
             v1::CaptureState state = v1::CAPTURE_STATE_UNKNOWN);
  void farewell(v1::DisconnectReason reason, std::uint32_t retry_after_ms = 0);

private:
  std::shared_ptr<memory_pipe> pipe_;
  std::vector<v1::Frame> frames_;
};

/// A client with such a broker, a clock that stands still, and all that it tells.
class scripted_client {
public:
  explicit scripted_client(client::t_client_options more = {});

  /// Polls until nothing more happens at this time.
  void settle();
  void pass(std::chrono::milliseconds time);
  /// Starts, and grants the link.
  void bring_up();
  /// Is told of a registration by its snapshot.
  void bring_up_on(const std::string& dn, std::uint64_t sequence = 0);
  /// Wants this DN and starts: what the broker hears before it has said a word.
  std::vector<v1::Frame> begin_on(const std::string& dn);
  /// Lets the time pass to the next attempt, and grants the link.
  void bring_back();

  /// The notices of one kind, in order, since the last look.
  template <class Kind>
  std::vector<Kind> told() {
    std::vector<Kind> all;
    for (auto& n : notices)
      if (auto* one = std::get_if<Kind>(&n))
        all.push_back(*one);
    std::erase_if(notices, [](const client::notice& n) { return std::holds_alternative<Kind>(n); });
    return all;
  }
  /// A handler that keeps what it is told.
  client::completion_handler keep() {
    return [this](const client::completion& c) { done.push_back(c); };
  }

  client::steady_time time{std::chrono::hours{1}};
  std::uint64_t random = 100; // ms of each wait, while that is within its bound
  scripted_broker broker;
  std::vector<client::notice> notices;
  std::vector<client::completion> done;
  std::vector<client::handler_failure> failures;
  client::t_client subject;
};

/// A command, with an id of its own if it is to be known again.
client::outgoing_event command(capture_verb verb, bool with_id = false,
                               const std::string& dn = "7001");
/// `again_after_loss`.
client::request_options again();

} // namespace ringdown::test
