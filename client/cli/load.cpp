#include "client/cli/settings.hpp"
namespace ringdown::cli {
void add_load(CLI::App&, const settings&, int&) {}
} // namespace ringdown::cli
