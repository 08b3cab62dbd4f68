#include "broker/turn_watch.hpp"

#include <string>
#include <utility>

namespace ringdown {

bool turn_watch::ask(const std::vector<std::unique_ptr<edge::edge_loop>>& loops) {
  if (left_->load() != 0)
    return false;
  left_->store(loops.size());
  for (auto& loop : loops)
    loop->host().post([left = left_] { left->fetch_sub(1); });
  return true;
}

void turn_watch::tell_long_turns(runtime::loop_scheduler& loops, observer& told) {
  // A quarter of the usual heartbeat: everybody on the loop has felt it.
  constexpr std::uint64_t stall_us = 500'000;
  told_.resize(loops.loops());
  for (std::size_t i = 0; i < told_.size(); ++i) {
    auto longest = loops.loop(i).take_long_turn();
    if (!longest)
      continue;
    auto turns = loops.loop(i).stats().long_turns;
    auto before = std::exchange(told_[i], turns);
    auto level =
      longest->took_us >= stall_us ? observer::severity::warning : observer::severity::info;
    told.log("runtime", level, "a loop took long turns",
             {{"loop", std::to_string(i)},
              {"turns", std::to_string(turns - before)},
              {"longest_us", std::to_string(longest->took_us)},
              {"io_us", std::to_string(longest->io_us)},
              {"handlers", std::to_string(longest->handlers)},
              {"resumes", std::to_string(longest->resumes)},
              {"in_place", std::to_string(longest->in_place)},
              {"actor", longest->actor},
              {"actor_us", longest->actor.empty() ? "" : std::to_string(longest->actor_us)}});
  }
}

} // namespace ringdown
