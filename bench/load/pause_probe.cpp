#include "bench/load/pause_probe.hpp"

#include "bench/machine/process.hpp"
#include "bench/speak/ringdown_protocol.hpp"
#include "client/internal/codec.hpp"
#include "client/recorder_model.hpp"

#include <algorithm>
#include <vector>

namespace ringdown::bench {

using namespace ringdown::client;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

constexpr std::uint32_t first_reference = 1000;
constexpr conn_id call{1};
/// Desktops first, then their recorders.
std::vector<link_plan> plans_of(std::uint32_t pairs) {
  std::vector<link_plan> plans(std::size_t{2} * pairs);
  for (std::uint32_t i = 0; i < pairs; ++i) {
    plans[i] = {role::desktop, {i}};
    plans[pairs + i] = {role::recorder, {i}};
  }
  return plans;
}

/// A wait is cut short so often to look whether the probe is to end.
constexpr nanoseconds turn_max = milliseconds{10};

} // namespace

class pause_probe::run : public run_sink {
public:
  explicit run(pause_probe& owner)
    : owner_(owner), pairs_(owner.options_.pairs), names_("probe", owner.options_.pairs, 0),
      plans_(plans_of(owner.options_.pairs)), protocol_(protocol_options(), plans_, names_),
      links_(owner.options_.links, protocol_, plans_.size()), models_(pairs_) {}

  void go() {
    owner_.runs_first_ = run_before_others();
    auto& o = owner_.options_;
    auto trouble = links_.bring_up(
      o.patience, [this] { return owner_.stopping_.load(); }, *this);
    if (!trouble)
      drive();
    owner_.has_begun_ = true;
    owner_.trouble_ = trouble.value_or(links_.lost_text());
    owner_.is_complete_ = strays_ == 0 && answered_ == commands_.size();
  }

  // Everything is decoded and comes to `heard`.
  void on_ack(std::size_t, slot_index, std::uint64_t) override {}
  void on_refusal(std::size_t, slot_index, std::uint32_t, milliseconds) override {}
  void on_delivery(std::size_t, std::string_view, std::uint64_t) override {}
  void on_missed(std::size_t, std::string_view, std::uint64_t) override {}

private:
  struct command {
    clock::time_point due;
    phase at = phase::aside;
    bool is_timed = false;
    bool is_answered = false;
  };

  ringdown_protocol::options protocol_options() {
    ringdown_protocol::options o;
    o.application_name = "ringdown-bench-probe";
    o.credentials = owner_.options_.credentials;
    o.capabilities = {capability::outcomes, capability::exact_versions};
    o.on_event = [this](std::size_t link, const event& e) { heard(link, e); };
    return o;
  }

  void drive() {
    auto step = nanoseconds{owner_.options_.every} / 2;
    auto due = clock::now() + step;
    while (!owner_.stopping_ && links_.lost_text().empty()) {
      for (auto now = clock::now(); due <= now; due += step)
        press(due);
      owner_.has_begun_ = !commands_.empty();
      links_.turn(std::min<nanoseconds>(due - clock::now(), turn_max), *this);
    }
    auto until = clock::now() + owner_.options_.patience;
    while (answered_ < commands_.size() && clock::now() < until && links_.lost_text().empty())
      links_.turn(turn_max, *this);
  }

  /// Of each desktop a start, then pause and resume in turn.
  void press(clock::time_point due) {
    auto number = commands_.size();
    auto who = number % pairs_;
    auto turn = number / pairs_;
    auto verb = turn == 0       ? capture_verb::start
                : turn % 2 != 0 ? capture_verb::pause
                                : capture_verb::resume;
    command c{due, owner_.phase_, is_timed(verb), false};
    commands_.push_back(c);
    if (c.is_timed)
      ++figures_in(c.at).sent;
    auto reference = first_reference + static_cast<std::uint32_t>(number);
    auto dn = names_.dn_name(static_cast<std::uint32_t>(who));
    links_.say(who, codec::send_event({reference}, outgoing_event::capture(dn, verb, call)));
  }

  bool is_timed(capture_verb verb) const {
    return verb == capture_verb::pause ||
           (verb == capture_verb::resume && owner_.options_.times_resumes);
  }

  void heard(std::size_t link, const event& e) {
    if (link >= pairs_) {
      if (auto* said = std::get_if<event_user_event>(&e))
        confirm(link, *said);
      return;
    }
    if (auto* ack = std::get_if<event_ack>(&e))
      take_answer(ack->reference, 0);
    else if (auto* error = std::get_if<event_error>(&e))
      take_answer(error->reference, error->code);
    else if (auto* outcome = std::get_if<event_outcome>(&e);
             outcome != nullptr && is_timed(outcome->verb))
      ++figures_in(owner_.phase_).outcomes[std::string{to_string(outcome->result)}];
  }

  /// Does what it is told, by the desktop or by the broker. It is its DN's only recorder.
  void confirm(std::size_t link, const event_user_event& e) {
    auto& model = models_[link - pairs_];
    auto [order, words] = model.on_event(e, e.for_recorder);
    if (order)
      if (auto done = model.answer(*order, order->screen))
        words.push_back(*done);
    for (auto& word : words) {
      auto what = outgoing_event::capture(word.this_dn, word.verb, word.connection);
      what.version = word.version;
      links_.say(link, codec::send_event({next_indication_++}, what));
    }
  }

  void take_answer(reference_id reference, std::uint32_t error) {
    auto index = std::size_t{reference.value} - first_reference;
    if (index >= commands_.size() || commands_[index].is_answered) {
      ++strays_;
      return;
    }
    auto& c = commands_[index];
    c.is_answered = true;
    ++answered_;
    if (error != 0)
      ++figures_in(c.at).errors[error];
    else if (c.is_timed)
      figures_in(c.at).ack.record(static_cast<std::uint64_t>(
        std::max(nanoseconds{links_.now() - c.due}, nanoseconds{0}).count()));
  }

  probe_figures& figures_in(phase p) { return owner_.figures_[static_cast<std::size_t>(p)]; }

  pause_probe& owner_;
  const std::size_t pairs_;
  event_template names_;
  std::vector<link_plan> plans_;
  ringdown_protocol protocol_;
  link_set links_;
  std::vector<recorder_model> models_;
  std::vector<command> commands_;
  std::size_t answered_ = 0;
  std::uint64_t strays_ = 0;
  std::uint32_t next_indication_ = first_reference;
};

void pause_probe::start() {
  thread_ = std::thread{[this] { run{*this}.go(); }};
}

void pause_probe::stop() {
  stopping_ = true;
  if (thread_.joinable())
    thread_.join();
}

} // namespace ringdown::bench
