// MQTT 3.1.1 with QoS 1 both ways, as a protocol to be measured.
#pragma once

#include "bench/speak/protocol.hpp"

namespace ringdown::bench {

class mqtt_protocol final : public protocol {
public:
  mqtt_protocol(const std::vector<link_plan>& plans, const event_template& events);

  void on_open(link_port& port, std::size_t link) override;
  std::size_t take(link_port& port, std::size_t link, std::string_view bytes,
                   run_sink& sink) override;
  std::size_t request_bytes_max() const noexcept override { return request_.size(); }
  std::size_t write_request(char* out, std::size_t link, slot_index slot,
                            const event_template::mark& mark) override;

private:
  void on_packet(link_port& port, std::size_t link, unsigned type, std::string_view body,
                 run_sink& sink);
  void on_publish(link_port& port, std::size_t link, std::string_view body, run_sink& sink);
  void subscribe_more(link_port& port, std::size_t link);

  const std::vector<link_plan>& plans_;
  const event_template& events_;
  std::vector<std::uint32_t> subscribed_; ///< DNs asked for so far
  std::string request_;                   ///< a whole packet; its changing parts are written over
  std::size_t digits_at_ = 0;
  std::size_t id_at_ = 0;
  std::size_t event_at_ = 0;
};

} // namespace ringdown::bench
