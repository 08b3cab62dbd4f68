// NATS's PUB and SUB with +OK to each, as a protocol to be measured.
#pragma once

#include "bench/speak/peers/in_order.hpp"
#include "bench/speak/peers/text_request.hpp"

namespace ringdown::bench {

class nats_protocol final : public protocol {
public:
  nats_protocol(const std::vector<link_plan>& plans, const event_template& events);

  void on_open(link_port&, std::size_t) override {} // the server speaks first
  std::size_t take(link_port& port, std::size_t link, std::string_view bytes,
                   run_sink& sink) override;
  std::size_t request_bytes_max() const noexcept override;
  std::size_t write_request(char* out, std::size_t link, slot_index slot,
                            const event_template::mark& mark) override;

private:
  void on_info(link_port& port, std::size_t link);
  void on_ok(link_port& port, std::size_t link, run_sink& sink);
  std::size_t take_message(link_port& port, std::size_t link, std::string_view bytes,
                           run_sink& sink);

  const std::vector<link_plan>& plans_;
  const event_template& events_;
  in_order_slots slots_;
  std::vector<std::uint32_t> opening_; ///< +OK still awaited before a link is up
  text_request request_;
};

} // namespace ringdown::bench
