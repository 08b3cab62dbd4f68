// Asks the broker over a link for what the registration table wants: in batches, as far as the
// window goes, and of a desktop's one DN already behind the sign-on.
#pragma once

#include "client/connection.hpp"
#include "client/internal/registration_table.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace ringdown::client {

class registrar {
public:
  using show_sent = std::function<void(const registration_sent&)>;

  /// `show` is told what was asked for. Link and table stand as long as this.
  registrar(connection& link, registration_table& table, show_sent show)
    : link_(link), table_(table), show_(std::move(show)) {}

  /// The link opens: its time for sign-on ends at `opens_until`.
  void ask_early(steady_time opens_until);
  /// The link stands.
  void link_stands(const event_link_connected& granted);
  /// Something may have made room, or wants to be asked for.
  void look_again() { is_blocked_ = false; }
  /// Whether `ask` would ask for anything, on a link that stands.
  bool may_ask() const;
  void ask(steady_time now);

private:
  struct early_registration {
    reference_id reference;
    std::string dn;
    registration how;
  };

  std::size_t in_flight_max() const;
  submission submit(const registration_table::batch& what);

  connection& link_;
  registration_table& table_;
  show_sent show_;
  std::optional<early_registration> asked_early_; ///< to be shown when the link is up
  bool is_blocked_ = false; ///< no room for a registration: until something came
  std::size_t window_requests_ = 0;
  std::size_t dns_per_batch_ = 1;
};

} // namespace ringdown::client
