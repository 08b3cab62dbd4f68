// ringdown-sim: runs of the broker's actors in virtual time, each from one seed. See
// docs/simulation.md.
#include "tests/simulation/world.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>

using namespace ringdown;
using namespace ringdown::sim;

namespace {

constexpr std::size_t steps_shown = 60;

struct options {
  std::uint64_t seed = 1;
  std::uint64_t runs = 1;
  std::optional<std::chrono::seconds> seconds;
  plant planted = plant::none;
};

[[noreturn]] void usage() {
  std::cerr << "usage: ringdown-sim [--seed N] [--runs N] [--seconds N] [--plant NAME]\n"
               "  --seed N      the first seed (1)\n"
               "  --runs N      so many seeds (1)\n"
               "  --seconds N   as many seeds as fit\n"
               "  --plant NAME  with a planted fault, which must be found:";
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

options read(int count, char** words) {
  options o;
  for (int i = 1; i < count; i += 2) {
    std::string_view word = words[i];
    if (i + 1 == count)
      usage();
    std::string_view value = words[i + 1];
    if (word == "--seed")
      o.seed = number(value);
    else if (word == "--runs")
      o.runs = number(value);
    else if (word == "--seconds")
      o.seconds = std::chrono::seconds{number(value)};
    else if (word == "--plant")
      o.planted = plant_named(value);
    else
      usage();
  }
  return o;
}

void show(std::uint64_t seed, const options& how, const verdict& found) {
  auto& steps = found.steps;
  for (auto i = steps.size() - std::min(steps.size(), steps_shown); i < steps.size(); ++i)
    std::cout << "  " << steps[i] << "\n";
  std::cout << "broken: " << found.broken << "\nrepeat: ringdown-sim --seed " << seed;
  if (how.planted != plant::none)
    std::cout << " --plant " << name_of(how.planted);
  std::cout << std::endl;
}

void show(const cells& reached) {
  std::cout << "what became of commands, by what went wrong meanwhile:\n";
  for (auto& [cell, count] : reached)
    std::cout << "  " << name_of(cell.first) << " x "
              << v1::Outcome_Name(cell.second).substr(std::string_view{"OUTCOME_"}.size()) << ": "
              << count << "\n";
}

} // namespace

int main(int count, char** words) {
  auto how = read(count, words);
  auto begin = std::chrono::steady_clock::now();
  auto is_time_over = [&] { return std::chrono::steady_clock::now() - begin >= *how.seconds; };
  cells reached;
  std::uint64_t runs = 0;
  std::size_t requests = 0;
  std::size_t faults = 0;
  for (; how.seconds ? !is_time_over() : runs < how.runs; ++runs) {
    auto found = run_seed(how.seed + runs, how.planted, reached);
    requests += found.requests;
    faults += found.faults;
    if (!found.broken.empty()) {
      show(how.seed + runs, how, found);
      return 1;
    }
  }
  show(reached);
  std::cout << runs << " runs from seed " << how.seed << ": " << requests << " requests, " << faults
            << " faults, every promise kept" << std::endl;
  return 0;
}
