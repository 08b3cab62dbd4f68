#include "bench/load/capture.hpp"

#include "bench/machine/process.hpp"
#include "bench/speak/ringdown_protocol.hpp"
#include "client/internal/codec.hpp"
#include "client/recorder_model.hpp"

#include <array>
#include <deque>
#include <queue>

namespace ringdown::bench {

using namespace ringdown::client;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

struct step_of_call {
  capture_verb verb;
  double share; ///< of the call's time
};
constexpr std::array<step_of_call, commands_of_call> steps{{{capture_verb::start, 0},
                                                            {capture_verb::pause, 0.4},
                                                            {capture_verb::resume, 0.6},
                                                            {capture_verb::query, 0.8},
                                                            {capture_verb::stop, 1}}};

/// A link's commands are numbered by agent and step, its indications upwards from here.
constexpr std::uint32_t first_reference = 128;
/// The tag of what a recorder answers to the broker's own orders (a recorder that comes and is
/// silent is asked): they are no agent's, and not counted.
constexpr std::int32_t of_brokers_order = 1;
/// A look at the broker's memory and what was done so often.
constexpr std::chrono::seconds sample_every{1};

class capture_run : public run_sink {
public:
  explicit capture_run(const capture_options& o)
    : options_(o), names_(o.dn_prefix, o.agents, 0), plans_(plan(o)),
      protocol_(protocol_options(), plans_, names_), links_(o.links, protocol_, plans_.size()),
      agents_(o.agents), recorders_(plans_.size()) {
    for (std::uint32_t a = 0; a < o.agents; ++a)
      idle_.push_back(a);
  }

  capture_result run() {
    result_.resident_before = options_.broker_resident_bytes();
    if (auto trouble = links_.bring_up(options_.patience, options_.stopped, *this)) {
      result_.trouble = *trouble;
      return std::move(result_);
    }
    result_.broker = protocol_.broker();
    pace calls;
    calls.seed = options_.seed;
    calls.kind = arrival::poisson;
    calls.per_second = options_.calls_per_hour * options_.agents / 3600;
    pacer_.emplace(calls);
    begin_measuring();
    drive(options_.seconds);
    end_measuring();
    taking_calls_ = false;
    drive_until_quiet();
    if (result_.trouble.empty())
      result_.trouble = links_.lost_text();
    return std::move(result_);
  }

  // Everything is decoded and comes to `heard`.
  void on_ack(std::size_t, slot_index, std::uint64_t) override {}
  void on_refusal(std::size_t, slot_index, std::uint32_t, milliseconds) override {}
  void on_delivery(std::size_t, std::string_view, std::uint64_t) override {}
  void on_missed(std::size_t, std::string_view, std::uint64_t) override {}

private:
  struct pending {
    clock::time_point due;
    bool is_due = false;
    bool is_sent = false;
    bool is_acked = false;
    bool is_indicated = false;
    bool has_outcome = false;
  };
  struct agent {
    conn_id call;
    std::array<pending, steps.size()> commands;
  };
  struct timer {
    clock::time_point due;
    std::uint32_t agent;
    std::uint32_t step;
    bool operator>(const timer& other) const noexcept { return due > other.due; }
  };

  /// Desktops first, then as many recorders.
  static std::vector<link_plan> plan(const capture_options& o) {
    std::vector<link_plan> plans(o.links_wanted());
    auto half = plans.size() / 2;
    for (std::uint32_t a = 0; a < o.agents; ++a) {
      plans[a / o.agents_per_link].dns.push_back(a);
      plans[half + a / o.agents_per_link].dns.push_back(a);
    }
    for (auto i = half; i < plans.size(); ++i)
      plans[i].role = role::recorder;
    return plans;
  }

  ringdown_protocol::options protocol_options() {
    ringdown_protocol::options o;
    o.credentials = options_.credentials;
    o.capabilities = {capability::outcomes, capability::exact_versions};
    o.on_event = [this](std::size_t link, const event& e) { heard(link, e); };
    return o;
  }

  // ---- measuring

  void begin_measuring() {
    started_ = clock::now();
    next_sample_ = started_ + sample_every;
    result_.resident_start = options_.broker_resident_bytes();
    cpu_at_begin_ = options_.broker_cpu();
    result_.own_cpu = own_thread_cpu_time();
    result_.reads = links_.reads();
    result_.frames = protocol_.frames();
  }

  void end_measuring() {
    result_.measured = clock::now() - started_;
    if (auto now = options_.broker_cpu(); now && cpu_at_begin_)
      result_.broker_cpu = *now - *cpu_at_begin_;
    result_.own_cpu = own_thread_cpu_time() - result_.own_cpu;
    result_.reads = links_.reads() - result_.reads;
    result_.frames = protocol_.frames() - result_.frames;
    result_.resident_end = options_.broker_resident_bytes();
    result_.sends = result_.commands + result_.indications;
    result_.acked = result_.commands_acked;
  }

  /// What was done since the sample before.
  void take_sample(clock::time_point now) {
    auto& r = result_;
    sample total;
    total.at = now - started_;
    total.acked = r.commands_acked + r.indications_acked;
    total.delivered = r.commands_heard + r.indications_heard;
    for (auto [code, count] : r.errors)
      total.refused += count;
    total.ack_p50_ns = sample_ack_.percentile(50);
    total.ack_p99_ns = sample_ack_.percentile(99);
    auto sent = r.commands + r.indications;
    total.outstanding = sent - std::min(sent, total.acked + total.refused);
    total.resident_bytes = options_.broker_resident_bytes();
    auto s = total;
    s.length = total.at - at_sample_.at;
    s.acked -= at_sample_.acked;
    s.delivered -= at_sample_.delivered;
    s.refused -= at_sample_.refused;
    r.samples.push_back(s);
    if (options_.on_sample)
      options_.on_sample(s);
    at_sample_ = total;
    sample_ack_.clear();
    next_sample_ = now + sample_every;
  }

  // ---- agents

  void drive(milliseconds time) {
    auto until = clock::now() + time;
    for (auto now = clock::now(); now < until && going_on(); now = clock::now()) {
      if (now >= next_sample_)
        take_sample(now);
      auto next = std::min({until, next_sample_, take_calls(now), press_buttons(now)});
      links_.turn(next - clock::now(), *this);
    }
  }

  /// Calls that have begun go on to their end, and the last answers come.
  void drive_until_quiet() {
    auto quiet_since = clock::now();
    auto frames = protocol_.frames();
    while (going_on() && !(timers_.empty() && result_.good()) &&
           clock::now() < quiet_since + options_.silence_max) {
      auto next = press_buttons(clock::now());
      links_.turn(std::min<nanoseconds>(next - clock::now(), milliseconds{10}), *this);
      if (!timers_.empty() || (protocol_.frames() != frames && waits()))
        quiet_since = clock::now();
      frames = protocol_.frames();
    }
  }

  bool waits() const { return idle_.size() < agents_.size(); }
  bool going_on() const {
    return links_.lost_text().empty() && !(options_.stopped && options_.stopped());
  }

  /// Begins the calls that are due; when the next one is.
  clock::time_point take_calls(clock::time_point now) {
    for (; taking_calls_ && started_ + pacer_->next() <= now; pacer_->advance()) {
      if (idle_.empty()) {
        ++result_.calls_not_taken;
        continue;
      }
      auto who = idle_.front();
      idle_.pop_front();
      begin_call(who, started_ + pacer_->next());
    }
    return started_ + pacer_->next();
  }

  void begin_call(std::uint32_t who, clock::time_point due) {
    ++result_.calls;
    agents_[who] = {conn_id{result_.calls}, {}};
    for (std::uint32_t s = 0; s < steps.size(); ++s) {
      auto after = std::chrono::duration_cast<nanoseconds>(options_.call * steps[s].share);
      timers_.push({due + after, who, s});
    }
  }

  clock::time_point press_buttons(clock::time_point now) {
    while (!timers_.empty() && timers_.top().due <= now) {
      auto t = timers_.top();
      timers_.pop();
      auto& commands = agents_[t.agent].commands;
      commands[t.step] = {t.due, true, false, false, false, false};
      if (t.step == 0 || commands[t.step - 1].has_outcome)
        press(t.agent, t.step);
    }
    return timers_.empty() ? now + milliseconds{10} : timers_.top().due;
  }

  /// An agent waits until the button before has done what it is for. How late that makes this one
  /// is part of its latencies: they count from when it was due.
  void press(std::uint32_t who, std::uint32_t step) {
    auto& a = agents_[who];
    a.commands[step].is_sent = true;
    auto what = outgoing_event::capture(names_.dn_name(who), steps[step].verb, a.call);
    auto reference = first_reference + who * static_cast<std::uint32_t>(steps.size()) + step;
    links_.say(who / options_.agents_per_link, codec::send_event({reference}, what));
    ++result_.commands;
  }

  // ---- what is heard

  void heard(std::size_t link, const event& e) {
    bool is_desktop = link < plans_.size() / 2;
    if (auto* ack = std::get_if<event_ack>(&e))
      is_desktop ? take_ack(ack->reference) : take_indication_ack(*ack);
    else if (auto* error = std::get_if<event_error>(&e))
      ++result_.errors[error->code];
    else if (auto* outcome = std::get_if<event_outcome>(&e))
      take_outcome(*outcome);
    else if (auto* said = std::get_if<event_user_event>(&e))
      is_desktop ? take_indication(*said) : obey(link, *said);
    else
      ++result_.strays;
  }

  void take_ack(reference_id reference) {
    auto index = reference.value - first_reference;
    auto* p = find(index / static_cast<std::uint32_t>(steps.size()), index % steps.size());
    if (p == nullptr || p->is_acked) {
      ++result_.strays;
      return;
    }
    p->is_acked = true;
    ++result_.commands_acked;
    result_.ack.record(since(*p));
    sample_ack_.record(since(*p));
  }

  void take_indication_ack(const event_ack& ack) {
    if (ack.user_event != of_brokers_order)
      ++result_.indications_acked;
  }

  /// The recorder does at once what it is told, and says so. It is its DN's only one.
  void obey(std::size_t link, const event_user_event& e) {
    bool is_agents = e.origin_role != role::broker;
    if (is_agents)
      ++result_.commands_heard;
    auto& recorder = recorders_[link];
    auto [order, words] = recorder.model.on_event(e, e.for_recorder);
    if (order)
      if (auto done = recorder.model.answer(*order, order->screen))
        words.push_back(*done);
    for (auto& word : words) {
      auto what = outgoing_event::capture(word.this_dn, word.verb, word.connection);
      what.version = word.version;
      what.user_event = is_agents ? 0 : of_brokers_order;
      links_.say(link, codec::send_event({recorder.next_reference++}, what));
      result_.indications += is_agents ? 1 : 0;
    }
  }

  void take_indication(const event_user_event& e) {
    if (e.origin_role == role::broker || e.user_event == of_brokers_order)
      return;
    ++result_.indications_heard;
    auto who = names_.dn_of(e.this_dn);
    if (!who || agents_[*who].call != e.connection)
      return; // of the call before
    for (auto& p : agents_[*who].commands)
      if (p.is_sent && !p.is_indicated) {
        p.is_indicated = true;
        result_.light.record(since(p));
        return;
      }
    ++result_.strays;
  }

  void take_outcome(const event_outcome& o) {
    auto who = names_.dn_of(o.this_dn);
    std::uint32_t step = 0;
    while (step < steps.size() && steps[step].verb != o.verb)
      ++step;
    auto* p = who && step < steps.size() ? find(*who, step) : nullptr;
    if (p == nullptr || p->has_outcome || agents_[*who].call != o.connection) {
      ++result_.strays;
      return;
    }
    p->has_outcome = true;
    ++result_.outcomes[std::string{to_string(o.result)}];
    result_.outcome.record(since(*p));
    if (o.verb == capture_verb::pause)
      result_.pause.record(since(*p));
    if (o.verb == capture_verb::stop)
      idle_.push_back(*who); // free for the next call
    else if (agents_[*who].commands[step + 1].is_due)
      press(*who, step + 1);
  }

  pending* find(std::uint32_t who, std::size_t step) {
    if (who >= agents_.size() || !agents_[who].commands[step].is_sent)
      return nullptr;
    return &agents_[who].commands[step];
  }

  std::uint64_t since(const pending& p) const {
    return static_cast<std::uint64_t>(
      std::max(nanoseconds{links_.now() - p.due}, nanoseconds{0}).count());
  }

  struct recorder_side {
    recorder_model model;
    std::uint32_t next_reference = first_reference;
  };

  const capture_options& options_;
  event_template names_;
  std::vector<link_plan> plans_;
  ringdown_protocol protocol_;
  link_set links_;
  std::vector<agent> agents_;
  std::vector<recorder_side> recorders_;
  std::deque<std::uint32_t> idle_;
  std::priority_queue<timer, std::vector<timer>, std::greater<>> timers_;
  std::optional<pacer> pacer_;
  clock::time_point started_;
  clock::time_point next_sample_;
  std::optional<nanoseconds> cpu_at_begin_;
  sample at_sample_; ///< totals at the last one
  histogram sample_ack_;
  bool taking_calls_ = true;
  capture_result result_;
};

} // namespace

bool capture_result::good() const noexcept {
  auto confirmed = outcomes.find("confirmed");
  return trouble.empty() && strays == 0 && errors.empty() && commands == calls * commands_of_call &&
         commands == commands_acked && commands == commands_heard &&
         indications == indications_acked && indications == indications_heard &&
         outcomes.size() <= 1 && (confirmed == outcomes.end() ? 0 : confirmed->second) == commands;
}

std::optional<std::string> unusable(const capture_options& o) {
  if (!(o.calls_per_hour > 0))
    return "--calls: expected more than 0 an hour";
  return make_room_for_links(o.links_wanted());
}

capture_result run_capture(const capture_options& options) {
  return capture_run{options}.run();
}

} // namespace ringdown::bench
