// The broker that a verb talks to, and what it is shown: flags, variables and the chosen context
// together.
#pragma once

#include "client/cli/contexts.hpp"
#include "client/cli/settings.hpp"

#include <string>

namespace ringdown::cli {

struct broker_access {
  std::string address; ///< as it was said, for people
  client::endpoint place;
  std::string token_file;  ///< empty: no token
  std::string application; ///< empty: not said
};

struct access_result {
  broker_access access;
  std::string problem; ///< empty: none; else with the flag or key that it is about
};

/// Looks at flags and variables, the contexts' file, and who may read the secrets' files.
access_result find_access(const settings& common);
/// The same of what a context would save.
access_result access_of(const saved_context& context);

/// The broker's admin port, and what it is shown.
struct admin_access {
  std::string address; ///< as it was said, for people
  client::endpoint place;
  std::string token; ///< empty: none
};

struct admin_access_result {
  admin_access access;
  std::string problem; ///< empty: none; else with the flag or key that it is about
};

/// Looks at flags and variables, the contexts' file, and the token's.
admin_access_result find_admin_access(const settings& common);

} // namespace ringdown::cli
