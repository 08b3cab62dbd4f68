// What `ringdown top` shows: trouble first. Pure.
#pragma once

#include "client/cli/admin_port.hpp"
#include "client/cli/top_keys.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ringdown::cli {

/// What the admin port said, at about the same time.
struct top_facts {
  json summary = json::object();
  json alarmed = json::array(); ///< DNs with alarms
  struct alarm {
    std::string dn;
    std::string text; ///< `7001: drift since 14:03:10`
  };
  std::vector<alarm> alarms;    ///< of the first of them
  json paused = json::array();  ///< DNs that are paused, or that a pause stands at
  json slow = json::array();    ///< clients for which something waits
  json owed = json::array();    ///< clients that are owed outcomes
  json opened = json::object(); ///< the DN that is looked at, whole
  admin_answer not_opened = {}; ///< its problem is empty if that DN was heard, or none is
  bool is_cut = false;          ///< there are more paused DNs or clients than were looked at
  admin_answer failed = {};     ///< its problem is empty if all was heard
};

/// Asks for all that is shown: some seven short requests, and one for each alarm that is shown.
top_facts look(const admin_port& port, const top_state& state = {});
/// One screen of so many columns and lines; lines 0: all that there is.
std::vector<std::string> top_screen(const top_facts& facts, std::size_t columns, std::size_t lines,
                                    const top_state& state = {});
/// The DNs on it, in their order, each once: those that can be chosen.
std::vector<std::string> top_dns(const top_facts& facts, const top_state& state);

} // namespace ringdown::cli
