// Random lives of a screen, with recorders that obey, lie, fail and keep silent: after each event
// the screen is what the model of the page's tables says, and no promise is broken.
#include "tests/actors/screen_life.hpp"
#include "tests/actors/screen_model.hpp"

#include <rapidcheck/catch.h>

#include <algorithm>
#include <set>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr steady_ms timeout{2000};
constexpr steady_ms dead_after{5000};
constexpr std::uint64_t conns[] = {0, 71, 72, 73};
const std::vector<std::string> desks{"crm", "phone", "bot"};
constexpr capture_state states[] = {capture_state::enabled, capture_state::disabled,
                                    capture_state::paused};

int pick(int below) {
  return *rc::gen::resize(100, rc::gen::inRange(0, below));
}
template <class List>
auto one_of(const List& list) {
  return *(std::begin(list) + pick(static_cast<int>(std::size(list))));
}

screen_rules random_rules() {
  limits b;
  b.confirm_timeout = timeout;
  confirm_rules c;
  c.ownership = static_cast<pause_ownership>(pick(2));
  c.new_call = static_cast<new_call_policy>(pick(2));
  c.dead_desktop = static_cast<dead_desktop_policy>(pick(3));
  c.dead_desktop_after = dead_after;
  c.drift_paused = static_cast<drift_policy>(pick(3));
  c.drift_disabled = static_cast<drift_policy>(pick(3));
  c.drift_enabled = static_cast<drift_policy>(pick(3));
  c.pause = static_cast<confirm_policy>(pick(3));
  c.start = static_cast<confirm_policy>(pick(3));
  c.pause_remind_after = steady_ms{pick(4) == 0 ? 9000 : 0};
  return {b, c};
}

struct random_recorder {
  bool exact = false;
  bool per_call = false;
};

/// A life, and the model that is told of the same.
class random_life {
public:
  random_life() : life_(random_rules()), model_(life_.rules.confirm) {
    life_.calls_are_told = pick(2) == 0;
    for (auto& desk : desks)
      here_[desk] = true;
  }

  void happen() {
    held_before_ = held();
    switch (pick(20)) {
    case 0: come(); break;
    case 1: go(); break;
    case 2: come_or_go_desk(); break;
    case 3: end_call(); break;
    case 4: merge(); break;
    case 5:
    case 6:
    case 7: pass(steady_ms{one_of(std::vector<int>{1, 300, 1000, 2000, 6000, 40'000})}); break;
    case 8:
    case 9: speak_unasked(); break;
    case 10:
    case 11:
    case 12: answer(true); break;
    case 13: answer(false); break;
    case 14: fail(); break;
    default: command(); break;
    }
    check();
  }

  void end() {
    held_before_ = held();
    pass(steady_ms{600'000});
    check();
    RC_ASSERT(life_.now_shown.orders.empty());
  }

private:
  using held_list = std::map<std::uint64_t, held_command>;

  held_list held() const {
    held_list all;
    for (auto& h : life_.now_shown.held)
      all[h.sequence.value] = h;
    return all;
  }

  // ---- what happens

  void command() {
    auto verb = one_of(std::vector<capture_verb>{
      capture_verb::pause, capture_verb::pause, capture_verb::resume, capture_verb::resume,
      capture_verb::start, capture_verb::stop, capture_verb::query});
    auto desk = one_of(desks);
    if (!here_[desk])
      return;
    auto agent = one_of(std::vector<std::string>{"", "", "Ann", "Bob"});
    auto c = life_.command_of(verb, one_of(conns), desk, agent);
    log("command " + std::string{to_string(verb)} + " " + std::to_string(c.connection.value) + " " +
        desk + "/" + agent);
    auto allowed = model_.ways(c, life_.now);
    note_told([&] {
      auto went = life_.commands(c, timeout);
      log("  -> " + std::to_string(static_cast<int>(went)));
      RC_ASSERT(allowed.count(went) == 1);
      model_.commanded(c, went, life_.now);
    });
    must_end_ = [=, this](const held_command& h) { return overtakes(c, h); };
    may_end_ = verb == capture_verb::pause || verb == capture_verb::stop;
  }

  /// Whether the held command must be over after this one.
  bool overtakes(const screen_command& c, const held_command& h) const {
    bool same = model_.now_named(h.connection.value) == model_.now_named(c.connection.value);
    if (c.verb == capture_verb::stop)
      return same || !c.connection || !c.calls_are_told;
    return c.verb == capture_verb::pause && same && h.verb == capture_verb::resume;
  }

  void come() {
    if (recorders_.size() == 3)
      return;
    std::uint64_t id = 100 + ++ids_;
    random_recorder r{pick(2) == 0, pick(5) == 0};
    log("comes " + std::to_string(id) + (r.exact ? " exact" : "") +
        (r.per_call ? " per call" : ""));
    recorders_[id] = r;
    model_.came(id, r.exact, r.per_call);
    note_told([&] { life_.comes({id}, r.exact, r.per_call); });
  }

  void go() {
    if (recorders_.empty())
      return;
    auto id = any_recorder();
    bool steps_down = pick(3) == 0;
    log((steps_down ? "steps down " : "goes ") + std::to_string(id));
    recorders_.erase(id);
    model_.gone(id, steps_down);
    note_told([&] { life_.goes({id}, steps_down); });
  }

  void come_or_go_desk() {
    auto desk = one_of(desks);
    log((here_[desk] ? "leaves " : "is back ") + desk);
    if (here_[desk]) {
      bool another = pick(4) == 0;
      if (!another) {
        model_.desktop_gone(desk, life_.now);
        here_[desk] = false;
      }
      life_.hears(desktop_gone{desk, another});
    } else {
      model_.desktop_came(desk);
      here_[desk] = true;
      life_.hears(desktop_came{desk});
    }
  }

  void end_call() {
    auto call = one_of(conns);
    if (!life_.calls_are_told || call == 0)
      return;
    log("ends " + std::to_string(call));
    auto name = model_.now_named(call);
    std::set<std::uint64_t> over;
    for (auto& [sequence, h] : held())
      if (model_.now_named(h.connection.value) == name)
        over.insert(sequence);
    model_.call_ended(call);
    note_told([&] { life_.hears(call_ended{{call}}); });
    must_end_ = [over](const held_command& h) { return over.count(h.sequence.value) != 0; };
    may_end_ = true;
  }

  void merge() {
    auto from = one_of(conns);
    auto into = one_of(conns);
    if (!life_.calls_are_told || from == 0 || into == 0 ||
        model_.now_named(from) == model_.now_named(into))
      return;
    log("merges " + std::to_string(from) + " into " + std::to_string(into));
    model_.merged(from, into);
    note_told([&] { life_.hears(calls_merged{{from}, {into}}); });
  }

  void pass(steady_ms time) {
    log("passes " + std::to_string(time.count()));
    // Each tick is a moment of its own: an order that it sends is owed from then on.
    auto until = life_.now + time;
    while (life_.now < until) {
      auto next = life_.now_shown.tick_at.value_or(until);
      auto span = std::max(steady_ms{0}, std::min(next, until) - life_.now);
      note_told([&] { life_.passes(span); });
      model_.time_is(life_.now);
      if (!life_.broken.empty())
        return;
    }
  }

  void speak_unasked() {
    if (recorders_.empty())
      return;
    auto id = any_recorder();
    say(id, one_of(states), one_of(conns), {}, false);
  }

  void answer(bool honest) {
    if (recorders_.empty())
      return;
    auto id = any_recorder();
    auto& orders = life_.told[{id}];
    if (orders.empty())
      return;
    auto order = orders.front();
    orders.pop_front();
    auto done = desired_by(order.verb)
                  .value_or(states_.count(id) != 0 ? states_[id] : capture_state::disabled);
    auto state = honest ? done : one_of(states);
    say(id, state, order.connection.value, recorders_[id].exact ? order.version : command_version{},
        false);
  }

  void fail() {
    if (recorders_.empty())
      return;
    auto id = any_recorder();
    auto& orders = life_.told[{id}];
    if (orders.empty())
      return;
    auto order = orders.front();
    orders.pop_front();
    auto echoed = recorders_[id].exact ? order.version : command_version{};
    if (pick(2) == 0)
      return say(id, one_of(states), order.connection.value, echoed, true);
    log("failed " + std::to_string(id));
    indication_heard word;
    word.recorder = {id};
    word.echoed = echoed;
    word.has_failed = true;
    word.failure_code = 7;
    model_.failed(id);
    note_told([&] { life_.hears(word); });
  }

  void say(std::uint64_t id, capture_state state, std::uint64_t call, command_version echoed,
           bool has_failed) {
    log(std::to_string(id) + " says " + std::string{to_string(state)} + " of " +
        std::to_string(call) + " v" + std::to_string(echoed.value) + (has_failed ? " failed" : ""));
    indication_heard word;
    word.recorder = {id};
    word.state = state;
    word.connection = {call};
    word.echoed = echoed;
    word.has_failed = has_failed;
    states_[id] = state;
    auto unasked = model_.is_unasked(id, life_.now);
    auto starts = model_.starts_itself(id, call, life_.now);
    auto before = life_.now_shown;
    note_told([&] {
      life_.hears(word);
      auto& r = *find_recorder(life_.now_shown, {id});
      bool began = starts == may::either ? r.began : starts == may::yes;
      model_.said(id, state, call, began,
                  unasked == may::either ? r.paused_by_itself : unasked == may::yes);
    });
    adopt_wishes(before, id, state);
  }

  /// What a recorder began by itself it may end by itself; and its first word may have crossed the
  /// first pause.
  void adopt_wishes(const screen& before, std::uint64_t id, capture_state state) {
    bool only_its = std::none_of(before.calls.begin(), before.calls.end(),
                                 [](auto& c) { return c.wants == wish::asked; });
    bool is_first = !find_recorder(before, {id})->said;
    bool ends = only_its && state == capture_state::disabled;
    bool crosses = only_its && is_first && state == capture_state::enabled;
    if (!ends && !crosses)
      return;
    for (auto call : conns)
      if (product_wants(call) != model_.wants(call))
        model_.adopt(call, product_wants(call));
  }

  // ---- what is so

  bool product_wants(std::uint64_t call) const {
    auto* known = find_call(life_.now_shown, {call});
    return known != nullptr && known->wants != wish::none;
  }

  /// Whatever was delivered meanwhile is owed.
  template <class Do>
  void note_told(Do act) {
    std::map<client_id, std::size_t> before;
    for (auto& [id, orders] : life_.told)
      before[id] = orders.size();
    act();
    for (auto& [id, orders] : life_.told)
      for (auto i = before[id]; i < orders.size(); ++i)
        model_.told(id.value, orders[i].verb == capture_verb::query, life_.now + timeout);
  }

  void check() {
    auto& s = life_.now_shown;
    RC_ASSERT(life_.broken == "");
    RC_ASSERT(life_.unpaid() == "");
    RC_ASSERT(desired(s) == model_.desired());
    RC_ASSERT(light(s) == model_.light());
    std::set<std::pair<std::uint64_t, std::string>> stand;
    for (auto& p : s.pauses)
      stand.emplace(model_.now_named(p.covers.value), p.holder.application);
    auto expected = model_.pauses_by_name();
    RC_ASSERT(stand ==
              (std::set<std::pair<std::uint64_t, std::string>>{expected.begin(), expected.end()}));
    for (auto call : conns)
      RC_ASSERT(product_wants(call) == model_.wants(call));
    check_held();
    ask_of_each_command();
  }

  void check_held() {
    auto after = held();
    for (auto& [sequence, h] : held_before_) {
      bool stays = after.count(sequence) != 0;
      bool must_end = must_end_ && must_end_(h);
      bool may_end = must_end || may_end_ || life_.now_shown.pauses.empty();
      bool is_right = stays ? !must_end : may_end;
      RC_ASSERT(is_right);
    }
    must_end_ = nullptr;
    may_end_ = false;
  }

  void ask_of_each_command() {
    for (auto verb : {capture_verb::start, capture_verb::resume})
      for (auto call : conns)
        for (auto& desk : {desks[0], desks[1]}) {
          auto c = life_.command_of(verb, call, desk);
          auto goes = judge(life_.now_shown, c, life_.now, life_.rules).goes;
          if (model_.ways(c, life_.now).count(goes) == 0) {
            log("judged: " + std::string{to_string(verb)} + " " + std::to_string(call) + " " +
                desk + " goes " + std::to_string(static_cast<int>(goes)));
            RC_FAIL("a command is judged otherwise than the tables say");
          }
        }
  }

  std::uint64_t any_recorder() {
    auto it = recorders_.begin();
    std::advance(it, pick(static_cast<int>(recorders_.size())));
    return it->first;
  }

  void log(const std::string& line) { RC_LOG() << line << "\n"; }

  screen_life life_;
  screen_model model_;
  std::map<std::string, bool> here_;
  std::map<std::uint64_t, random_recorder> recorders_;
  std::map<std::uint64_t, capture_state> states_;
  std::uint64_t ids_ = 0;
  held_list held_before_;
  std::function<bool(const held_command&)> must_end_;
  bool may_end_ = false;
};

} // namespace

TEST_CASE("whatever happens, a screen is what the tables say and keeps its promises") {
  rc::prop("screen against its model", [] {
    for (int lives = 0; lives < 20; ++lives) { // one is short, and a case costs more than a life
      random_life life;
      auto length = *rc::gen::inRange(0, 60);
      for (int i = 0; i < length; ++i)
        life.happen();
      life.end();
    }
  });
}
