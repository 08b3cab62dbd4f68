// When, where and whether a client connects again. Pure: time and randomness come in; t_client_impl
// carries out what it says.
#pragma once

#include "client/backoff.hpp"
#include "client/t_client_values.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ringdown::client {

class reconnecting {
public:
  /// The options stand as long as this.
  explicit reconnecting(const t_client_options& options)
    : options_(options), plan_(options.places.size(), options.backoff) {}

  /// An attempt is to be made at once.
  void begin(steady_time at);
  /// The attempt's time has come.
  void wait_is_over() { is_due_ = true; }
  bool is_due() const noexcept { return is_due_; }
  /// Where to connect to now, once.
  std::optional<place> take_due();
  void cancel() { is_due_ = false; }

  /// The link stands. Whether this broker is another than before, or has restarted.
  bool link_stands(steady_time at, const event_link_connected& granted);
  /// Whether a link that has ended so is the last one.
  bool gives_up(const open_result& ended) const;
  /// How long to wait before the next attempt.
  std::chrono::milliseconds after_failure(steady_time at, const open_result& ended);
  steady_time next_attempt() const noexcept { return next_.when; }

  /// The place whose turn it is, for people.
  std::string where() const;

private:
  const t_client_options& options_;
  reconnect_plan plan_;
  reconnect_plan::attempt next_;
  bool is_due_ = false;
  std::uint64_t last_instance_ = 0;
};

} // namespace ringdown::client
