// What a DN shows to an operator, who is no client of it. Free of CAF.
#pragma once

#include "actors/connection/control_requests.hpp"
#include "messages/ids.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::v1 {
class EventAddressInfo;
} // namespace ringdown::v1

namespace ringdown {

struct list_page; // actors/interfaces.hpp

struct shown_registration {
  client_id client;
  std::string application;
  std::string principal; ///< empty: nobody asked
  std::string peer;
  ringdown::role role = ringdown::role::unspecified;
  registration_mode mode = registration_mode::share;
  bool standby = false;
};

/// All of a DN, at one moment.
struct dn_shown {
  /// What RequestQueryAddress is answered. Never null.
  std::shared_ptr<const v1::EventAddressInfo> info;
  std::vector<shown_registration> registrations; ///< `registrations_per_dn_max` at most
};

/// Asks for a DN: `shown` is called once in the DN's thread, or in the directory's with null if the
/// DN is not in use; not at all if it ends meanwhile. It must not block.
struct look_at_dn {
  std::string dn;
  std::function<void(std::shared_ptr<const dn_shown>)> shown;
};

/// Asks for a page of a list: `shown` is called once in the directory's thread. It must not block.
struct look_at_dns {
  list_request wanted;
  std::function<void(list_page)> shown;
};

} // namespace ringdown
