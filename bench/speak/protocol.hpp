// What a protocol must say and understand to be measured, and nothing more: the Ringdown client's
// and those of the brokers it is compared with. A protocol has no sockets; `link_set` brings the
// bytes. One object serves all links of a run, in one thread.
#pragma once

#include "bench/speak/event_template.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::bench {

using clock = std::chrono::steady_clock;

/// A connection to be. Producers send for their DNs and receivers hear of theirs.
struct link_plan {
  ringdown::role role = ringdown::role::desktop;
  std::vector<std::uint32_t> dns;

  bool receives() const noexcept { return role == ringdown::role::recorder; }
};

/// The place of a request among those that a link has outstanding.
using slot_index = std::uint32_t;

/// Where what a broker says goes.
class run_sink {
public:
  virtual ~run_sink() = default;
  /// `sequence`: the event's place in its DN's order, 0 if the broker knows none.
  virtual void on_ack(std::size_t link, slot_index slot, std::uint64_t sequence) = 0;
  virtual void on_refusal(std::size_t link, slot_index slot, std::uint32_t code,
                          std::chrono::milliseconds retry_after) = 0;
  virtual void on_delivery(std::size_t link, std::string_view event, std::uint64_t sequence) = 0;
  /// A slow receiver is told so.
  virtual void on_missed(std::size_t link, std::string_view dn, std::uint64_t events) = 0;
};

/// The sockets, as a protocol sees them.
class link_port {
public:
  virtual ~link_port() = default;
  /// Sends; what one turn says goes out at once.
  virtual void say(std::size_t link, std::string_view bytes) = 0;
  /// The link can be used.
  virtual void came_up(std::size_t link) = 0;
  /// It cannot: why.
  virtual void lose(std::size_t link, const std::string& why) = 0;
  /// The broker has no room for it now, and says when to try again.
  virtual void turn_away(std::size_t link, const std::string& why, std::chrono::milliseconds) {
    lose(link, why);
  }
};

class protocol {
public:
  virtual ~protocol() = default;

  /// The stream stands: says what comes first.
  virtual void on_open(link_port& port, std::size_t link) = 0;
  /// Takes whole frames off the front of `bytes`; returns how many bytes these were. What is left
  /// comes again with more behind it.
  virtual std::size_t take(link_port& port, std::size_t link, std::string_view bytes,
                           run_sink& sink) = 0;

  /// Room that `write_request` needs, and how much of it was used.
  virtual std::size_t request_bytes_max() const noexcept = 0;
  virtual std::size_t write_request(char* out, std::size_t link, slot_index slot,
                                    const event_template::mark& mark) = 0;

  /// Requests that a producer may have outstanding, once its link is up.
  virtual std::size_t window_max() const noexcept { return event_template::slots_max; }
  /// Whether its answers and deliveries carry the event's place in its DN's order.
  virtual bool sequenced() const noexcept { return false; }
  /// What to say after so long a silence; zero: nothing.
  virtual std::chrono::milliseconds heartbeat_interval() const noexcept {
    return std::chrono::milliseconds{0};
  }
  virtual std::string heartbeat() const { return {}; }
  /// The broker's name and version, once it has said them; empty if it does not.
  virtual std::string broker() const { return {}; }
  /// Frames taken so far.
  std::uint64_t frames() const noexcept { return frames_; }

protected:
  std::uint64_t frames_ = 0;
};

/// Makes the protocol of a run; both arguments outlive it.
using protocol_factory = std::function<std::unique_ptr<protocol>(
  const std::vector<link_plan>& plans, const event_template& events)>;

} // namespace ringdown::bench
