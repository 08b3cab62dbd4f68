// Plays the steps of `ringdown check-recorder`: says what is to be done next, is told what was
// seen, and judges. No clock, no I/O: pure.
//
//   while (!examiner.is_over()) {
//     while (auto deed = examiner.next(now))
//       carry_out(*deed);
//     for (what comes until examiner.deadline())
//       examiner.see(what);
//   }
#pragma once

#include "client/cli/check_recorder_table.hpp"
#include "client/connection.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

namespace ringdown::cli {

// What is seen of the recorder's link, frame by frame.
struct recorder_signed_on {
  ringdown::role role = role::unspecified;
  bool exact_versions = false;
  bool per_call = false;
};
struct recorder_wants_registration {
  registration_mode mode = registration_mode::share;
  bool standby = false;
};
struct recorder_registered {};
struct recorder_refused {
  std::string text; ///< the broker's EventError
};
struct recorder_ordered {};
struct recorder_said {
  client::outgoing_event what;
  capture_verb word = capture_verb::none;
};
struct recorder_link_ended {};
// What the desktop sees.
struct outcome_told {
  client::event_outcome outcome;
};
struct light_shown {
  capture_state light = capture_state::unknown;
};
struct desktop_ready {
  bool is_registered = false;
};
struct command_refused {
  std::string text;
};

using seen = std::variant<recorder_signed_on, recorder_wants_registration, recorder_registered,
                          recorder_refused, recorder_ordered, recorder_said, recorder_link_ended,
                          outcome_told, light_shown, desktop_ready, command_refused>;

/// What the program is to do now: one of the first kinds of move.
struct deed {
  move what;
  command_id command = {}; ///< with `give`
};

enum class verdict : std::uint8_t {
  passed,
  failed,
  not_played, ///< for what failed before
  not_meant,  ///< for such a recorder
};
std::string_view to_string(verdict v) noexcept;

struct step_result {
  std::string_view name;
  std::string_view duty;
  verdict how = verdict::passed;
  std::string why = {}; ///< unless it passed
};

class examiner {
public:
  /// Words that were said and not looked at yet. Above it the step has failed: no step asks for
  /// nearly as many.
  static constexpr std::size_t words_max = 1'000;

  examiner(std::vector<step> steps, const check_options& options, client::steady_time now);

  void see(const seen& what);
  /// What is to be done now. Nothing: something must be seen, or the deadline must come.
  std::optional<deed> next(client::steady_time now);
  /// `next` wants to be called then, at the latest.
  client::steady_time deadline() const { return deadline_; }
  bool is_over() const { return place_ == steps_.size(); }
  const std::vector<step_result>& results() const { return results_; }
  /// Every step passed, but for those that are not meant for such a recorder.
  bool is_good() const;

private:
  enum class phase : std::uint8_t { beginning, stopping, settling, playing };
  enum class state : std::uint8_t { waits, met, failed };

  void on(const recorder_signed_on& s);
  void on(const recorder_wants_registration& r);
  void on(const recorder_registered&);
  void on(const recorder_refused& r);
  void on(const recorder_ordered&);
  void on(const recorder_said& s);
  void on(const recorder_link_ended&);
  void on(const outcome_told& o);
  void on(const light_shown& l);
  void on(const desktop_ready& d);
  void on(const command_refused& r);

  const step& current() const { return steps_[place_]; }
  /// Why the step cannot be played, if it cannot.
  bool is_left_out();
  std::optional<deed> prepare(client::steady_time now);
  std::optional<deed> stop_all(client::steady_time now);
  std::optional<deed> play(client::steady_time now);
  deed carry_out(const move& m);
  void go_on(phase to, client::steady_time now);
  void conclude(verdict how, std::string why = {});
  bool is_late(client::steady_time now, std::chrono::milliseconds within);

  state look(const move& m);
  state look_for_word(const move& m);
  state look_for_refusal();
  state look_for_silence();
  state look_for_registration();
  state look_for_outcome(const move& m);
  state fails(std::string why);
  std::string late_text(const move& m) const;

  const client::event_outcome* outcome_of(command_key key) const;
  const client::event_outcome* release_of(command_key key) const;

  std::vector<step> steps_;
  check_options options_;
  std::vector<step_result> results_;
  std::set<std::string_view> passed_;

  // The step that is played.
  std::size_t place_ = 0;
  phase phase_ = phase::beginning;
  std::size_t move_ = 0;
  client::steady_time since_; // the move, or the phase
  client::steady_time deadline_;
  std::string why_; // it has failed; empty: not yet
  std::map<command_key, command_id> commands_;
  capture_verb heard_ = capture_verb::none; // the last word that this move has passed over
  bool is_new_ = true;                      // nobody has looked for this move yet
  bool asked_ = false;                      // an order reached the recorder during this move

  // The recorder.
  recorder_signed_on who_;
  recorder_wants_registration how_;
  std::vector<recorder_said> words_; // not looked at yet
  capture_verb last_word_ = capture_verb::none;
  capture_verb word_before_ = capture_verb::none; // the last command, or this silence
  std::size_t owes_ = 0;
  bool registered_ = false;
  bool away_ = false; // we have cut its link
  bool gone_ = false; // it was waited for in vain
  std::string refusal_;

  // The desktop and its broker.
  std::vector<client::event_outcome> outcomes_; // of this step's commands
  capture_state light_ = capture_state::unknown;
  bool desktop_ready_ = false;
  bool disturbed_ = false; // a link may be cut or held
  bool commanded_ = false; // since the last stop of everything
  std::uint64_t commands_given_ = 0;
};

} // namespace ringdown::cli
