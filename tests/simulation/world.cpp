#include "tests/simulation/world.hpp"

#include "tests/actors/memory_wire.hpp"
#include "tests/simulation/circumstances.hpp"
#include "tests/simulation/complaints.hpp"

#include <algorithm>

namespace ringdown::sim {

using namespace ringdown::test;

namespace {

class world {
public:
  world(std::uint64_t seed, plant planted, verdict& found)
    : luck_(seed), how_(luck_), planted_(planted), found_(found), promised_(past_, how_.rules),
      o_(planted_limits(planted, how_.bounds), how_.where), around_{o_,         luck_,
                                                                    past_,      promised_,
                                                                    planted,    how_.is_tight,
                                                                    found.seen, found.steps} {
    o_.context.confirm = how_.rules;
    plant_in_rules(planted, o_);
    arrange();
    invite();
  }

  void run() {
    auto requests = 100 + luck_.below(100);
    auto faults = 3 + luck_.below(8);
    while (found_.requests < requests || found_.faults < faults) {
      round();
      if (luck_.one_in(16)) {
        auto until = around_.now_us() + luck_.between(500, 4000) * 1000;
        while (around_.now_us() < until)
          let_pass();
      }
    }
    calm_down();
    check_light();
    if (how_.drains) {
      drain();
    } else {
      stop_all();
      last_word();
    }
    close();
  }

  void count(cells& into) const { past_.count(into); }
  std::uint64_t hash() const { return around_.heard.value(); }

private:
  // ---- the machine -----------------------------------------------------------------------------

  /// How work on one loop meets work on another, and when turns end.
  void arrange() {
    std::string where = how_.where.scheduler == runs_on::messages
                          ? "the testing scheduler"
                          : "loops: " + std::to_string(how_.where.threads);
    mark("runs on " + where);
    found_.circumstances = "on " + where + (how_.is_busy ? ", busy" : "") +
                           (how_.is_choppy ? ", over a choppy network" : "") +
                           (how_.is_tight ? ", with small outboxes" : "");
    o_.meanwhile([this](std::size_t edge) {
      if (luck_.one_in(4) && o_.interrupt_for(edge))
        mark("interrupted");
    });
    if (how_.is_busy)
      o_.reading_takes([this] {
        auto is_over = !hears_ && luck_.one_in(64);
        return std::chrono::microseconds{is_over ? 600 : 0}; // a turn's budget is 500
      });
    if (how_.is_choppy)
      o_.network_is(
        {[this](std::size_t bytes) { return luck_.one_in(4) ? 1 + luck_.below(bytes) : bytes; },
         [this] { return luck_.one_in(2); }});
  }

  void mark(const std::string& what) { ++found_.seen[what]; }

  // ---- who is there ------------------------------------------------------------------------

  template <class Member>
  Member& add(std::vector<Member*>& kind, member_options how) {
    auto one = std::make_unique<Member>(around_, std::move(how));
    kind.push_back(one.get());
    all_.push_back(std::move(one));
    return *kind.back();
  }

  /// Some of the DNs; the first at least.
  std::vector<std::string> some_dns() {
    std::vector<std::string> some{dns_.front()};
    for (std::size_t i = 1; i < dns_.size(); ++i)
      if (!luck_.one_in(3))
        some.push_back(dns_[i]);
    return some;
  }

  void invite() {
    for (std::uint64_t i = 0, n = 1 + luck_.below(3); i < n; ++i)
      dns_.push_back("700" + std::to_string(i + 1));
    witness_ = std::make_unique<witness>(around_, dns_);
    witness_->connect();
    auto recorders = 1 + luck_.below(3);
    for (std::uint64_t i = 0; i < recorders; ++i) {
      test::capabilities abilities;
      if (luck_.one_in(2))
        abilities.push_back(v1::CAPABILITY_EXACT_VERSIONS);
      // The first is there for every DN, and active.
      auto& one = add(recorders_, {"recorder" + std::to_string(i + 1), v1::ROLE_RECORDER, abilities,
                                   i == 0 ? dns_ : some_dns(), i != 0 && luck_.one_in(4), false});
      one.is_made(!luck_.one_in(3), !luck_.one_in(3));
    }
    auto desktops = 1 + luck_.below(3);
    for (std::uint64_t i = 0; i < desktops; ++i) {
      test::capabilities abilities;
      if (i == 0 || luck_.one_in(2))
        abilities.push_back(v1::CAPABILITY_OUTCOMES);
      add(desktops_, {"desk" + std::to_string(i + 1), v1::ROLE_DESKTOP, abilities,
                      i == 0 ? dns_ : some_dns(), false, luck_.one_in(4)});
    }
    if (luck_.one_in(2))
      add(sources_, {"calls", v1::ROLE_CALL_SOURCE, {}, dns_, false, false});
    for (auto& one : all_)
      one->connect();
    hear_all();
  }

  // ---- time --------------------------------------------------------------------------------

  /// Everybody reads and is held to what was promised; the witness and who tells of calls first.
  void hear_all() {
    hears_ = true; // nothing more happens until everybody has heard what did
    for (auto& one : all_)
      one->wake_up();
    witness_->hear();
    if (!witness_->is_connected())
      past_.witness_left();
    for (auto& frame : witness_->take_held())
      for (auto* one : recorders_)
        one->overhear(frame);
    std::vector<member*> order;
    for (auto& one : all_)
      order.push_back(one.get());
    for (auto i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[luck_.below(i)]);
    for (auto* one : order)
      one->hear();
    for (auto* one : order)
      one->check_complete();
    witness_->check_complete();
    check_one_light();
    promised_.check_deadlines(around_.now_us());
    hears_ = false;
  }

  /// All who are registered on a DN show the same light, whenever they came.
  void check_one_light() {
    if (past_.is_draining()) // links end one after the other, the witness's too
      return;
    for (auto& dn : dns_)
      for (auto* one : desktops_) {
        auto shown = one->shown(dn);
        if (shown && *shown != witness_->light(dn))
          broken("all desktops show the same light", dn + ": " + one->name() + " " +
                                                       word_of(*shown) + ", the witness " +
                                                       word_of(witness_->light(dn)));
      }
  }

  void let_pass() {
    o_.pass(std::chrono::milliseconds{luck_.between(1, 60)});
    hear_all();
    come_back();
    for (auto& one : all_)
      one->catch_up();
    for (auto* one : recorders_)
      one->work();
  }

  /// Some actors work before the next client speaks.
  void interleave() {
    for (auto n = luck_.one_in(2) ? luck_.below(12) : 0; n > 0; --n)
      o_.step_of(luck_.any());
  }

  void round() {
    for (auto n = 1 + luck_.below(4); n > 0; --n) {
      act();
      interleave();
    }
    if (luck_.one_in(12))
      trouble();
    let_pass();
  }

  void act() {
    auto& desk = *luck_.of(desktops_);
    if (!desk.is_connected())
      return;
    ++found_.requests;
    switch (luck_.below(20)) {
    case 0: return desk.ask_address(desk.dns().front());
    case 1: return desk.chat();
    case 5:
    case 6:
    case 7: return how_.is_tight ? desk.chat() : desk.command_something();
    case 2:
    case 3: return desk.repeat_something();
    case 4:
      if (!sources_.empty()) {
        happened(sources_.front()->tell_something(), 0);
        return;
      }
      [[fallthrough]];
    default: return desk.command_something();
    }
  }

  // ---- trouble -----------------------------------------------------------------------------

  /// Who is away, and when it comes back.
  struct absence {
    member* who;
    std::int64_t until_us;
    bool repeats;
  };

  void come_back() {
    for (std::size_t i = 0; i < away_.size(); ++i) {
      auto one = away_[i];
      if (one.until_us > around_.now_us())
        continue;
      away_.erase(away_.begin() + static_cast<std::ptrdiff_t>(i--));
      one.who->connect();
      if (one.repeats)
        for (auto n = 1 + luck_.below(3); n > 0; --n)
          static_cast<desktop*>(one.who)->repeat_something();
    }
  }

  void happened(mishap what, std::int64_t for_us) {
    past_.happened(what, around_.now_us(), around_.now_us() + for_us);
    ++found_.faults;
  }

  void goes_away(member& who, mishap what, bool repeats = false) {
    auto for_us = luck_.between(1, luck_.one_in(3) ? 6000 : 300) * 1000;
    happened(what, for_us);
    away_.push_back({&who, around_.now_us() + for_us, repeats});
  }

  void trouble() {
    auto& recorder = *luck_.of(recorders_);
    auto& desk = *luck_.of(desktops_);
    auto for_us = luck_.between(500, 5000) * 1000;
    if (how_.is_tight && luck_.one_in(2))
      return read_slowly(luck_.one_in(2) ? static_cast<member&>(recorder) : desk, for_us);
    using mood = recorder::mood;
    switch (luck_.below(12)) {
    case 0: return has_mood(recorder, mood::late, mishap::delay, for_us + 4'000'000);
    case 1: return has_mood(recorder, mood::lying, mishap::lie, for_us);
    case 2: return has_mood(recorder, mood::silent, mishap::silence, for_us);
    case 3:
      if (!recorder.is_connected())
        return;
      recorder.lose();
      return goes_away(recorder, mishap::loss);
    case 4:
      if (!recorder.is_connected())
        return;
      recorder.crash();
      return goes_away(recorder, mishap::crash);
    case 5:
      if (!desk.is_connected())
        return;
      desk.lose();
      return goes_away(desk, mishap::desktop_loss, true);
    case 6: return take_over(luck_.one_in(2) ? static_cast<member&>(recorder) : desk);
    case 7: return read_slowly(luck_.one_in(2) ? static_cast<member&>(recorder) : desk, for_us);
    case 8: return stand_still();
    case 9: return has_mood(recorder, mood::refusing, mishap::refusal, for_us);
    case 10:
      if (!recorder.is_connected())
        return;
      recorder.drift();
      return happened(mishap::drift, 0);
    default:
      if (!recorder.is_connected())
        return;
      recorder.register_again(recorder.dns()[luck_.below(recorder.dns().size())], luck_.one_in(2));
      return happened(mishap::leave, 0);
    }
  }

  void has_mood(recorder& who, recorder::mood how, mishap what, std::int64_t for_us) {
    around_.note(who.name() + ": " + name_of(what) + " for " + std::to_string(for_us / 1000) +
                 " ms");
    who.is_for(how, around_.now_us() + for_us);
    happened(what, for_us);
  }

  void take_over(member& who) {
    if (!who.is_connected())
      return;
    who.connect();
    happened(mishap::take_over, 0);
  }

  void read_slowly(member& who, std::int64_t for_us) {
    around_.note(who.name() + " does not read for " + std::to_string(for_us / 1000) + " ms");
    who.reads_slowly_until(around_.now_us() + for_us);
    happened(mishap::slow, for_us);
  }

  void stand_still() {
    auto from = around_.now_us();
    // Longer, and a registration in flight is given up (`control_timeout`).
    std::chrono::milliseconds time{luck_.between(200, 4800)};
    around_.note("the process stands still for " + std::to_string(time.count()) + " ms");
    o_.stand_still(time);
    past_.stood_still(from, around_.now_us());
    happened(mishap::stand_still, 0);
    // What the recorders said meanwhile is read now.
    for (auto* one : recorders_)
      one->work();
    interleave();
  }

  // ---- the end -----------------------------------------------------------------------------

  /// The faults stop. Who may have said or done the wrong thing starts anew.
  void calm_down() {
    around_.note("the faults stop");
    away_.clear();
    for (auto* one : recorders_)
      one->is_for(recorder::mood::honest, 0);
    for (auto& one : all_)
      one->reads_slowly_until(0);
    hear_all();
    for (auto* one : recorders_)
      one->lose();
    for (auto& one : all_)
      if (!one->is_connected())
        one->connect();
    wait_for_outcomes();
  }

  void wait(std::int64_t for_us) {
    for (auto until = around_.now_us() + for_us; around_.now_us() < until;)
      let_pass();
  }

  void wait_for_outcomes() {
    wait(3'000'000); // what recorders were told by their snapshots
    for (int i = 0; i < 1000 && !past_.all_decided(); ++i)
      let_pass();
    if (!past_.all_decided())
      broken("every command has an outcome", "at the end of the run");
  }

  const v1::Snapshot& fresh_snapshot(const std::string& dn) {
    desktops_.front()->ask_address(dn);
    o_.settle();
    hear_all();
    return desktops_.front()->snapshot(dn);
  }

  /// Whether a recorder that does this does what is desired.
  static bool does(const std::string& desired, const std::string& state) {
    return state == desired || (desired == "paused" && state == "disabled");
  }

  /// All recorders are honest and have been ordered: each does what is desired, nobody sending
  /// anything, and the light shows it.
  void check_light() {
    for (auto& dn : dns_) {
      auto& now = fresh_snapshot(dn);
      if (now.sessions_size() > 1)
        broken("a DN has one screen", dn + ": " + now.ShortDebugString());
      if (now.sessions().empty() || !now.sessions(0).has_desired())
        continue;
      auto& session = now.sessions(0);
      auto wanted = word_of(session.desired());
      for (auto* one : recorders_)
        if (one->counts_on(dn) && !does(wanted, one->state(dn)))
          broken("once faults stop, every honest recorder does what is desired",
                 dn + ": " + one->name() + " " + one->state(dn) + ": " + now.ShortDebugString());
      if (!does(wanted, word_of(now.effective_state())))
        broken("after the faults, the light is what is desired",
               dn + ": " + now.ShortDebugString());
      if (session.held() && session.pauses().empty())
        broken("nothing waits without a pause", dn + ": " + now.ShortDebugString());
    }
  }

  void stop_all() {
    for (auto& dn : dns_)
      desktops_.front()->command(dn, "stop", {});
    wait_for_outcomes();
    for (auto& dn : dns_) {
      auto& now = fresh_snapshot(dn);
      if (!past_.all_released(dn))
        broken("what was held is let go, and that is told", dn + ": " + now.ShortDebugString());
      for (auto& s : now.sessions())
        if (s.desired() != v1::CAPTURE_STATE_DISABLED || s.held() || !s.pauses().empty() ||
            s.observed() != v1::CAPTURE_STATE_DISABLED)
          broken("a stopped screen is not recorded", dn + ": " + now.ShortDebugString());
    }
  }

  void last_word() {
    for (auto& dn : dns_) {
      auto& desk = *desktops_.front();
      std::string verb = luck_.one_in(2) ? "pause" : "start";
      std::uint64_t call = luck_.one_in(2) ? 0 : 0x99;
      desk.command(dn, verb, {.call = call});
      wait_for_outcomes();
      if (desk.last_outcome(dn) != v1::OUTCOME_CONFIRMED)
        broken("honest recorders confirm", dn + ": " + v1::Outcome_Name(desk.last_outcome(dn)));
      auto wanted = wanted_by(verb);
      auto& now = fresh_snapshot(dn);
      if (now.sessions().empty() || word_of(now.sessions(0).desired()) != wanted ||
          word_of(now.effective_state()) != wanted)
        broken("the light shows what was confirmed", dn + ": " + now.ShortDebugString());
      for (auto* one : recorders_)
        if (one->counts_on(dn) && one->state(dn) != wanted)
          broken("every recorder does what was commanded", dn + ": " + one->name());
    }
  }

  /// Commands are open when the broker begins to shut down: each is decided while the links stand.
  void drain() {
    for (auto n = luck_.between(1, 6); n > 0; --n)
      act();
    hear_all();
    around_.note("the broker drains");
    past_.drains();
    o_.drain();
    for (auto n = luck_.between(1, 3); n > 0; --n)
      act();
    wait(std::chrono::microseconds{o_.context.bounds.drain_timeout}.count());
    if (!past_.all_decided())
      broken("a draining broker decides each command", "at the end of the run");
    for (auto& one : all_)
      if (one->is_connected())
        broken("a draining broker ends its links", one->name());
  }

  void close() {
    o_.reading_takes({}); // no time passes any more: no reminder comes behind the last look
    hear_all();
    check_told(o_.told());
    found_.seen["in place"] += o_.in_place();
    plant_at_end(planted_, o_);
    if (o_.context.outcomes_owed != 0)
      broken("at the end no outcome is owed", std::to_string(o_.context.outcomes_owed));
    static_cast<void>(take_complaints());
    o_.close();
    if (auto all = take_complaints(); !all.empty())
      broken("at the end nothing is left", all);
  }

  chance luck_;
  const circumstances how_;
  const plant planted_;
  verdict& found_;
  history past_;
  promises promised_;
  office o_;
  surroundings around_;
  std::vector<std::string> dns_;
  std::unique_ptr<witness> witness_;
  std::vector<std::unique_ptr<member>> all_;
  std::vector<desktop*> desktops_;
  std::vector<recorder*> recorders_;
  std::vector<call_source*> sources_;
  std::vector<absence> away_;
  bool hears_ = false; ///< no time passes
};

} // namespace

verdict run_seed(std::uint64_t seed, plant planted, cells& reached) {
  verdict found;
  try {
    world w{seed, planted, found};
    w.run();
    w.count(reached);
    found.hash = w.hash();
  } catch (const broken_promise& what) {
    found.broken = what.what();
  }
  return found;
}

} // namespace ringdown::sim
