// Once faults stop every honest recorder does what is desired, with nobody sending anything more:
// random commands, crashes and delays, and recorders that carry out what they are told, slowly.
#include "tests/actors/screen_life.hpp"

#include <rapidcheck/catch.h>

#include <algorithm>
#include <iterator>

using namespace ringdown;
using namespace ringdown::test;

namespace {

using verb = capture_verb;

int pick(int below) {
  return *rc::gen::resize(100, rc::gen::inRange(0, below));
}

/// Does what it is told, in its order.
struct honest_recorder {
  bool exact = false;
  bool by_desired = false; ///< looks at what the screen is to be; an older one knows verbs alone
  bool repeats = false;    ///< speaks also where nothing has changed
  capture_state state = capture_state::disabled;
  std::size_t orders = 0;                ///< that it has worked on
  std::optional<std::size_t> left_alone; ///< by the end of the last call, after so many

  void does(const told_order& order) {
    if (order.verb == verb::query)
      return;
    ++orders;
    if (by_desired && order.desired != capture_state::unknown)
      state = order.desired;
    else
      state = *desired_by(order.verb);
  }
};

class honest_life {
public:
  honest_life() : life_(random_rules()) {
    life_.calls_are_told = pick(2) == 0;
    come();
  }

  void happen() {
    switch (pick(14)) {
    case 0: come(); break;
    case 1: crash(); break;
    case 2: come_or_go_desk(); break;
    case 3: end_call(); break;
    case 4: life_.passes(steady_ms{pick(2500)}); break;
    case 5:
    case 6:
    case 7:
    case 8: work(); break;
    default: command(); break;
    }
    RC_ASSERT(life_.broken == "");
  }

  /// Nobody sends anything more; the recorders go on.
  void come_to_rest() {
    for (int i = 0; i < 400; ++i) {
      while (work())
        ;
      life_.passes(steady_ms{250});
    }
    RC_ASSERT(life_.broken == "");
    RC_ASSERT(life_.unpaid() == "");
    RC_ASSERT(life_.now_shown.orders.empty());
  }

  void check() const {
    auto wanted = desired(life_.now_shown);
    if (!wanted)
      return;
    for (auto& [id, r] : recorders_) {
      // Where no call was left nothing was ordered: the recorder knows of calls' ends by itself.
      if (wanted == capture_state::disabled && r.left_alone == r.orders)
        continue;
      bool records = r.state == capture_state::enabled;
      RC_LOG() << id.value << (r.by_desired ? " by desired" : " by verbs") << " is "
               << to_string(r.state) << ", desired " << to_string(*wanted) << "\n";
      // What a recorder did later than the configuration lets the broker mend, a person is called
      // to.
      bool is_told = !is_mended(*wanted) && !life_.now_shown.alarms.empty();
      bool is_right = records == (wanted == capture_state::enabled);
      RC_ASSERT(is_right || is_told);
      RC_ASSERT(find_recorder(life_.now_shown, id)->said == r.state);
    }
    RC_ASSERT(light(life_.now_shown) != capture_state::unknown || recorders_.empty());
  }

private:
  bool is_mended(capture_state wanted) const {
    auto& c = life_.rules.confirm;
    auto policy = wanted == capture_state::enabled    ? c.drift_enabled
                  : wanted == capture_state::disabled ? c.drift_disabled
                                                      : c.drift_paused;
    return policy == drift_policy::correct;
  }

  static screen_rules random_rules() {
    confirm_rules c;
    if (pick(2) == 0)
      c.drift_disabled = c.drift_enabled = drift_policy::correct;
    c.ownership = static_cast<pause_ownership>(pick(2));
    c.new_call = static_cast<new_call_policy>(pick(2));
    c.dead_desktop = static_cast<dead_desktop_policy>(pick(3));
    return test_rules(c);
  }

  void command() {
    static constexpr verb verbs[] = {verb::pause, verb::pause, verb::resume, verb::resume,
                                     verb::start, verb::start, verb::stop};
    static constexpr std::uint64_t calls[] = {0, 71, 72};
    auto what = verbs[pick(7)];
    auto call = calls[pick(3)];
    auto who = pick(2) == 0 ? "crm" : "bot";
    if (what == verb::resume && !life_.now_shown.was_asked)
      return; // passed on unknown: only recorders know whether there is anything to go on with
    auto followed = life_.asks(what, call, who);
    log(std::string{to_string(what)} + " " + std::to_string(call) + " " + who + ": " + followed);
  }

  void come_or_go_desk() {
    is_here_ = !is_here_;
    log(is_here_ ? "crm is back" : "crm is gone");
    life_.hears(is_here_ ? screen_event{desktop_came{"crm"}}
                         : screen_event{desktop_gone{"crm", false}});
  }

  void end_call() {
    if (!life_.calls_are_told)
      return;
    conn_id call{71u + static_cast<unsigned>(pick(2))};
    log("ends " + std::to_string(call.value) + ": " + life_.happens(call_ended{call}));
    for (auto& [id, r] : recorders_)
      if (life_.now_shown.calls.empty())
        r.left_alone = r.orders + orders_for(id);
  }

  void come() {
    if (recorders_.size() == 2)
      return;
    client_id id{100 + ++ids_};
    recorders_[id] = {pick(2) == 0, pick(2) == 0, pick(2) == 0, capture_state::disabled, 0, {}};
    log("comes " + std::to_string(id.value));
    life_.comes(id, recorders_[id].exact);
    if (pick(2) == 0) // most say how they are
      life_.says(id, capture_state::disabled);
  }

  void crash() {
    if (recorders_.empty())
      return;
    auto id = any();
    log("crashes " + std::to_string(id.value));
    recorders_.erase(id);
    life_.goes(id);
  }

  /// One of those with something to do does it. False: nobody has.
  bool work() {
    for (auto& [id, r] : recorders_) {
      auto& orders = life_.told[id];
      if (orders.empty())
        continue;
      auto order = orders.front();
      orders.pop_front();
      auto before = r.state;
      r.does(order);
      auto* known = find_recorder(life_.now_shown, id);
      bool is_news = r.state != before || order.verb == verb::query || !known->said;
      if (is_news || r.repeats || r.exact) {
        auto followed =
          life_.says(id, r.state, r.exact ? order.version.value : 0, order.connection.value);
        log(std::to_string(id.value) + " does " + std::string{to_string(order.verb)} + ", is " +
            std::string{to_string(r.state)} + ": " + followed);
      }
      return true;
    }
    return false;
  }

  std::size_t orders_for(client_id id) {
    auto& all = life_.told[id];
    return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const told_order& o) { return o.verb != verb::query; }));
  }

  client_id any() {
    auto it = recorders_.begin();
    std::advance(it, pick(static_cast<int>(recorders_.size())));
    return it->first;
  }
  void log(const std::string& line) { RC_LOG() << line << "\n"; }

  screen_life life_;
  std::map<client_id, honest_recorder> recorders_;
  std::uint64_t ids_ = 0;
  bool is_here_ = true;
};

} // namespace

TEST_CASE("once faults stop every honest recorder does what is desired") {
  rc::prop("honest recorders at rest", [] {
    for (int lives = 0; lives < 20; ++lives) {
      honest_life life;
      auto length = *rc::gen::inRange(0, 40);
      for (int i = 0; i < length; ++i)
        life.happen();
      life.come_to_rest();
      life.check();
    }
  });
}
