#include "bench/load/load_threads.hpp"

#include "bench/machine/process.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace ringdown::bench {

using std::chrono::nanoseconds;

namespace {

/// Where the shares wait until the links of all are up, or one says that its own will not be.
class meeting {
public:
  explicit meeting(std::size_t shares) : missing_(shares) {}

  /// Whether all are up.
  bool arrive(bool up) {
    std::unique_lock lock{mutex_};
    --missing_;
    all_up_ = all_up_ && up;
    changed_.notify_all();
    changed_.wait(lock, [this] { return missing_ == 0 || !all_up_; });
    return all_up_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t missing_;
  bool all_up_ = true;
};

/// Makes one sample of those that the shares take of the same stretch.
class sample_desk {
public:
  sample_desk(std::size_t shares, std::function<void(const sample&)> tell)
    : waiting_(shares), tell_(std::move(tell)) {}

  void take(std::size_t share, const sample& s) {
    std::scoped_lock lock{mutex_};
    waiting_[share].push_back(s);
    auto is_missing = [](const auto& all) { return all.empty(); };
    if (std::any_of(waiting_.begin(), waiting_.end(), is_missing))
      return;
    std::vector<sample> parts;
    for (auto& all : waiting_) {
      parts.push_back(all.front());
      all.pop_front();
    }
    done_.push_back(merged(parts));
    if (tell_)
      tell_(done_.back());
  }
  std::vector<sample> done() && { return std::move(done_); }

private:
  std::mutex mutex_;
  std::vector<std::deque<sample>> waiting_;
  std::vector<sample> done_;
  std::function<void(const sample&)> tell_;
};

void add(findings& sum, const findings& more) {
  for (auto field : {&findings::sent, &findings::acked, &findings::refused, &findings::delivered,
                     &findings::told_missed, &findings::lost, &findings::never_accepted,
                     &findings::duplicated, &findings::misordered, &findings::corrupted,
                     &findings::never_sent, &findings::delivered_though_refused,
                     &findings::answers_misordered, &findings::sequence_faults})
    sum.*field += more.*field;
}

template <class Value, class Choose>
void choose(std::optional<Value>& into, const std::optional<Value>& other, Choose which) {
  if (into && other)
    into = which(*into, *other);
  else if (other)
    into = other;
}

/// Counts, and what the shares have seen of the broker's process.
void add(load_result& sum, const load_result& more) {
  add(sum.found, more.found);
  sum.drained = sum.drained && more.drained;
  for (auto field : {&load_result::stray_answers, &load_result::stray_deliveries,
                     &load_result::unsent, &load_result::offered, &load_result::acked,
                     &load_result::delivered, &load_result::reads, &load_result::frames})
    sum.*field += more.*field;
  for (auto [code, count] : more.errors)
    sum.errors[code] += count;
  sum.slow_receivers_lost += more.slow_receivers_lost;
  sum.measured = std::max(sum.measured, more.measured);
  sum.own_cpu += more.own_cpu;
  sum.ack_latency.add(more.ack_latency);
  sum.delivery_latency.add(more.delivery_latency);
  auto least = [](auto a, auto b) { return std::min(a, b); };
  auto most = [](auto a, auto b) { return std::max(a, b); };
  choose(sum.resident_before, more.resident_before, least);
  choose(sum.resident_start, more.resident_start, most);
  choose(sum.resident_end, more.resident_end, most);
}

} // namespace

load_options share_of(const load_options& whole, std::uint32_t thread) {
  auto o = whole;
  o.threads = 1;
  o.producers /= whole.threads;
  o.receivers /= whole.threads;
  o.dns /= whole.threads;
  o.backlog_max /= whole.threads;
  o.dn_prefix += std::to_string(thread) + ".";
  if (o.open_loop) {
    o.open_loop->per_second /= whole.threads;
    o.open_loop->from_per_second /= whole.threads;
    o.open_loop->burst_events = std::max(1u, o.open_loop->burst_events / whole.threads);
    o.open_loop->seed += thread;
  }
  if (thread != 0)
    o.on_measuring = {}; // they measure together: once is enough
  return o;
}

sample merged(std::span<const sample> parts) {
  auto sum = parts.front();
  for (auto& s : parts.subspan(1)) {
    sum.at = std::max(sum.at, s.at);
    sum.length = std::max(sum.length, s.length);
    sum.acked += s.acked;
    sum.delivered += s.delivered;
    sum.refused += s.refused;
    sum.outstanding += s.outstanding;
    sum.ack_p50_ns = std::max(sum.ack_p50_ns, s.ack_p50_ns);
    sum.ack_p99_ns = std::max(sum.ack_p99_ns, s.ack_p99_ns);
    if (s.resident_bytes)
      sum.resident_bytes = std::max(sum.resident_bytes.value_or(0), *s.resident_bytes);
  }
  return sum;
}

load_result merged(std::span<const load_result> parts, bool embedded) {
  auto sum = parts.front();
  for (auto& more : parts.subspan(1))
    add(sum, more);
  sum.cores = std::min(static_cast<std::uint32_t>(parts.size()), usable_processors());
  for (auto& one : parts)
    if (sum.trouble.empty() || sum.trouble == others_failed)
      sum.trouble = one.trouble;
  if (embedded && sum.broker_cpu)
    sum.broker_cpu = *sum.broker_cpu + parts.front().own_cpu - sum.own_cpu;
  return sum;
}

load_result run_on_threads(const load_options& whole,
                           const std::function<load_result(const load_options&)>& run_share) {
  meeting all{whole.threads};
  sample_desk desk{whole.threads, whole.on_sample};
  std::vector<load_result> results(whole.threads);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < whole.threads; ++i)
    threads.emplace_back([&, i] {
      auto share = share_of(whole, i);
      share.meet = [&all](bool up) { return all.arrive(up); };
      share.on_sample = [&desk, i](const sample& s) { desk.take(i, s); };
      results[i] = run_share(share);
    });
  for (auto& thread : threads)
    thread.join();
  auto whole_run = merged(results, whole.embedded);
  whole_run.samples = std::move(desk).done();
  return whole_run;
}

} // namespace ringdown::bench
