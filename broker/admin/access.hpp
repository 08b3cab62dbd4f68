// Who may use the admin port. Public: the host of an embedded broker may answer it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ringdown {

/// What the owner of a bearer token may do on the admin port.
struct admin_rights {
  std::string principal; ///< for the log; empty: nobody, the token is not known
  bool may_read = false;
  bool may_write = false;
};

/// Whose token this is. Called on the admin port's thread for each request that shows one: it must
/// not block.
using admin_access_function = std::function<admin_rights(std::string_view bearer)>;

} // namespace ringdown
