#include "tests/actors/screen_life.hpp"

#include <algorithm>
#include <set>

namespace ringdown::test {

// ---- in words ----------------------------------------------------------------------------------

namespace {

bool records(capture_verb verb) {
  return verb == capture_verb::start || verb == capture_verb::resume;
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string words_of(const decided& d) {
  auto text = "#" + number(d.order.sequence.value) + (d.order.is_own() ? " own " : " ") +
              std::string{to_string(d.order.verb)} + " " + std::string{to_string(d.result)};
  if (d.superseded_by)
    text += " by v" + number(d.superseded_by.value);
  if (d.held_by)
    text += " by " + number(d.held_by->covers.value) + " of " + d.held_by->holder.application;
  if (d.aggregate != capture_aggregate::none)
    text += " " + std::string{to_string(d.aggregate)};
  for (auto released : d.order.releases)
    text += ", releases #" + number(released.value);
  return text;
}
std::string words_of(const hold_over& h) {
  return "#" + number(h.command.sequence.value) + " let go " + std::string{to_string(h.result)};
}
std::string words_of(const send_order& o) {
  auto text = "order " + std::string{to_string(o.verb)} + " " + number(o.connection.value) + " (" +
              std::string{to_string(o.cause)} + ")";
  if (o.for_recorder)
    text += " for " + number(o.for_recorder.value);
  for (auto released : o.releases)
    text += ", releases #" + number(released.value);
  return text;
}
std::string words_of(const say_unknown& u) {
  return "unknown (" + std::string{to_string(u.reason)} + ")" + (u.alarm ? ", alarm" : "");
}
std::string words_of(const raise_alarm& a) {
  return "alarm (" + std::string{to_string(a.reason)} + ")" +
         (a.recorder ? " of " + number(a.recorder.value) : "");
}
std::string words_of(const arm_tick&) {
  return "";
}

} // namespace

std::string in_words(const std::vector<screen_effect>& effects) {
  std::string all;
  for (auto& effect : effects) {
    auto one = std::visit([](const auto& what) { return words_of(what); }, effect);
    all += (all.empty() || one.empty() ? "" : "; ") + one;
  }
  return all;
}

// ---- a life ------------------------------------------------------------------------------------

void screen_life::step_once(const screen_event& event) {
  auto before = now_shown;
  moment at{now, utc_us()};
  if (std::holds_alternative<tick_due>(event))
    armed_.reset();
  auto result = step(std::move(now_shown), event, at, rules);
  complain(broken_promise(before, event, at, rules, result));
  book(event, result.effects);
  now_shown = std::move(result.state);
  for (auto& effect : result.effects) {
    if (auto* tick = std::get_if<arm_tick>(&effect))
      armed_ = tick->at;
    effects.push_back(effect);
    due_.push_back(std::move(effect));
  }
  if (armed_ != now_shown.tick_at)
    complain("the armed tick is not the one that is known");
}

/// Over the whole life: one outcome each, and one end of each that was held.
void screen_life::book(const screen_event& event, const std::vector<screen_effect>& made) {
  if (auto* c = std::get_if<command_admitted>(&event))
    ++outcomes_owed_[c->sequence.value];
  if (auto* sent = std::get_if<order_sent>(&event)) {
    ++outcomes_owed_[sent->sequence.value];
    for (auto released : sent->what.releases)
      --releases_owed_[released.value];
  }
  for (auto& d : all_of<decided>(made)) {
    --outcomes_owed_[d.order.sequence.value];
    if (d.result == outcome::held)
      ++releases_owed_[d.order.sequence.value];
    if (!d.order.is_own())
      for (auto released : d.order.releases)
        --releases_owed_[released.value];
  }
  for (auto& over : all_of<hold_over>(made))
    --releases_owed_[over.command.sequence.value];
}

std::string screen_life::unpaid() const {
  std::set<std::uint64_t> waits;
  for (auto& h : now_shown.held)
    waits.insert(h.sequence.value);
  for (auto& o : now_shown.orders)
    for (auto released : o.releases)
      if (!o.is_own())
        waits.insert(released.value);
  for (auto& o : now_shown.orders)
    if (outcomes_owed_.at(o.sequence.value) != 1)
      return "an open order has an outcome";
  std::size_t open = 0;
  for (auto& [name, left] : outcomes_owed_) {
    if (left < 0 || left > 1)
      return "order " + std::to_string(name) + " has several outcomes";
    open += left == 1 ? 1 : 0;
  }
  if (open != now_shown.orders.size())
    return "an order has no outcome and is not open";
  for (auto& [name, left] : releases_owed_)
    if (left != (waits.count(name) != 0 ? 1 : 0))
      return "held " + std::to_string(name) + " ended " + (left > 0 ? "never" : "twice");
  return "";
}

void screen_life::hears(const screen_event& event) {
  effects.clear();
  step_once(event);
  while (!due_.empty()) {
    auto effect = std::move(due_.front());
    due_.pop_front();
    if (auto* order = std::get_if<send_order>(&effect))
      carry_out(*order);
  }
}

std::vector<awaited_recorder> screen_life::deliver(const told_order& order, client_id only) {
  std::vector<awaited_recorder> all;
  for (auto& [id, orders] : told) {
    if (only && id != only)
      continue;
    awaited_recorder one;
    one.recorder = id;
    if (std::find(full.begin(), full.end(), id) != full.end())
      one.verdict = recorder_verdict::not_queued;
    else
      orders.push_back(order);
    all.push_back(one);
  }
  return all;
}

void screen_life::carry_out(const send_order& what) {
  bool has_version = what.verb != capture_verb::query;
  if (records(what.verb) && !now_shown.pauses.empty())
    complain("an order to record is carried out while a pause stands");
  command_version own{has_version ? ++version : 0};
  auto wanted = desired(now_shown).value_or(capture_state::unknown);
  auto recorders = deliver({what.verb, what.connection, own, wanted}, what.for_recorder);
  step_once(order_sent{what, {++sequence}, own, std::move(recorders)});
}

screen_command screen_life::command_of(capture_verb verb, std::uint64_t call,
                                       std::string application, std::string agent) const {
  screen_command c;
  c.verb = verb;
  c.connection = {call};
  c.from = {std::move(application), std::move(agent), {1}};
  c.calls_are_told = calls_are_told;
  return c;
}

way screen_life::commands(const screen_command& command, steady_ms timeout, std::string reason) {
  auto judged = judge(now_shown, command, now, rules);
  effects.clear();
  if (judged.goes == way::refused || judged.goes == way::no_room)
    return judged.goes;
  command_admitted event;
  event.command = command;
  event.sequence = {++sequence};
  event.timeout = timeout;
  event.reason = std::move(reason);
  event.time_us = utc_us();
  if (command.verb != capture_verb::query)
    event.version = {++version};
  if (judged.goes == way::recorders) {
    auto after = step(now_shown, event, {now, utc_us()}, rules).state;
    auto wanted = desired(after).value_or(capture_state::unknown);
    if (command.verb == capture_verb::stop) // what goes on has its own order
      wanted = capture_state::disabled;
    event.recorders = deliver({command.verb, command.connection, event.version, wanted}, {});
  }
  hears(event);
  return judged.goes;
}

std::string screen_life::asks(capture_verb verb, std::uint64_t call,
                              const std::string& application) {
  auto went = commands(command_of(verb, call, application), rules.confirm_timeout);
  if (went == way::refused)
    return "refused";
  return went == way::no_room ? "no room" : in_words(effects);
}

std::string screen_life::says(client_id recorder, capture_state what, std::uint64_t echoed,
                              std::uint64_t call) {
  indication_heard word;
  word.recorder = recorder;
  word.state = what;
  word.connection = {call};
  word.echoed = {echoed};
  return happens(word);
}

std::string screen_life::fails(client_id recorder, std::uint64_t echoed) {
  indication_heard word;
  word.recorder = recorder;
  word.echoed = {echoed};
  word.has_failed = true;
  word.failure_code = 7;
  word.failure_text = "no licence";
  return happens(word);
}

void screen_life::comes(client_id recorder, bool exact, bool per_call) {
  told[recorder];
  hears(recorder_came{recorder, exact, per_call});
}

void screen_life::goes(client_id recorder, bool is_standby) {
  told.erase(recorder);
  hears(recorder_gone{recorder, is_standby});
}

void screen_life::passes(steady_ms time) {
  auto until = now + time;
  std::vector<screen_effect> all;
  for (int ticks = 0; armed_ && *armed_ <= until; ++ticks) {
    if (ticks > 10'000)
      return complain("it ticks and ticks");
    now = std::max(now, *armed_);
    hears(tick_due{});
    all.insert(all.end(), effects.begin(), effects.end());
  }
  now = until;
  effects = std::move(all);
}

void screen_life::sleeps(steady_ms time) {
  now += time;
  effects.clear();
  if (armed_ && *armed_ <= now)
    hears(tick_due{});
}

} // namespace ringdown::test
