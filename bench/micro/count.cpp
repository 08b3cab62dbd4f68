// One step on so many items, and nothing else: what scripts/instructions.sh runs under an
// instrument that counts instructions.
#include "bench/micro/steps.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

using namespace ringdown::bench;

namespace {

constexpr int usage = 2;

int list() {
  for (auto& s : steps())
    std::printf("%.*s\t%.*s\n", static_cast<int>(s.name.size()), s.name.data(),
                static_cast<int>(s.what.size()), s.what.data());
  return 0;
}

int run(std::string_view name, std::string_view items) {
  auto* chosen = find_step(name);
  std::size_t count = 0;
  auto read = std::from_chars(items.data(), items.data() + items.size(), count);
  if (chosen == nullptr || read.ec != std::errc{} || count == 0 || count % items_of_a_turn != 0) {
    std::fprintf(stderr, "expected a step of --list, and items, a multiple of %zu\n",
                 items_of_a_turn);
    return usage;
  }
  auto step = chosen->make();
  step->run(count);
  // The actors' end would happen in whatever order the threads take, and be counted.
  std::_Exit(0);
}

} // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::strcmp(argv[1], "--list") == 0)
      return list();
    if (argc == 3)
      return run(argv[1], argv[2]);
    std::fprintf(stderr, "usage: ringdown-bench-count --list | STEP ITEMS\n");
    return usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ringdown-bench-count: %s\n", error.what());
    return 1;
  }
}
