// The Ringdown protocol for a run: sign-on, registrations within the granted limits,
// RequestSendEvent from prepared bytes. What comes often is read by hand, the rest by the client's
// codec.
#pragma once

#include "bench/speak/protocol.hpp"
#include "client/connection.hpp"

#include <functional>
#include <optional>

namespace ringdown {
struct frame_view;
}

namespace ringdown::bench {

class ringdown_protocol final : public protocol {
public:
  struct options {
    std::string application_name = "ringdown-bench";
    std::optional<std::chrono::milliseconds> heartbeat_interval;
    std::vector<client::capability> capabilities;
    std::string credentials = {};
    /// Takes all events of links that are up, decoded; empty: they go to the run's sink.
    std::function<void(std::size_t link, const client::event& e)> on_event;
  };

  /// `plans` and `events` must outlive it.
  ringdown_protocol(options o, const std::vector<link_plan>& plans, const event_template& events);

  void on_open(link_port& port, std::size_t link) override;
  std::size_t take(link_port& port, std::size_t link, std::string_view bytes,
                   run_sink& sink) override;
  std::size_t request_bytes_max() const noexcept override { return events_.frame_bytes(); }
  std::size_t write_request(char* out, std::size_t link, slot_index slot,
                            const event_template::mark& mark) override;
  std::size_t window_max() const noexcept override;
  bool sequenced() const noexcept override { return true; }
  std::chrono::milliseconds heartbeat_interval() const noexcept override {
    return granted_.heartbeat_interval;
  }
  std::string heartbeat() const override;
  std::string broker() const override;

private:
  enum class phase : std::uint8_t { signing_on, registering, up };
  struct link_state {
    phase at = phase::signing_on;
    std::uint32_t registered = 0; ///< answers to registrations so far
    std::uint32_t asked = 0;      ///< DNs asked for so far
  };

  void on_frame(link_port& port, std::size_t link, std::string_view frame, run_sink& sink);
  void opening_frame(link_port& port, std::size_t link, std::string_view frame);
  void refused(link_port& port, std::size_t link, const client::event& e);
  void register_more(link_port& port, std::size_t link);
  void take_decoded(link_port& port, std::size_t link, std::string_view frame);
  void take_ack(std::size_t link, const frame_view& view, run_sink& sink);
  void take_delivery(std::size_t link, std::string_view body, run_sink& sink);
  void take_other(link_port& port, std::size_t link, std::string_view frame, run_sink& sink);

  options options_;
  const std::vector<link_plan>& plans_;
  const event_template& events_;
  std::vector<link_state> links_;
  client::event_link_connected granted_;
};

} // namespace ringdown::bench
