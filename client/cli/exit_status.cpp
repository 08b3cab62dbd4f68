#include "client/cli/settings.hpp"

namespace ringdown::cli {

std::string exit_status_help() {
  std::string out;
  for (auto& row : exit_statuses)
    out += (out.empty() ? "Exit status: " : ", ") + std::to_string(row.status) + " " + row.when;
  return out + ".";
}

exit_status status_of(outcome of_command) {
  switch (of_command) {
  case outcome::confirmed: return all_well;
  case outcome::held: return is_held;
  case outcome::timed_out:
  case outcome::partial:
  case outcome::superseded:
  case outcome::recorder_lost:
  case outcome::unknown:
  case outcome::failed: break;
  }
  return unconfirmed;
}

int badness(exit_status status) {
  switch (status) {
  case all_well: return 0;
  case is_held: return 1;
  case unconfirmed: return 2;
  case refused: return 3;
  case usage: return 4;
  case lost: return 5;
  }
  return 5;
}

} // namespace ringdown::cli
