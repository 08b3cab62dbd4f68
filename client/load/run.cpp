#include "client/load/run.hpp"

#include "client/codec.hpp"
#include "client/load/process.hpp"
#include "client/load/template.hpp"
#include "messages/frame.hpp"
#include "messages/wire.hpp"

#include <algorithm>

namespace ringdown::load {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

// Bodies of a Frame that come often; the rest is read by the general decoder.
constexpr std::uint32_t frame_event_ack = 61;
constexpr std::uint32_t frame_event_user_event = 110;
constexpr std::uint32_t ack_dn_sequence = 2;
constexpr std::uint32_t user_event_dn_sequence = 2;
constexpr std::uint32_t user_event_event = 15;

std::optional<nanoseconds> cpu_of(const std::optional<pid_t>& process) {
  return process ? cpu_time(*process) : std::nullopt;
}

/// A sending connection: what it has outstanding, and where it is in its DNs.
struct producer {
  struct slot {
    std::uint32_t dn = 0;
    std::uint64_t number = 0;
    clock::time_point sent;
    bool used = false;
  };
  std::vector<slot> slots; ///< ReferenceID less `reference_min` is the index
  std::vector<std::uint32_t> free;
  std::vector<std::uint32_t> dns;
  std::size_t next_dn = 0;
  clock::time_point pause_until; ///< after an error that asks for a pause
};

class load_run : public frame_sink {
public:
  explicit load_run(const load_options& o)
    : options_(o), events_(o.dn_prefix, o.dns, o.user_data_bytes), verifier_(o.dns),
      links_(o.links), producers_(o.producers) {
    plan();
  }

  load_result run() {
    if (auto trouble = links_.bring_up(options_.patience, options_.stopped)) {
      result_.trouble = *trouble;
      return std::move(result_);
    }
    if (options_.window > links_.granted().window_requests) {
      result_.trouble =
        "--window " + std::to_string(options_.window) +
        " is above what the broker grants: " + std::to_string(links_.granted().window_requests);
      return std::move(result_);
    }
    sending_ = true;
    for (std::size_t i = 0; i < producers_.size(); ++i)
      top_up(i);
    drive(options_.warmup);
    begin_measuring();
    drive(options_.seconds);
    end_measuring();
    sending_ = false;
    drain();
    result_.found = verifier_.finish();
    result_.drained = verifier_.drained();
    if (!links_.lost_text().empty())
      result_.trouble = links_.lost_text();
    return std::move(result_);
  }

  void on_frame(std::size_t link, std::string_view frame, clock::time_point now) override {
    auto view = look(frame);
    if (view.body_number == frame_event_ack && link < producers_.size())
      take_ack(link, view, now);
    else if (view.body_number == frame_event_user_event)
      take_delivery(view.body);
    else
      take_other(link, frame, now);
  }

  void on_read_end(std::size_t link, clock::time_point) override {
    if (link < producers_.size())
      top_up(link);
  }

private:
  /// Producers come first, so a link's index below their count is theirs.
  void plan() {
    std::vector<link_plan> receivers(options_.receivers);
    std::vector<link_plan> senders(options_.producers);
    for (std::uint32_t dn = 0; dn < options_.dns; ++dn) {
      auto name = events_.dn_name(dn);
      producers_[dn % options_.producers].dns.push_back(dn);
      senders[dn % options_.producers].dns.push_back(name);
      receivers[dn % options_.receivers].dns.push_back(std::move(name));
    }
    for (auto& s : senders)
      links_.add(std::move(s));
    for (auto& r : receivers) {
      r.role = role::recorder;
      links_.add(std::move(r));
    }
    for (auto& p : producers_) {
      p.slots.resize(options_.window);
      for (std::uint32_t i = options_.window; i-- > 0;)
        p.free.push_back(i);
    }
  }

  /// Sends until the window is full.
  void top_up(std::size_t link) {
    auto& p = producers_[link];
    if (!sending_ || p.free.empty())
      return;
    auto now = clock::now();
    if (now < p.pause_until)
      return;
    while (!p.free.empty()) {
      auto index = p.free.back();
      p.free.pop_back();
      auto dn = p.dns[p.next_dn];
      p.next_dn = p.next_dn + 1 == p.dns.size() ? 0 : p.next_dn + 1;
      auto number = verifier_.send(dn);
      p.slots[index] = {dn, number, now, true};
      auto bytes = events_.frame_bytes();
      events_.write(links_.room(link, bytes), event_template::reference_min + index, dn, number);
      links_.written(link, bytes);
    }
    links_.flush(link);
  }

  /// The slot that an answer is for, freed; null if there is none.
  const producer::slot* answered(std::size_t link, reference_id reference) {
    auto& p = producers_[link];
    auto index = reference.value - event_template::reference_min;
    if (index >= p.slots.size() || !p.slots[index].used) {
      ++result_.stray_answers;
      return nullptr;
    }
    p.slots[index].used = false;
    p.free.push_back(index);
    return &p.slots[index];
  }

  void take_ack(std::size_t link, const frame_view& view, clock::time_point now) {
    auto* slot = answered(link, view.reference);
    if (slot == nullptr)
      return;
    wire::reader fields{view.body};
    wire::field f;
    std::uint64_t sequence = 0;
    while (sequence == 0 && fields.next(f) == wire::step::field)
      if (f.number == ack_dn_sequence)
        sequence = f.value;
    verifier_.acked(slot->dn, slot->number, sequence);
    if (measuring_)
      result_.ack_latency.record(static_cast<std::uint64_t>(nanoseconds{now - slot->sent}.count()));
  }

  void take_delivery(std::string_view body) {
    wire::reader fields{body};
    wire::field f;
    std::uint64_t sequence = 0;
    std::string_view bytes;
    while (fields.next(f) == wire::step::field) {
      if (f.number == user_event_dn_sequence)
        sequence = f.value;
      else if (f.number == user_event_event)
        bytes = f.bytes;
    }
    auto reading = events_.read(bytes);
    if (reading.intact)
      verifier_.delivered(reading.dn, reading.number, sequence);
    else
      verifier_.corrupted();
  }

  void take_other(std::size_t link, std::string_view frame, clock::time_point now) {
    auto what = client::codec::decode(frame);
    auto* e = std::get_if<client::event>(&what);
    if (e == nullptr)
      return; // a heartbeat
    if (auto* error = std::get_if<client::event_error>(e)) {
      ++result_.errors[error->code];
      if (link >= producers_.size())
        return;
      if (auto* slot = answered(link, error->reference))
        verifier_.refused(slot->dn, slot->number);
      producers_[link].pause_until = now + error->retry_after.value_or(milliseconds{1});
    } else if (auto* missed = std::get_if<client::event_missed>(e)) {
      result_.missed += missed->to.value - missed->from.value + 1;
    }
  }

  bool going_on() const {
    return links_.lost_text().empty() && !(options_.stopped && options_.stopped());
  }

  void drive(milliseconds time) {
    auto until = clock::now() + time;
    for (auto now = clock::now(); now < until && going_on(); now = clock::now()) {
      auto left = std::chrono::ceil<milliseconds>(until - now);
      links_.turn(std::min(left, milliseconds{10}), *this);
      resume_paused();
    }
  }

  /// A producer that had errors and nothing outstanding hears of nothing that would wake it.
  void resume_paused() {
    if (result_.errors.empty())
      return;
    for (std::size_t i = 0; i < producers_.size(); ++i)
      top_up(i);
  }

  void begin_measuring() {
    measuring_ = true;
    started_ = clock::now();
    result_.acked = verifier_.so_far().acked;
    result_.delivered = verifier_.so_far().delivered;
    result_.reads = links_.reads();
    result_.frames = links_.frames();
    result_.broker_cpu = cpu_of(options_.broker_pid);
    result_.own_cpu = own_cpu_time();
  }

  void end_measuring() {
    measuring_ = false;
    auto broker_cpu = cpu_of(options_.broker_pid);
    if (broker_cpu && result_.broker_cpu)
      result_.broker_cpu = *broker_cpu - *result_.broker_cpu;
    else
      result_.broker_cpu.reset();
    result_.own_cpu = own_cpu_time() - result_.own_cpu;
    result_.measured = clock::now() - started_;
    result_.acked = verifier_.so_far().acked - result_.acked;
    result_.delivered = verifier_.so_far().delivered - result_.delivered;
    result_.reads = links_.reads() - result_.reads;
    result_.frames = links_.frames() - result_.frames;
  }

  /// Takes what is still on its way; gives up when nothing has come for a while. A moment more at
  /// the end shows deliveries that should not be.
  void drain() {
    constexpr milliseconds too_much{50};
    auto frames = links_.frames();
    auto until = clock::now() + options_.silence_max;
    while (!verifier_.drained() && clock::now() < until && links_.lost_text().empty()) {
      links_.turn(milliseconds{10}, *this);
      if (links_.frames() != frames) {
        frames = links_.frames();
        until = clock::now() + options_.silence_max;
      }
    }
    until = clock::now() + too_much;
    while (clock::now() < until && links_.lost_text().empty())
      links_.turn(milliseconds{10}, *this);
  }

  const load_options& options_;
  event_template events_;
  delivery_verifier verifier_;
  link_set links_;
  std::vector<producer> producers_;
  load_result result_;
  clock::time_point started_;
  bool sending_ = false;
  bool measuring_ = false;
};

/// An idle connection has nothing to hear.
class deaf_sink : public frame_sink {
public:
  void on_frame(std::size_t, std::string_view, clock::time_point) override {}
  void on_read_end(std::size_t, clock::time_point) override {}
};

/// Sockets of the run and some files of the program's own.
std::optional<std::string> make_room_for(std::size_t connections) {
  constexpr std::size_t own_files = 64;
  if (allow_open_files(connections + own_files))
    return std::nullopt;
  return "the limit of open files is too low for " + std::to_string(connections) +
         " connections (ulimit -n)";
}

} // namespace

std::optional<std::string> unusable(const load_options& o) {
  if (o.dns < o.producers || o.dns < o.receivers)
    return "--dns must be at least --producers and --receivers: each needs a DN of its own";
  if (o.window > event_template::reference_max - event_template::reference_min)
    return "--window is too large";
  return make_room_for(std::size_t{o.producers} + o.receivers);
}

load_result run_load(const load_options& options) {
  return load_run{options}.run();
}

idle_result run_idle(const idle_options& o) {
  idle_result result;
  if (auto trouble = make_room_for(o.connections)) {
    result.trouble = *trouble;
    return result;
  }
  event_template names{o.dn_prefix, o.dns, 0};
  link_set links{o.links};
  for (std::uint32_t i = 0; i < o.connections; ++i)
    links.add({role::desktop, {names.dn_name(i % o.dns)}});
  auto resident = [&] { return o.broker_pid ? resident_bytes(*o.broker_pid) : std::nullopt; };
  result.resident_before = resident();
  auto begin = clock::now();
  if (auto trouble = links.bring_up(o.patience, o.stopped)) {
    result.trouble = *trouble;
    return result;
  }
  auto up = clock::now();
  result.opening = up - begin;
  auto cpu_before = cpu_of(o.broker_pid);
  deaf_sink sink;
  while (clock::now() < up + o.seconds && !(o.stopped && o.stopped()))
    if (!links.turn(milliseconds{50}, sink)) {
      result.trouble = links.lost_text();
      return result;
    }
  result.measured = clock::now() - up;
  result.resident_after = resident();
  if (auto cpu_after = cpu_of(o.broker_pid); cpu_after && cpu_before)
    result.broker_cpu = *cpu_after - *cpu_before;
  return result;
}

} // namespace ringdown::load
