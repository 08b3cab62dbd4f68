// What SIGHUP does.
#pragma once

#include "broker/broker.hpp"
#include "broker/config/reload.hpp"

#include <string>

namespace ringdown {

/// Reads the configuration again and takes over what a running daemon can; `running` follows. What
/// is taken, refused or waits for a restart is told in the log. Returns what went wrong, in a line;
/// empty if nothing did. With errors in the configuration nothing changes.
std::string reload(configuration::reloader& again, configuration::config& running, broker& b,
                   logging::logger& log);

} // namespace ringdown
