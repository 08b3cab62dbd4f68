// AMQP 0-9-1 with publisher confirms, as a protocol to be measured.
#pragma once

#include "bench/speak/peers/confirms.hpp"
#include "bench/speak/protocol.hpp"

namespace ringdown::bench {

class amqp_protocol final : public protocol {
public:
  amqp_protocol(const std::vector<link_plan>& plans, const event_template& events);

  void on_open(link_port& port, std::size_t link) override;
  std::size_t take(link_port& port, std::size_t link, std::string_view bytes,
                   run_sink& sink) override;
  std::size_t request_bytes_max() const noexcept override { return request_.size(); }
  std::size_t write_request(char* out, std::size_t link, slot_index slot,
                            const event_template::mark& mark) override;

private:
  void on_method(link_port& port, std::size_t link, std::string_view payload, run_sink& sink);
  void on_answer(link_port& port, std::size_t link, std::string_view payload, bool accepted,
                 run_sink& sink);
  void on_body(link_port& port, std::size_t link, std::string_view payload, run_sink& sink);
  void begin(link_port& port, std::size_t link);
  void bind(link_port& port, std::size_t link);
  void consume(link_port& port, std::size_t link);

  const std::vector<link_plan>& plans_;
  const event_template& events_;
  confirmed_slots slots_;
  std::vector<bool> delivering_; ///< a delivery's body is awaited
  std::string request_;          ///< its three frames; the changing parts are written over
  std::size_t digits_at_ = 0;
  std::size_t event_at_ = 0;
};

} // namespace ringdown::bench
