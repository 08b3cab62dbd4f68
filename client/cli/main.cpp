// The `ringdown` command: plays the parties of the broker, shows what they say.
#include "client/cli/settings.hpp"

#include <cstdio>
#include <exception>

namespace ringdown::cli {

namespace {

int run(int argc, char** argv) {
  CLI::App app{"Talks to the Ringdown event broker: plays a desktop or a recorder, watches, sends, "
               "explains errors.",
               "ringdown"};
  settings common;
  int status = all_well;
  describe_program(app, common, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!app.get_subcommands().empty())
      return app.exit(error) == 0 ? all_well : usage;
    std::fprintf(stderr, "ringdown: %s\n", client::verb_problem(app).c_str());
    return usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_well : usage; // --help comes this way too
  }
  return status;
}

} // namespace

} // namespace ringdown::cli

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0); // whoever reads a pipe sees each line at once
  try {
    return ringdown::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ringdown: %s\n", error.what());
    return ringdown::cli::usage;
  }
}
