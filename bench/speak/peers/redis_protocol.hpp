// Redis's PUBLISH and SUBSCRIBE as a protocol to be measured.
#pragma once

#include "bench/speak/peers/in_order.hpp"
#include "bench/speak/peers/text_request.hpp"

namespace ringdown::bench {

class redis_protocol final : public protocol {
public:
  redis_protocol(const std::vector<link_plan>& plans, const event_template& events);

  void on_open(link_port& port, std::size_t link) override;
  std::size_t take(link_port& port, std::size_t link, std::string_view bytes,
                   run_sink& sink) override;
  std::size_t request_bytes_max() const noexcept override;
  std::size_t write_request(char* out, std::size_t link, slot_index slot,
                            const event_template::mark& mark) override;

private:
  void subscribe_more(link_port& port, std::size_t link);
  std::size_t take_message(link_port& port, std::size_t link, std::string_view bytes,
                           run_sink& sink);
  std::size_t take_subscribed(link_port& port, std::size_t link, std::string_view bytes);
  std::size_t take_line(link_port& port, std::size_t link, std::string_view bytes, run_sink& sink);

  const std::vector<link_plan>& plans_;
  const event_template& events_;
  in_order_slots slots_;
  struct subscriptions {
    std::uint32_t asked = 0;
    std::uint32_t stand = 0;
  };
  std::vector<subscriptions> subscriptions_;
  text_request request_;
  std::string message_head_; ///< of a delivery, up to the channel's digits
};

} // namespace ringdown::bench
