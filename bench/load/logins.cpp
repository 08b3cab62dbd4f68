#include "bench/load/logins.hpp"

#include "bench/machine/process.hpp"

#include <thread>

namespace ringdown::bench {

using std::chrono::milliseconds;
using phase = pause_probe::phase;

namespace {

/// A wait is cut short so often to look whether the run is to end.
constexpr milliseconds look_every{10};

class logins_run {
public:
  explicit logins_run(const logins_options& o) : options_(o), agents_(o.agents) {}

  logins_result run(const std::function<void(unsigned, const logins_result&)>& on_round) {
    agents_.start();
    while (!agents_.has_begun() && goes_on())
      std::this_thread::sleep_for(look_every);
    for (unsigned round = 0; round < options_.rounds && goes_on(); ++round) {
      rest();
      // Each round begins with the other one: what the first leaves behind is in the second.
      bool is_plain_first = round % 2 == 0;
      storm(is_plain_first);
      storm(!is_plain_first);
      if (on_round && goes_on())
        on_round(round + 1, result_);
    }
    return finish();
  }

private:
  bool goes_on() const {
    return result_.trouble.empty() && !(options_.plain.stopped && options_.plain.stopped());
  }

  void wait(milliseconds time) {
    for (auto until = clock::now() + time; clock::now() < until && goes_on();)
      std::this_thread::sleep_for(std::min(look_every, time));
  }

  void rest() {
    agents_.enter(phase::unloaded);
    wait(options_.rest);
    agents_.enter(phase::aside);
  }

  void storm(bool is_plain) {
    if (!goes_on())
      return;
    auto o = is_plain ? options_.plain : options_.by_tls;
    auto& all = is_plain ? result_.plain : result_.by_tls;
    o.on_coming_up = [&](bool begins) {
      auto of_storm = is_plain ? phase::loaded : phase::loaded_by_tls;
      agents_.enter(begins ? of_storm : phase::aside);
    };
    auto r = run_idle(o);
    result_.trouble = r.trouble;
    result_.broker = r.broker;
    if (r.trouble.empty()) {
      all.all_in.push_back(r.opening);
      if (r.opening_cpu)
        all.broker_cpu.push_back(*r.opening_cpu);
      all.opening_times.add(r.opening_times);
      all.refused += r.refused.links;
      all.tls = r.tls;
      all.client_was_the_limit |= r.client_was_the_limit();
    }
    wait(options_.ebb);
  }

  logins_result finish() {
    agents_.stop();
    if (result_.trouble.empty() && !agents_.trouble().empty())
      result_.trouble = "agents: " + agents_.trouble();
    result_.alone = agents_.of(phase::unloaded);
    result_.plain.agents = agents_.of(phase::loaded);
    result_.by_tls.agents = agents_.of(phase::loaded_by_tls);
    result_.agents_run_first = agents_.runs_first();
    result_.agents_are_good = agents_.good();
    return std::move(result_);
  }

  const logins_options& options_;
  pause_probe agents_;
  logins_result result_;
};

} // namespace

std::optional<std::string> unusable(const logins_options& o) {
  if (o.agents.every / 2 < std::chrono::microseconds{50})
    return "--commands: expected 20,000 a second at most: one thread sends them on time";
  return make_room_for_links(o.plain.connections + std::size_t{2} * o.agents.pairs);
}

logins_result run_logins(const logins_options& options,
                         const std::function<void(unsigned, const logins_result&)>& on_round) {
  return logins_run{options}.run(on_round);
}

} // namespace ringdown::bench
