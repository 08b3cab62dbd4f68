// ringdown-sim: runs of the broker's actors in virtual time, each from one seed. See
// docs/simulation.md.
#include "tests/simulation/world.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <limits>
#include <optional>
#include <string_view>

using namespace ringdown;
using namespace ringdown::sim;

namespace {

struct options {
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> runs;
  std::optional<std::chrono::seconds> seconds; ///< at most
  std::uint64_t steps = 60;
  plant planted = plant::none;
  bool find_plants = false;
  bool require_cells = false;
  bool hash = false;
};

[[noreturn]] void usage() {
  std::cerr << "usage: ringdown-sim [--seed N] [--runs N] [--seconds N] [--steps N] [--hash]\n"
               "                    [--plant NAME] [--find-plants] [--require-cells]\n"
               "  --seed N      the first seed (1)\n"
               "  --runs N      so many seeds (1; with --seconds: no end)\n"
               "  --seconds N   no longer than this\n"
               "  --steps N     of a run that fails, so many last steps are shown (60)\n"
               "  --hash        prints a hash of each run's history: one seed, one hash\n"
               "  --find-plants    each planted fault is found by the seeds it is promised for\n"
               "  --require-cells  every fault must have met every outcome that it can\n"
               "  --plant NAME     with a planted fault:";
  for (std::size_t i = 1; i < plant_count; ++i)
    std::cerr << " " << name_of(static_cast<plant>(i));
  std::cerr << "\n";
  std::exit(2);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    usage();
  return value;
}

plant plant_named(std::string_view name) {
  for (std::size_t i = 1; i < plant_count; ++i)
    if (name == name_of(static_cast<plant>(i)))
      return static_cast<plant>(i);
  usage();
}

bool* flag_named(std::string_view word, options& of) {
  if (word == "--find-plants")
    return &of.find_plants;
  if (word == "--require-cells")
    return &of.require_cells;
  return word == "--hash" ? &of.hash : nullptr;
}

options read(int count, char** words) {
  options o;
  for (int i = 1; i < count; ++i) {
    std::string_view word = words[i];
    if (auto* flag = flag_named(word, o)) {
      *flag = true;
      continue;
    }
    if (++i == count)
      usage();
    std::string_view value = words[i];
    if (word == "--seed")
      o.seed = number(value);
    else if (word == "--runs")
      o.runs = number(value);
    else if (word == "--seconds")
      o.seconds = std::chrono::seconds{number(value)};
    else if (word == "--steps")
      o.steps = number(value);
    else if (word == "--plant")
      o.planted = plant_named(value);
    else
      usage();
  }
  if (!o.runs)
    o.runs = o.seconds ? std::numeric_limits<std::uint64_t>::max() : 1;
  return o;
}

void show(std::uint64_t seed, const options& how, const verdict& found) {
  auto& steps = found.steps;
  for (auto i = steps.size() - std::min<std::size_t>(steps.size(), how.steps); i < steps.size();
       ++i)
    std::cout << "  " << steps[i] << "\n";
  std::cout << found.circumstances << "\nbroken: " << found.broken
            << "\nrepeat: ringdown-sim --seed " << seed;
  if (how.planted != plant::none)
    std::cout << " --plant " << name_of(how.planted);
  std::cout << std::endl;
}

constexpr v1::Outcome outcomes[] = {
  v1::OUTCOME_CONFIRMED, v1::OUTCOME_TIMED_OUT,     v1::OUTCOME_PARTIAL, v1::OUTCOME_SUPERSEDED,
  v1::OUTCOME_HELD,      v1::OUTCOME_RECORDER_LOST, v1::OUTCOME_UNKNOWN, v1::OUTCOME_FAILED};

/// What any number of seeds must reach. A call must end for an outcome to be unknown, and without
/// any fault no recorder is lost.
bool must_be_reached(mishap f, v1::Outcome what) {
  if (what == v1::OUTCOME_UNKNOWN)
    return f == mishap::call_end;
  if (what == v1::OUTCOME_FAILED)
    return f == mishap::refusal || f == mishap::lie;
  return f != mishap::none || what != v1::OUTCOME_RECORDER_LOST;
}

/// Prints the table of cells; false if one that must be reached is empty.
bool show(const cells& reached) {
  std::cout << std::left << std::setw(14) << "while there was";
  for (auto one : outcomes)
    std::cout << std::right << std::setw(15)
              << v1::Outcome_Name(one).substr(std::string_view{"OUTCOME_"}.size());
  std::cout << "\n";
  bool complete = true;
  for (std::size_t i = 0; i < mishap_count; ++i) {
    auto f = static_cast<mishap>(i);
    std::cout << std::left << std::setw(15) << name_of(f) << std::right;
    for (auto one : outcomes) {
      auto cell = reached.find({f, one});
      bool is_empty = cell == reached.end();
      complete &= !is_empty || !must_be_reached(f, one);
      std::cout << std::setw(15) << (is_empty ? "-" : std::to_string(cell->second));
    }
    std::cout << "\n";
  }
  return complete;
}

/// The same for what stands in no cell: rare answers, and what shows that a run takes the ways that
/// the product takes.
bool show(const rarities& seen) {
  bool complete = true;
  for (auto* what :
       {"refused 43", "refused 53", "refused 57", "refused 58", "refused 118", "refused 185",
        "refused 238", "missed", "not queued", "in place", "interrupted", "runs on loops: 1",
        "runs on loops: 2", "runs on loops: 4", "runs on the testing scheduler"}) {
    auto known = seen.find(what);
    complete &= known != seen.end();
    std::cout << what << ": " << (known == seen.end() ? 0 : known->second) << "  ";
  }
  std::cout << "\n";
  return complete;
}

/// Each planted fault, by the seeds from 1 on that it is promised for.
int find_plants() {
  int missed = 0;
  for (std::size_t i = 1; i < plant_count; ++i) {
    auto planted = static_cast<plant>(i);
    auto seeds = seeds_to_find(planted);
    cells reached;
    std::uint64_t seed = 1;
    verdict found;
    for (; seed <= seeds; ++seed)
      if (found = run_seed(seed, planted, reached); !found.broken.empty())
        break;
    std::cout << std::left << std::setw(20) << name_of(planted);
    if (found.broken.empty()) {
      ++missed;
      std::cout << "NOT FOUND by " << seeds << " seeds\n";
    } else {
      std::cout << "seed " << seed << ": " << found.broken.substr(0, found.broken.find(": "))
                << "\n";
    }
  }
  return missed == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
  auto how = read(count, words);
  if (how.find_plants)
    return find_plants();
  auto begin = std::chrono::steady_clock::now();
  auto is_time_over = [&] { return std::chrono::steady_clock::now() - begin >= *how.seconds; };
  cells reached;
  std::uint64_t runs = 0;
  std::size_t requests = 0;
  std::size_t faults = 0;
  rarities seen;
  for (; runs < *how.runs && !(how.seconds && is_time_over()); ++runs) {
    auto found = run_seed(how.seed + runs, how.planted, reached);
    requests += found.requests;
    faults += found.faults;
    for (auto& [what, times] : found.seen)
      seen[what] += times;
    if (how.hash)
      std::cout << "seed " << how.seed + runs << ": " << std::hex << found.hash << std::dec << "\n";
    if (!found.broken.empty()) {
      show(how.seed + runs, how, found);
      return 1;
    }
  }
  bool complete = show(reached);
  complete &= show(seen);
  std::cout << runs << " runs from seed " << how.seed << ": " << requests << " requests, " << faults
            << " faults, every promise kept" << std::endl;
  if (how.require_cells && !complete) {
    std::cout << "a cell that must be reached is empty" << std::endl;
    return 1;
  }
  return 0;
}
