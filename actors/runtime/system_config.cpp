// How a system on loops, or on CAF's own scheduler, is configured.
#include "actors/runtime/loop_scheduler.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace ringdown::runtime {

void loop_options::validate() const {
  if (loops < 1 || loops > defaults::loops_max)
    throw std::invalid_argument("loops must be 1 to " + std::to_string(defaults::loops_max));
  if (!make_loop)
    throw std::invalid_argument("make_loop must be set");
  if (turn_budget.count() <= 0)
    throw std::invalid_argument("turn_budget must be positive");
  if (messages_per_resume < 1)
    throw std::invalid_argument("messages_per_resume must be positive");
  if (spin.count() < 0)
    throw std::invalid_argument("spin must not be negative");
  if (resumes_per_clock_read < 1)
    throw std::invalid_argument("resumes_per_clock_read must be positive");
}

loop_system_config::loop_system_config(loop_options options) : options_(std::move(options)) {
  options_.validate();
  config_file_path = ""; // else CAF reads ./caf-application.ini
  load<loop_scheduler>();
}

stock_system_config::stock_system_config(size_t threads, size_t messages_per_resume) {
  config_file_path = "";
  set("scheduler.max-threads", threads);
  set("scheduler.max-throughput", messages_per_resume);
  // Sleep soon: CAF's default polls busily for a while and then sleeps for 10 ms at a time.
  set("work-stealing.moderate-poll-attempts", size_t{0});
  set("work-stealing.relaxed-sleep-duration", caf::timespan{std::chrono::milliseconds{2}});
}

} // namespace ringdown::runtime
