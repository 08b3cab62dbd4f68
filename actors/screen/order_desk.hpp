// Orders from their beginning to their one outcome, and commands that wait for the end of a pause.
// A part of `step`.
#pragma once

#include "actors/screen/drift.hpp"
#include "actors/screen/words.hpp"

namespace ringdown {

struct order_desk : drift_watch {
  using drift_watch::drift_watch;

  // ---- outcomes ----------------------------------------------------------------------------

  /// Decides those orders for which `judge_one` has an outcome. The broker's own that fails leaves
  /// an alarm.
  template <class Judge>
  void decide_where(Judge judge_one, command_version superseded_by = {}) {
    std::vector<decided> done;
    std::erase_if(state.orders, [&](screen_order& order) {
      std::optional<outcome> result = judge_one(order);
      if (!result)
        return false;
      auto aggregate = aggregate_for(order);
      done.push_back({std::move(order), *result, superseded_by, aggregate, {}});
      return true;
    });
    for (auto& one : done) {
      if (auto* r = recorder_of(one.order.only);
          r != nullptr && one.order.verb == capture_verb::query)
        r->asked = false; // what it says from now on it says unasked
      follow_failure(one.order, one.result);
      note_refusals(one.order, one.result);
      ask_instead(one.order);
      effects.push_back(std::move(one));
    }
  }

  void decide_by_verdicts() {
    decide_where([this](const screen_order& o) { return verdict_on(o, rules.confirm); });
    follow_undone();
  }

  /// An order that ends before it asks: who is silent, and must speak for the light to be known, is
  /// asked all the same.
  void ask_instead(const screen_order& order) {
    if (!order.ask_at)
      return;
    for (auto& awaited : order.recorders)
      if (auto* r = recorder_of(awaited.recorder); r != nullptr &&
                                                   awaited.verdict == recorder_verdict::silent &&
                                                   (state.has_lost || !r->said))
        ask_soon(*r);
  }

  bool is_open(dn_sequence order) const {
    return std::any_of(state.orders.begin(), state.orders.end(),
                       [order](const screen_order& o) { return o.sequence == order; });
  }

  /// Those that refused an order, or had no room for it, which others have confirmed.
  void note_refusals(const screen_order& order, outcome result) {
    if (result != outcome::confirmed || order.verb == capture_verb::query)
      return;
    for (auto& r : order.recorders)
      if (r.verdict == recorder_verdict::not_queued ||
          (r.is_final && r.verdict != recorder_verdict::confirmed))
        note_undone(r.recorder);
  }

  /// The same of one that speaks after the others.
  void note_late_refusal(client_id recorder, const std::vector<owed_answer>& answered,
                         const indication_heard& word) {
    for (auto& one : answered)
      if (!is_open(one.order) &&
          (word.has_failed || (word.state && !confirms(one.verb, *word.state))))
        note_undone(recorder);
  }

  /// Whether the older order is to be done, too: another recorder's, or a `stop` behind which the
  /// broker lets another call go on.
  bool takes_no_place(const screen_order& newer, const screen_order& older) const {
    bool is_elsewhere = newer.only && newer.only != older.only;
    bool goes_on = newer.is_own() && older.verb == capture_verb::stop && older.connection &&
                   !is_one_call(state, newer.connection, older.connection);
    return is_elsewhere || goes_on;
  }

  /// Orders that want otherwise than this one. A screen that is stopped is not recorded either, so
  /// `stop` leaves `pause` alone.
  void supersede(const screen_order& newer) {
    auto wanted = desired_by(newer.verb);
    if (!wanted)
      return;
    decide_where(
      [&](const screen_order& o) -> std::optional<outcome> {
        bool agrees = !desired_by(o.verb) || confirms(o.verb, *wanted);
        if (agrees || o.version >= newer.version || takes_no_place(newer, o))
          return std::nullopt;
        return outcome::superseded;
      },
      newer.version);
  }

  /// Held commands that will not be ordered any more.
  template <class Which>
  void end_holds(Which which, outcome result, command_version superseded_by = {}) {
    std::erase_if(state.held, [&](const held_command& h) {
      bool ends = which(h);
      if (ends)
        effects.push_back(hold_over{h, result, superseded_by});
      return ends;
    });
  }

  // ---- from a beginning ---------------------------------------------------------------------

  void begin(screen_order o, const std::vector<awaited_recorder>& recorders, steady_ms timeout) {
    supersede(o);
    o.sent_us = at.utc_us;
    o.recorders = recorders;
    o.deadline = at.now + timeout;
    if (o.verb != capture_verb::query && !recorders.empty())
      o.ask_at = at.now + timeout / 2;
    for (auto& awaited : recorders)
      if (auto* r = recorder_of(awaited.recorder);
          r != nullptr && awaited.verdict == recorder_verdict::silent)
        owe(*r, o);
    if (!o.is_own() && desired_by(o.verb) == capture_state::enabled)
      release(&o);
    state.orders.push_back(std::move(o));
  }

  // ---- what was held ------------------------------------------------------------------------

  /// No pause stands any more: what waited is ordered, one order for each call. What a command for
  /// the same call brings about anyway goes with that.
  void release(screen_order* command = nullptr, bool behind_stop = false) {
    auto held = std::exchange(state.held, {});
    while (!held.empty()) {
      auto first = held.front();
      std::vector<dn_sequence> of_call;
      bool starts = behind_stop; // which leaves nothing that a resume could go on with
      std::erase_if(held, [&](const held_command& one) {
        bool same = one.connection == first.connection;
        if (same)
          of_call.push_back(one.sequence);
        starts |= same && one.verb == capture_verb::start;
        return same;
      });
      if (command != nullptr && first.connection == command->connection)
        command->releases = std::move(of_call);
      else
        order_release(first, starts, std::move(of_call));
    }
  }

  void order_release(const held_command& first, bool starts, std::vector<dn_sequence> of_call) {
    auto* own = first.connection ? find_call(state, first.connection) : nullptr;
    bool is_over = own != nullptr && own->stopped; // whatever another call wants
    if (wanting_call(state) != nullptr && !is_over)
      return order(starts ? capture_verb::start : verb_to_record({}), first.connection,
                   broker_reason::hold_released, {}, std::move(of_call));
    for (auto sequence : of_call) // nothing to do after all
      effects.emplace_back(
        hold_over{{sequence, first.verb, first.connection, first.version}, outcome::confirmed});
  }

  /// The last pause ended without a command that says so to the recorders.
  void go_on(broker_reason cause) {
    bool had_held = !state.held.empty();
    release();
    if (!had_held && wanting_call(state) != nullptr)
      order_desired(cause);
  }
};

} // namespace ringdown
