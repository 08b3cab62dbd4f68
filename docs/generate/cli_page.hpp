// docs/cli.md from the command line's own description of itself.
#pragma once

#include <string>

namespace ringdown::docs {

/// The whole page: exit statuses, global options, then each verb with its flags.
std::string cli_page();

} // namespace ringdown::docs
