#include "tests/simulation/roles.hpp"

#include "tests/actors/in_words.hpp"

#include <algorithm>
#include <optional>

namespace ringdown::sim {

using namespace ringdown::test;

namespace {

std::uint64_t any_call(chance& luck) {
  return luck.one_in(3) ? 0 : 0x70 + luck.below(calls_max);
}

} // namespace

// ---- witness -------------------------------------------------------------------------------

witness::witness(surroundings& around, std::vector<std::string> dns)
  : member(
      around,
      {"witness", v1::ROLE_SUPERVISOR, {v1::CAPABILITY_OUTCOMES}, std::move(dns), false, true}) {}

void witness::before(const v1::Frame& frame) {
  around_.note("  " + in_words(frame, [](auto id) { return "client " + std::to_string(id); }));
  if (frame.has_event_user_event())
    around_.promised.hear(frame.event_user_event());
  if (frame.event_user_event().kept_from_recorders())
    held_.push_back(frame);
  for (auto& r : frame.event_outcome().recorders())
    around_.seen["not queued"] += r.verdict() == v1::RECORDER_VERDICT_NOT_QUEUED;
  if (frame.has_event_outcome())
    around_.promised.hear(frame.event_outcome());
}

// ---- desktop -------------------------------------------------------------------------------

void desktop::command(const std::string& dn, const std::string& verb, const send_options& options) {
  auto frame = send(0, dn, verb, options);
  std::string about = options.call == 0 ? "" : " call " + std::to_string(options.call);
  if (!options.command.empty())
    about += " id " + std::string{options.command};
  if (options.confirm_timeout_ms)
    about += " within " + std::to_string(*options.confirm_timeout_ms) + " ms";
  if (!options.command.empty()) {
    sent_.push_back({dn, frame});
    if (sent_.size() > 8)
      sent_.pop_front();
  }
  last_outcomes_.erase(dn);
  ask(dn, frame, verb + " on " + dn + about);
}

void desktop::command_something() {
  static std::vector<std::string> verbs{"start",  "pause",  "pause",  "pause", "resume",
                                        "resume", "resume", "resume", "stop",  "query"};
  auto& luck = around_.luck;
  auto& dn = dns()[luck.below(dns().size())];
  send_options options;
  options.call = any_call(luck);
  if (luck.one_in(4))
    options.confirm_timeout_ms = static_cast<std::uint32_t>(luck.between(100, 5000));
  if (luck.one_in(10))
    options.if_version = snapshot(dn).version();
  auto id = name() + " " + std::to_string(++ids_made_);
  if (!luck.one_in(4))
    options.command = id;
  command(dn, luck.of(verbs), options);
}

void desktop::repeat_something() {
  if (sent_.empty())
    return command_something();
  auto again = sent_[around_.luck.below(sent_.size())];
  auto& request = *again.frame.mutable_request_send_event();
  if (around_.luck.one_in(8))
    request.set_if_version(1'000'000); // other content under the same id
  request.set_retry(!around_.luck.one_in(3));
  ask(again.dn, again.frame, "sends again id " + request.command_id());
}

void desktop::ask_address(const std::string& dn) {
  ask(dn, query_address(0, dn), "asks for the address " + dn);
}

void desktop::chat() {
  auto& dn = dns()[around_.luck.below(dns().size())];
  auto padding = around_.is_tight ? 4000 + around_.luck.below(8000) : 0;
  ask(dn, send(0, dn, "", {.user_event = 7, .padding = padding}), "sends a user event on " + dn);
}

void desktop::on_outcome(const v1::EventOutcome& outcome) {
  last_outcomes_[outcome.this_dn()] = outcome.outcome();
}

// ---- recorder ------------------------------------------------------------------------------

void recorder::crash() {
  lose();
  states_.clear();
}

/// What the snapshot wants, as it wants it now. A recorder that does not look at snapshots is
/// ordered by the broker.
void recorder::on_snapshot(const std::string& dn, const v1::Snapshot& snapshot) {
  jobs_[dn].clear();
  if (!heeds_snapshots_ || snapshot.sessions().empty() || !snapshot.sessions(0).has_desired())
    return;
  auto& session = snapshot.sessions(0);
  plan(dn, {0, session.connection_id(), word_of(session.desired()), session.version()});
}

void recorder::drift() {
  if (!is_connected())
    return;
  static std::vector<std::string> words{"enabled", "paused", "disabled"};
  auto& dn = dns()[around_.luck.below(dns().size())];
  if (!is_registered(dn))
    return;
  states_[dn] = around_.luck.of(words);
  say(dn, any_call(around_.luck), states_[dn], 0);
}

void recorder::on_event(const v1::EventUserEvent& event) {
  auto& dn = event.event().this_dn();
  auto verb = verb_of(event.event());
  auto call = event.event().connection_id();
  if (is_command(verb))
    plan(dn, {0, call, wanted_by(verb), event.version()});
}

/// Jobs of one DN are done in their order.
void recorder::plan(const std::string& dn, job what) {
  auto& luck = around_.luck;
  auto delay_ms = mood_now() == mood::late ? luck.between(800, 6000)
                  : luck.one_in(3)         ? luck.between(50, 700)
                                           : luck.between(0, 50);
  auto& waiting = jobs_[dn];
  what.due_us = around_.now_us() + delay_ms * 1000;
  if (!waiting.empty())
    what.due_us = std::max(what.due_us, waiting.back().due_us);
  waiting.push_back(std::move(what));
}

void recorder::work() {
  if (!is_connected())
    return;
  for (auto& [dn, waiting] : jobs_)
    while (!waiting.empty() && waiting.front().due_us <= around_.now_us()) {
      auto next = std::move(waiting.front());
      waiting.pop_front();
      if (is_registered(dn))
        do_job(dn, next);
    }
}

void recorder::do_job(const std::string& dn, const job& what) {
  auto how = mood_now();
  if (how == mood::silent)
    return;
  if (how == mood::refusing && !what.wanted.empty())
    return say(dn, what.call, "failed", what.version);
  auto& now = states_.try_emplace(dn, "disabled").first->second;
  if (!what.wanted.empty() && how != mood::lying)
    now = what.wanted;
  auto says = what.wanted.empty() ? now : what.wanted;
  if (how == mood::lying)
    says = says == "paused" ? "enabled" : "paused";
  say(dn, what.call, says, what.version);
}

void recorder::say(const std::string& dn, std::uint64_t call, const std::string& state,
                   std::uint64_t version) {
  send_options options;
  options.call = tells_calls_ ? call : 0;
  if (!how_.abilities.empty())
    options.echoed_version = version;
  auto frame = send(0, dn, state, options);
  around_.past.said(link().id(), dn, frame.request_send_event().event().SerializeAsString());
  ask(dn, frame,
      "says " + state + " on " + dn + " call " + std::to_string(call) + " v" +
        std::to_string(version));
}

// ---- call source ---------------------------------------------------------------------------

mishap call_source::tell_something() {
  auto& luck = around_.luck;
  auto& dn = dns()[luck.below(dns().size())];
  auto call = 0x70 + luck.below(calls_max);
  if (luck.one_in(3)) {
    around_.past.call_ended(dn, call);
    around_.promised.calls_change(dn);
    ask(dn, end_call(0, dn, call), "ends call " + std::to_string(call) + " of " + dn);
    return mishap::call_end;
  }
  auto into = 0x70 + luck.below(calls_max);
  around_.past.merged(dn, call, into);
  around_.promised.calls_change(dn);
  ask(dn, merge_calls(0, dn, call, into),
      "merges call " + std::to_string(call) + " of " + dn + " into " + std::to_string(into));
  return mishap::call_merge;
}

} // namespace ringdown::sim
