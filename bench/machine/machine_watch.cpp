#include "bench/machine/machine_watch.hpp"

#include "bench/machine/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace ringdown::bench {

using std::chrono::nanoseconds;

namespace {

double share(nanoseconds part, nanoseconds whole) noexcept {
  return whole.count() > 0 ? static_cast<double>(part.count()) / static_cast<double>(whole.count())
                           : 0;
}

long online_processors() {
  return std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
}

std::string content_of(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

std::optional<processor_times> processor_times_in(std::string_view stat, long ticks_per_second) {
  std::istringstream line{std::string{stat.substr(0, stat.find('\n'))}};
  std::string name;
  // Time of guests is a part of `user` and `nice`.
  std::array<std::int64_t, 8> ticks{}; // user nice system idle iowait irq softirq steal
  line >> name;
  for (auto& each : ticks)
    line >> each;
  if (!line || name != "cpu" || ticks_per_second <= 0)
    return std::nullopt;
  auto time_of = [&](std::int64_t count) {
    return nanoseconds{count * (std::nano::den / ticks_per_second)};
  };
  auto [user, nice, system, idle, waiting, irq, softirq, steal] = ticks;
  return processor_times{time_of(user + nice + system + irq + softirq), time_of(steal)};
}

double machine_use::stolen_share() const noexcept {
  return share(stolen, capacity);
}

std::optional<double> machine_use::others_share() const noexcept {
  return others ? std::optional{share(*others, capacity)} : std::nullopt;
}

bool machine_use::is_disturbed() const noexcept {
  return stolen_share() > stolen_max || others_share().value_or(0) > others_max;
}

machine_use& machine_use::operator+=(const machine_use& more) noexcept {
  bool is_first = capacity.count() == 0;
  at += more.at;
  capacity += more.capacity;
  stolen += more.stolen;
  if (is_first)
    others = more.others;
  else if (others && more.others)
    *others += *more.others;
  else
    others.reset();
  return *this;
}

machine_watch::machine_watch(std::optional<pid_t> broker)
  : broker_(broker), first_(look_now()), last_(first_), thread_([this] {
      std::unique_lock held{lock_};
      while (!ended_.wait_for(held, look_every, [this] { return ends_; })) {
        auto now = look_now();
        samples_.push_back(between(last_, now));
        last_ = now;
      }
    }) {}

machine_watch::~machine_watch() {
  end_thread();
}

void machine_watch::end_thread() {
  {
    std::lock_guard held{lock_};
    ends_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

machine_history machine_watch::finish() {
  end_thread();
  return {between(first_, look_now()), std::move(samples_)};
}

machine_watch::look machine_watch::look_now() const {
  look now{std::chrono::steady_clock::now(), {}, {}};
  now.all = processor_times_in(content_of("/proc/stat"), ::sysconf(_SC_CLK_TCK))
              .value_or(processor_times{});
  auto own = own_process_cpu_time();
  if (broker_ == ::getpid())
    now.of_the_run = own;
  else if (auto brokers = broker_ ? cpu_time(*broker_) : std::nullopt)
    now.of_the_run = *brokers + own;
  return now;
}

machine_use machine_watch::between(const look& from, const look& to) const {
  machine_use use;
  use.at = to.when - first_.when;
  use.capacity = (to.when - from.when) * online_processors();
  use.stolen = to.all.stolen - from.all.stolen;
  if (from.of_the_run && to.of_the_run) // the kernel counts in ticks: a little less than nothing
    use.others =
      std::max(nanoseconds{0}, to.all.busy - from.all.busy - (*to.of_the_run - *from.of_the_run));
  return use;
}

} // namespace ringdown::bench
