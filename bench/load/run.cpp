#include "bench/load/run.hpp"

#include "bench/load/load_threads.hpp"
#include "bench/load/producer.hpp"
#include "bench/machine/process.hpp"
#include "bench/speak/ringdown_protocol.hpp"
#include "messages/errors.hpp"

#include <algorithm>

namespace ringdown::bench {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

/// A look at the clock, the broker's memory and the latencies so often.
constexpr milliseconds sample_every{200};
/// A wait is cut short so often to look whether the run is over.
constexpr nanoseconds turn_max = milliseconds{10};

std::optional<nanoseconds> operator-(std::optional<nanoseconds> end,
                                     std::optional<nanoseconds> begin) {
  if (!end || !begin)
    return std::nullopt;
  return *end - *begin;
}

/// A window that is exceeded and a broker that is full are told before the DN is asked.
bool comes_at_once(std::uint32_t code) {
  return code == static_cast<std::uint32_t>(error_code::too_many_requests) ||
         code == static_cast<std::uint32_t>(error_code::overloaded);
}

std::int64_t stamp_of(clock::time_point time) {
  return nanoseconds{time.time_since_epoch()}.count();
}

class load_run : public run_sink {
public:
  explicit load_run(const load_options& o)
    : options_(o), events_(o.dn_prefix, o.dns, o.user_data_bytes, o.command), plans_(plan(o)),
      protocol_(make_protocol()), verifier_(o.dns, o.fan_out, protocol_->sequenced()),
      links_(links_of(o), *protocol_, plans_.size()), producers_(o.producers) {}

  load_result run() {
    result_.resident_before = options_.broker_resident_bytes();
    auto trouble = bring_up();
    result_.broker = protocol_->broker();
    result_.tls = links_.arrived().tls;
    if (options_.meet && !options_.meet(!trouble) && !trouble)
      trouble = others_failed;
    if (trouble) {
      result_.trouble = *trouble;
      return std::move(result_);
    }
    begin_sending();
    drive(options_.warmup);
    begin_measuring();
    drive(options_.seconds);
    end_measuring();
    sending_ = false;
    drain();
    finish();
    return std::move(result_);
  }

  // ---- what the broker says

  void on_ack(std::size_t link, slot_index index, std::uint64_t sequence) override {
    auto* slot = answered(link, index);
    if (slot == nullptr)
      return;
    verifier_.acked(slot->dn, slot->number, sequence);
    if (is_measured(slot->stamp_ns)) {
      auto took = latency(slot->stamp_ns);
      result_.ack_latency.record(took);
      sample_latency_.record(took);
    }
  }

  void on_refusal(std::size_t link, slot_index index, std::uint32_t code,
                  milliseconds retry_after) override {
    ++result_.errors[code];
    auto* slot = answered(link, index);
    if (slot == nullptr)
      return;
    verifier_.refused(slot->dn, slot->number, comes_at_once(code));
    arrived(slot->dn, options_.fan_out);
    if (!options_.open_loop)
      producers_[link].pause_until = links_.now() + retry_after;
  }

  void on_delivery(std::size_t link, std::string_view event, std::uint64_t sequence) override {
    auto reading = events_.read(event);
    if (!reading.intact)
      return verifier_.corrupted();
    auto copy = copy_of(link, reading.of.dn);
    if (!copy) {
      ++result_.stray_deliveries;
      return;
    }
    verifier_.delivered(reading.of.dn, *copy, reading.of.number, sequence);
    arrived(reading.of.dn, 1);
    if (is_measured(reading.of.stamp_ns) && link < plans_.size() - options_.slow_receivers)
      result_.delivery_latency.record(latency(reading.of.stamp_ns));
  }

  void on_missed(std::size_t link, std::string_view dn, std::uint64_t events) override {
    auto index = events_.dn_of(dn);
    auto copy = index ? copy_of(link, *index) : std::nullopt;
    if (!copy) {
      ++result_.stray_deliveries;
      return;
    }
    verifier_.missed(*index, *copy, events);
    arrived(*index, events);
  }

private:
  // ---- bringing up

  /// Producers come first, so a link's index below their count is theirs.
  static std::vector<link_plan> plan(const load_options& o) {
    std::vector<link_plan> plans(std::size_t{o.producers} + o.receivers);
    for (std::uint32_t r = 0; r < o.receivers; ++r)
      plans[o.producers + r].role = role::recorder;
    for (std::uint32_t dn = 0; dn < o.dns; ++dn) {
      plans[dn % o.producers].dns.push_back(dn);
      for (std::uint32_t copy = 0; copy < o.fan_out; ++copy)
        plans[o.producers + (dn + copy) % o.receivers].dns.push_back(dn);
    }
    return plans;
  }

  /// Desktops come before recorders: a broker may have a DN live near its desktop.
  static link_set::options links_of(const load_options& o) {
    auto links = o.links;
    links.first = o.producers;
    return links;
  }

  std::unique_ptr<protocol> make_protocol() {
    if (options_.speak)
      return options_.speak(plans_, events_);
    ringdown_protocol::options ours;
    ours.credentials = options_.credentials;
    return std::make_unique<ringdown_protocol>(std::move(ours), plans_, events_);
  }

  std::optional<std::string> bring_up() {
    if (auto trouble = links_.bring_up(options_.patience, options_.stopped, *this))
      return trouble;
    auto granted = protocol_->window_max();
    if (options_.window > granted && !options_.exceed_window)
      return "--window " + std::to_string(options_.window) +
             " is above what the broker grants: " + std::to_string(granted);
    for (std::uint32_t i = 0; i < options_.slow_receivers; ++i)
      links_.make_slow(plans_.size() - 1 - i, options_.slow_bytes_per_second);
    return std::nullopt;
  }

  void begin_sending() {
    for (auto& p : producers_) {
      p.slots.resize(options_.window);
      for (slot_index i = options_.window; i-- > 0;)
        p.free.push_back(i);
    }
    sending_ = true;
    started_ = clock::now();
    if (options_.open_loop)
      pacer_.emplace(*options_.open_loop);
    else
      for (std::size_t i = 0; i < producers_.size(); ++i)
        want_fill(i);
  }

  // ---- sending

  void want_fill(std::size_t link) {
    if (producers_[link].to_fill)
      return;
    producers_[link].to_fill = true;
    to_fill_.push_back(link);
  }

  /// In a closed loop an event is outstanding until it was answered and delivered to all: a broker
  /// that answers ahead of what it delivers would else do a part of its work after the measurement.
  /// A slow receiver must not slow the producers down, so there the answer alone counts.
  bool may_send(const producer& p) const noexcept {
    bool waits_for_deliveries = options_.slow_receivers == 0;
    return !p.free.empty() &&
           !(waits_for_deliveries &&
             p.undelivered > std::uint64_t{options_.window - 1} * options_.fan_out);
  }

  /// So many copies of a DN's events are no longer on their way.
  void arrived(std::uint32_t dn, std::uint64_t copies) {
    auto link = dn % producers_.size();
    auto& p = producers_[link];
    p.undelivered -= std::min(copies, p.undelivered);
    if (!pacer_)
      want_fill(link);
  }

  /// Sends what is due on all links that have something to send, or room again.
  void fill() {
    auto now = clock::now();
    if (pacer_)
      take_due(now);
    std::size_t kept = 0;
    for (auto link : to_fill_) {
      auto& p = producers_[link];
      p.to_fill = false;
      if (!sending_)
        continue;
      if (now < p.pause_until) { // looked at again in the next turn
        p.to_fill = true;
        to_fill_[kept++] = link;
      } else if (pacer_) {
        send_backlog(link);
      } else {
        while (may_send(p))
          send(link, stamp_of(now));
      }
    }
    to_fill_.resize(kept);
  }

  /// Gives each event that is due to a producer, in turn.
  void take_due(clock::time_point now) {
    while (sending_ && started_ + pacer_->next() <= now) {
      auto stamp = stamp_of(started_ + pacer_->next());
      pacer_->advance();
      if (is_measured(stamp))
        ++result_.offered;
      if (waiting_ >= options_.backlog_max) {
        ++result_.unsent;
        continue;
      }
      producers_[next_producer_].backlog.push_back(stamp);
      ++waiting_;
      want_fill(next_producer_);
      next_producer_ = next_producer_ + 1 == producers_.size() ? 0 : next_producer_ + 1;
    }
  }

  void send_backlog(std::size_t link) {
    auto& p = producers_[link];
    while (!p.free.empty() && !p.backlog.empty()) {
      send(link, p.backlog.front());
      p.backlog.pop_front();
      --waiting_;
    }
  }

  void send(std::size_t link, std::int64_t stamp) {
    auto& p = producers_[link];
    auto index = p.free.back();
    p.free.pop_back();
    auto& dns = plans_[link].dns;
    auto dn = dns[p.next_dn];
    p.next_dn = p.next_dn + 1 == dns.size() ? 0 : p.next_dn + 1;
    auto number = verifier_.send(dn);
    p.undelivered += options_.fan_out;
    p.slots[index] = {dn, number, stamp, true};
    auto* out = links_.room(link, protocol_->request_bytes_max());
    links_.written(link, protocol_->write_request(out, link, index, {dn, number, stamp}));
  }

  /// The slot that an answer is for, freed; null if there is none.
  const producer::slot* answered(std::size_t link, slot_index index) {
    if (link >= producers_.size() || index >= producers_[link].slots.size() ||
        !producers_[link].slots[index].used) {
      ++result_.stray_answers;
      return nullptr;
    }
    auto& p = producers_[link];
    p.slots[index].used = false;
    p.free.push_back(index);
    want_fill(link);
    return &p.slots[index];
  }

  /// Which of a DN's receivers this link is; nothing if it is none.
  std::optional<std::size_t> copy_of(std::size_t link, std::uint32_t dn) const noexcept {
    if (link < options_.producers)
      return std::nullopt;
    auto receiver = link - options_.producers;
    auto copy = (receiver + options_.receivers - dn % options_.receivers) % options_.receivers;
    return copy < options_.fan_out ? std::optional{copy} : std::nullopt;
  }

  // ---- driving

  bool going_on() const {
    return links_.lost_text().empty() && !(options_.stopped && options_.stopped());
  }

  void drive(milliseconds time) {
    auto until = clock::now() + time;
    for (auto now = clock::now(); now < until && going_on(); now = clock::now()) {
      fill();
      auto wait = std::min<nanoseconds>(until - now, turn_max);
      if (pacer_)
        wait = std::min<nanoseconds>(wait, started_ + pacer_->next() - clock::now());
      links_.turn(wait, *this);
      if (measuring_ && links_.now() >= next_sample_)
        take_sample();
    }
  }

  // ---- measuring

  bool is_measured(std::int64_t stamp) const noexcept {
    return stamp >= measured_from_ && stamp < measured_until_;
  }
  std::uint64_t latency(std::int64_t stamp) const noexcept {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(stamp_of(links_.now()) - stamp, 0));
  }

  void begin_measuring() {
    measuring_ = true;
    measured_begin_ = clock::now();
    measured_from_ = stamp_of(measured_begin_);
    measured_until_ = stamp_of(measured_begin_ + options_.seconds);
    at_begin_ = verifier_.so_far();
    at_sample_ = at_begin_;
    last_sample_ = measured_begin_;
    next_sample_ = measured_begin_ + sample_every;
    result_.reads = links_.reads();
    result_.frames = protocol_->frames();
    result_.resident_start = options_.broker_resident_bytes();
    result_.broker_cpu = options_.broker_cpu();
    result_.own_cpu = own_thread_cpu_time();
    if (options_.on_measuring)
      options_.on_measuring(true);
  }

  void end_measuring() {
    measuring_ = false;
    if (options_.on_measuring)
      options_.on_measuring(false);
    result_.broker_cpu = options_.broker_cpu() - result_.broker_cpu;
    result_.own_cpu = own_thread_cpu_time() - result_.own_cpu;
    result_.measured = clock::now() - measured_begin_;
    auto& now = verifier_.so_far();
    result_.acked = now.acked - at_begin_.acked;
    result_.delivered = now.delivered - at_begin_.delivered;
    if (!pacer_)
      result_.offered = now.sent - at_begin_.sent;
    result_.reads = links_.reads() - result_.reads;
    result_.frames = protocol_->frames() - result_.frames;
    result_.resident_end = options_.broker_resident_bytes();
  }

  void take_sample() {
    auto now = clock::now();
    auto& total = verifier_.so_far();
    sample s;
    s.at = now - measured_begin_;
    s.length = now - last_sample_;
    s.acked = total.acked - at_sample_.acked;
    s.delivered = total.delivered - at_sample_.delivered;
    s.refused = total.refused - at_sample_.refused;
    s.ack_p50_ns = sample_latency_.percentile(50);
    s.ack_p99_ns = sample_latency_.percentile(99);
    s.outstanding = total.sent - total.acked - total.refused + waiting_;
    s.resident_bytes = options_.broker_resident_bytes();
    result_.samples.push_back(s);
    if (options_.on_sample)
      options_.on_sample(s);
    at_sample_ = total;
    sample_latency_.clear();
    last_sample_ = now;
    next_sample_ = now + sample_every;
  }

  // ---- the end

  /// Takes what is still on its way; gives up when nothing has come for a while. A moment more at
  /// the end shows deliveries that should not be.
  void drain() {
    constexpr milliseconds too_much{50};
    for (std::size_t i = 0; i < options_.slow_receivers; ++i)
      links_.make_fast(plans_.size() - 1 - i);
    auto frames = protocol_->frames();
    auto until = clock::now() + options_.silence_max;
    while (!verifier_.drained() && clock::now() < until && links_.lost_text().empty()) {
      links_.turn(turn_max, *this);
      excuse_lost_receivers();
      if (protocol_->frames() != frames) {
        frames = protocol_->frames();
        until = clock::now() + options_.silence_max;
      }
    }
    until = clock::now() + too_much;
    while (clock::now() < until && links_.lost_text().empty())
      links_.turn(turn_max, *this);
  }

  /// A slow receiver that was disconnected for it knows that it has missed something.
  void excuse_lost_receivers() {
    if (!verifier_.answered_all())
      return;
    for (auto link = plans_.size() - options_.slow_receivers; link < plans_.size(); ++link)
      if (!links_.stands(link))
        for (auto dn : plans_[link].dns)
          verifier_.excuse(dn, *copy_of(link, dn));
  }

  void finish() {
    result_.found = verifier_.finish();
    result_.drained = verifier_.drained();
    result_.trouble = links_.lost_text();
    result_.slow_receivers_lost = links_.slow_links_lost();
    result_.unsent += waiting_;
  }

  const load_options& options_;
  event_template events_;
  std::vector<link_plan> plans_;
  std::unique_ptr<protocol> protocol_;
  delivery_verifier verifier_;
  link_set links_;
  std::vector<producer> producers_;
  std::vector<std::size_t> to_fill_;
  std::optional<pacer> pacer_;
  std::size_t next_producer_ = 0;
  std::size_t waiting_ = 0; ///< in all backlogs
  load_result result_;
  bool sending_ = false;
  bool measuring_ = false;
  clock::time_point started_;
  clock::time_point measured_begin_;
  std::int64_t measured_from_ = 0;
  std::int64_t measured_until_ = 0; ///< nothing is measured yet
  findings at_begin_;
  findings at_sample_;
  clock::time_point last_sample_;
  clock::time_point next_sample_;
  histogram sample_latency_;
};

} // namespace

bool used_up_by_client(nanoseconds own_cpu, std::optional<nanoseconds> broker_cpu,
                       nanoseconds measured) noexcept {
  constexpr double busy = 0.9; // of a core; above it there is queueing
  auto share = [&](nanoseconds cpu) {
    return static_cast<double>(cpu.count()) /
           static_cast<double>(std::max<std::int64_t>(measured.count(), 1));
  };
  return share(own_cpu) > busy && !(broker_cpu && share(*broker_cpu) > busy);
}

std::optional<nanoseconds> run_options::broker_cpu() const {
  if (embedded)
    return own_process_cpu_time() - own_thread_cpu_time();
  return broker_pid ? cpu_time(*broker_pid) : std::nullopt;
}

std::optional<std::uint64_t> run_options::broker_resident_bytes() const {
  return broker_pid ? resident_bytes(*broker_pid) : std::nullopt;
}

std::optional<std::string> unusable(const load_options& o) {
  if (o.threads == 0 || o.producers % o.threads != 0 || o.receivers % o.threads != 0 ||
      o.dns % o.threads != 0)
    return "--producers, --receivers and --dns must be multiples of --threads: each has its share";
  if (o.threads > 1 && (o.fan_out > o.receivers / o.threads || o.slow_receivers > 0))
    return "with --threads --fan-out must not be above a thread's receivers, and none may be slow";
  if (o.dns < o.producers || (o.dns < o.receivers && o.fan_out < o.receivers))
    return "--dns must be at least --producers and --receivers: each needs a DN of its own";
  if (o.fan_out > o.receivers)
    return "--fan-out must not be above --receivers: each gets an event once";
  if (o.slow_receivers > o.receivers)
    return "--slow must not be above --receivers";
  if (o.window > event_template::slots_max)
    return "--window must not be above " + std::to_string(event_template::slots_max);
  if (o.open_loop)
    if (auto fault = o.open_loop->fault())
      return fault;
  return make_room_for_links(std::size_t{o.producers} + o.receivers);
}

double per_second(std::uint64_t count, nanoseconds time) {
  auto seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

load_result run_load(const load_options& options) {
  auto run = [](const load_options& o) { return load_run{o}.run(); };
  return options.threads > 1 ? run_on_threads(options, run) : run(options);
}

} // namespace ringdown::bench
