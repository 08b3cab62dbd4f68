// When a link's credentials are to be renewed, and what came of it. Pure: time comes in with each
// call; t_client_impl carries out what it says.
#pragma once

#include "client/t_client_values.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ringdown::client {

class credentials_renewal {
public:
  /// A program with a function for its credentials. Without one nothing is ever due.
  explicit credentials_renewal(const t_client_options& options)
    : limits_(options.limits), can_renew_(static_cast<bool>(options.credentials)) {}

  /// The broker has said with the link when its credentials expire.
  void link_stands(steady_time at, const event_link_connected& granted);
  void link_down();

  /// New credentials are to be asked of the program, and sent.
  bool is_due(steady_time at) const noexcept { return at >= next_; }
  steady_time next() const noexcept { return next_; }

  /// They went out. No answer until then: the time is looked at again.
  void sent(steady_time at, reference_id reference);
  /// There was no room for them.
  void not_sent(steady_time at);
  /// The program had none.
  credentials_notice none(steady_time at);
  /// What to tell the program, if this is the answer.
  std::optional<credentials_notice> on_answer(steady_time at, const event& e);

private:
  void plan(steady_time at);
  void expire_at(std::int64_t time_us);
  credentials_notice told(steady_time at) const;

  const t_client_bounds& limits_;
  bool can_renew_;
  steady_time stands_since_;
  std::int64_t broker_time_us_ = 0; ///< at `stands_since_`
  std::int64_t expire_time_us_ = 0;
  std::optional<steady_time> expire_;
  steady_time next_ = steady_time::max();
  std::optional<reference_id> awaited_;
  int refusals_ = 0; ///< of the credentials themselves, on this link since a success
};

} // namespace ringdown::client
