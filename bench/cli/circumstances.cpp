// What the programs know of themselves and of where they run, for the end of each report.
#include "bench/cli/settings.hpp"

#include <algorithm>

namespace ringdown::bench {

namespace {

std::string value_of(const CLI::Option& option) {
  if (option.count() == 0)
    return option.get_expected_max() == 0 ? "false" : option.get_default_str();
  std::string all;
  for (auto& one : option.results())
    all += (all.empty() ? "" : ",") + one;
  return all;
}

/// Those that have a value. What an option without one begins with, the workload says.
void add_flags(const CLI::App& app, std::vector<std::pair<std::string, std::string>>& all) {
  for (auto* option : app.get_options())
    if (auto value = value_of(*option); option != app.get_help_ptr() && !value.empty())
      all.emplace_back(option->get_name(), std::move(value));
}

} // namespace

circumstances circumstances_of(const settings& common, std::string broker,
                               const machine_history& machine) {
  circumstances c;
  c.date = date_and_time();
  c.host = this_host();
  c.bench_version = RINGDOWN_BENCH_VERSION;
  c.broker = std::move(broker);
  c.command = common.command;
  c.machine = machine;
  for (auto* verb : common.program->get_subcommands()) {
    c.verb = verb->get_name();
    add_flags(*verb, c.flags);
  }
  add_flags(*common.program, c.flags);
  return c;
}

void show_common_flags(CLI::App& app) {
  std::string flags = "\n\nFor every verb:\n";
  for (auto* option : app.get_options()) {
    if (option == app.get_help_ptr())
      continue;
    auto name = option->get_name();
    name.resize(std::max<std::size_t>(name.size() + 2, 28), ' ');
    flags += "  " + name + option->get_description() + "\n";
  }
  for (auto* verb : app.get_subcommands({}))
    verb->footer(verb->get_footer() + flags);
}

} // namespace ringdown::bench
