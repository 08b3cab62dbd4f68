#include "broker/admin/health.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ringdown::admin {

void loop_health::ask(std::function<void()> done) {
  loops_.resize(view_.loops());
  if (waiting_.size() == waiting_max)
    waiting_.pop_front();
  waiting_.push_back({std::vector<bool>(loops_.size()), loops_.size(), std::move(done)});
  for (std::size_t i = 0; i < loops_.size(); ++i)
    if (!loops_[i].asked)
      ask(i);
}

void loop_health::ask(std::size_t loop) {
  loops_[loop].asked = clock::now();
  view_.probe(loop, [this, home = home_, loop] {
    home([this, loop, when = clock::now()] { turned(loop, when); });
  });
}

void loop_health::turned(std::size_t loop, clock::time_point when) {
  auto& one = loops_[loop];
  one.lag = when - *std::exchange(one.asked, std::nullopt);
  std::list<waiting> done;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    auto each = next++;
    if (each->turned[loop])
      continue;
    each->turned[loop] = true;
    if (--each->left == 0)
      done.splice(done.end(), waiting_, each);
  }
  for (auto& each : done)
    each.done();
}

bool loop_health::is_alive(clock::time_point now) const {
  for (auto& one : loops_)
    if (one.asked && now - *one.asked >= patience)
      return false;
  return true;
}

std::string loop_health::json(clock::time_point now) const {
  auto loops = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    auto lag = loops_[i].asked ? now - *loops_[i].asked : loops_[i].lag;
    loops.push_back({{"loop", i},
                     {"turned", !loops_[i].asked},
                     {"lag_ms", std::chrono::duration<double, std::milli>(lag).count()}});
  }
  nlohmann::ordered_json all;
  all["alive"] = is_alive(now);
  all["loops"] = std::move(loops);
  return all.dump() + '\n';
}

} // namespace ringdown::admin
