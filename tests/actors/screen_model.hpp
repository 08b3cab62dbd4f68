// A DN's screen as the tables of docs/confirmed-control.md tell it, in the plainest code: maps and
// lists, nothing shared with the product. It says what is desired, what the light shows, which
// pauses stand, which calls want recording and what becomes of a command. Where the tables leave
// something open it says so.
#pragma once

#include "actors/screen/step.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace ringdown::test {

struct model_pause {
  std::uint64_t scope = 0;
  std::string application;
  std::string agent;
  std::optional<steady_ms> gone_since;
};

struct model_recorder {
  bool exact = false;
  bool per_call = false;
  std::optional<capture_state> word;
  std::uint64_t word_of = 0;
  std::map<std::uint64_t, capture_state> words_of_calls;
  steady_ms owes_until{0};  ///< the deadline of what it was told last
  steady_ms asked_until{0}; ///< by a query: its answer says what is so
  bool spoke_since_told = true;
  bool started_itself = false;
  bool paused_itself = false;
};

/// What it does not decide: the page leaves these to the product, which then must stay with it.
enum class may : std::uint8_t { no, yes, either };

class screen_model {
public:
  explicit screen_model(const confirm_rules& rules) : rules_(rules) {}

  // ---- questions
  /// Of a call that was merged: the one that it is in.
  std::uint64_t now_named(std::uint64_t call) const;
  std::optional<capture_state> desired() const;
  capture_state light() const;
  bool wants(std::uint64_t call) const;
  const std::list<model_pause>& pauses() const { return pauses_; }
  /// (scope, application) of each.
  std::multiset<std::pair<std::uint64_t, std::string>> pauses_by_name() const;
  /// Every answer that the tables allow.
  std::set<way> ways(const screen_command& c, steady_ms now) const;

  // ---- what happens
  void commanded(const screen_command& c, way went, steady_ms now);
  void told(std::uint64_t recorder, bool is_query, steady_ms deadline);
  /// Whether a word of the recorder now answers nothing.
  may is_unasked(std::uint64_t recorder, steady_ms now) const;
  /// Whether, if it says `enabled` now, nobody had asked for it.
  may starts_itself(std::uint64_t recorder, std::uint64_t call, steady_ms now) const;
  void said(std::uint64_t recorder, capture_state what, std::uint64_t call, bool started_itself,
            bool is_unasked);
  /// Of what the page leaves open: the recorder's own recording is over, or is what was before.
  void adopt(std::uint64_t call, bool wants);
  void failed(std::uint64_t recorder);
  void came(std::uint64_t recorder, bool exact, bool per_call);
  /// One that steps down to standby is no loss where the others say what was shown.
  void gone(std::uint64_t recorder, bool is_standby);
  void desktop_came(const std::string& application);
  void desktop_gone(const std::string& application, steady_ms now);
  void call_ended(std::uint64_t call);
  void merged(std::uint64_t from, std::uint64_t into);
  /// What the policy lifts by this time.
  void time_is(steady_ms now);

private:
  struct one_call {
    bool wants = false;
    bool stopped = false;
  };
  bool anything_wants() const;
  bool may_lift(const screen_command& c, const model_pause& p, steady_ms now) const;
  bool is_there(const screen_command& c, const model_pause& p) const;
  bool lifts(const screen_command& c, const model_pause& p, steady_ms now) const;
  may is_over(const screen_command& c) const;
  std::set<way> ways_of_resume(const screen_command& c, steady_ms now) const;
  /// This call alone, as far as the recorder has said.
  bool is_paused_in(const model_recorder& r, std::uint64_t call) const;
  void pause(const screen_command& c);
  void stop(const screen_command& c);

  confirm_rules rules_;
  std::map<std::uint64_t, one_call> calls_;
  std::map<std::uint64_t, std::uint64_t> merged_into_;
  std::set<std::uint64_t> ended_;
  std::list<model_pause> pauses_;
  std::map<std::uint64_t, model_recorder> recorders_;
  bool asked_ = false;
  bool lost_ = false;
};

} // namespace ringdown::test
