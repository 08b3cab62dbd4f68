// What `ringdown top` shows: trouble first. Pure.
#pragma once

#include "client/cli/admin_port.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ringdown::cli {

/// What the admin port said, at about the same time.
struct top_facts {
  json summary = json::object();
  json alarmed = json::array();    ///< DNs with alarms
  std::vector<std::string> alarms; ///< of the first of them, `7001: drift since 14:03:10`
  json paused = json::array();     ///< DNs that are paused, or that a pause stands at
  json slow = json::array();       ///< clients for which something waits
  json owed = json::array();       ///< clients that are owed outcomes
  bool is_cut = false;             ///< there are more paused DNs or clients than were looked at
  admin_answer failed = {};        ///< its problem is empty if all was heard
};

/// Asks for all of it: some seven short requests, and one for each alarm that is shown.
top_facts look(const admin_port& port);
/// One screen of so many columns and lines; lines 0: all that there is.
std::vector<std::string> top_screen(const top_facts& facts, std::size_t columns, std::size_t lines);

} // namespace ringdown::cli
