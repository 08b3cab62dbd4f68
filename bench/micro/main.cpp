// The steps of an event's way through the broker, one by one, with Google Benchmark. They say which
// part has changed; what a whole event costs, only a run says (ringdown-bench).
#include "bench/micro/steps.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace ringdown::bench {

namespace {

/// Items for each look at the clock: it and the hop to a loop's thread then do not count.
constexpr std::size_t items_at_once = 1024;
/// For what grows: 64 times 1,024 DNs take some 130 MB.
constexpr std::int64_t iterations_of_growing = 64;

void measure(benchmark::State& state, const named_step& which) {
  auto step = which.make();
  for (auto _ : state)
    step->run(items_at_once);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items_at_once));
}

void add_all() {
  for (auto& s : steps()) {
    auto* added = benchmark::RegisterBenchmark(std::string{s.name}.c_str(), measure, s);
    added->UseRealTime(); // actors' steps run on a loop's thread
    if (s.grows)
      added->Iterations(iterations_of_growing);
  }
}

} // namespace

} // namespace ringdown::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  ringdown::bench::add_all();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
