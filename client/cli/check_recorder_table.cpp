#include "client/cli/check_recorder_table.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ringdown::cli {

using std::chrono::milliseconds;

namespace {

using words = std::vector<capture_verb>;
using names = std::vector<std::string_view>;

/// So long the recorder must be silent where nothing is asked of it.
constexpr milliseconds pause_for_thought{500};
/// How long a link is away. Short, as lost links mostly are; the recorder's own way back is longer.
constexpr milliseconds away{500};

constexpr auto start = capture_verb::start;
constexpr auto stop = capture_verb::stop;
constexpr auto pause = capture_verb::pause;
constexpr auto resume = capture_verb::resume;

const words recording{capture_verb::enabled};
const words not_recording{capture_verb::paused, capture_verb::disabled};
const words off{capture_verb::disabled};
const names basics{"start", "pause", "resume", "stop"};

/// Each step has calls of its own: what was said of an earlier one's says nothing of it.
constexpr conn_id chain_call{0x11};
constexpr conn_id twice_call{0x21};
constexpr conn_id first_call{0x31};
constexpr conn_id second_call{0x32};
constexpr conn_id first_apart{0x41};
constexpr conn_id second_apart{0x42};
constexpr conn_id burst_call{0x51};
constexpr conn_id late_call{0x61};
constexpr conn_id drift_call{0x71};
constexpr conn_id cut_call{0x81};
constexpr conn_id missed_call{0x91};
constexpr conn_id restart_call{0xa1};
constexpr conn_id refused_call{0xb1};

class table {
public:
  explicit table(const check_options& options) : options_(options) {}

  std::vector<step> steps() {
    add_first_words();
    if (options_.refuses != capture_verb::none) {
      add_refusal(options_.refuses);
      return std::move(all_);
    }
    add_one_call();
    add_more_orders();
    add_calls_apart();
    add_burst();
    add_late();
    add_drift();
    add_cut();
    add_missed();
    add_restart();
    return std::move(all_);
  }

private:
  // ---- moves ----

  static move plain(move_kind kind, milliseconds within = {}) {
    return {.kind = kind, .within = within};
  }
  static move quiet(milliseconds time) { return plain(move_kind::quiet, time); }
  move says(const words& accepted) const { return says(accepted, options_.confirm_timeout); }
  static move says(const words& accepted, milliseconds within) {
    return {.kind = move_kind::says, .within = within, .words = accepted};
  }
  static move says_only(const words& accepted, milliseconds within) {
    return {.kind = move_kind::says_only, .within = within, .words = accepted};
  }
  static move give(command_key key, capture_verb verb, conn_id call) {
    return {.kind = move_kind::give, .key = key, .verb = verb, .call = call};
  }
  move ends(command_key key, outcome result = outcome::confirmed) const {
    return {.kind = move_kind::ends, .within = outcome_max(options_), .key = key, .result = result};
  }
  move told(move_kind kind, command_key key) const {
    return {.kind = kind, .within = outcome_max(options_), .key = key};
  }
  move shows(const words& light) const {
    return {.kind = move_kind::shows, .within = outcome_max(options_), .words = light};
  }
  move comes_back() const { return plain(move_kind::registers, options_.wait); }
  /// Half-way to a deadline the broker asks: who has to be asked is too slow.
  milliseconds before_asked() const { return options_.confirm_timeout / 2; }

  // ---- steps ----

  step& add(std::string_view name, std::string_view duty, const names& needs, bool from_off) {
    return all_.emplace_back(
      step{.name = name, .duty = duty, .needs = needs, .from_off = from_off});
  }

  static void append(step& to, const std::vector<move>& moves) {
    to.moves.insert(to.moves.end(), moves.begin(), moves.end());
  }
  /// The command, the word for it, and its outcome.
  void done(step& to, command_key key, capture_verb verb, conn_id call, const words& said) const {
    append(to, {give(key, verb, call), says(said), ends(key)});
  }
  /// Takes keys 0 and 1.
  void recorded_and_paused(step& to, conn_id call) const {
    done(to, 0, start, call, recording);
    done(to, 1, pause, call, not_recording);
  }

  void add_first_words() {
    append(
      add("registers", "signs on as a recorder and registers on the DN, not as standby", {}, false),
      {comes_back()});
    append(add("says", "says what is so when it registers; nobody has ordered a recording",
               {"registers"}, false),
           {says_only(not_recording, options_.confirm_timeout)});
  }

  /// Each goes on where the one before it has ended.
  void add_one_call() {
    append(
      add("heartbeats", "keeps an idle link alive, and says nothing unasked", {"registers"}, false),
      {quiet(heartbeat_timeout(options_) + milliseconds{1'000})});
    auto one = [this](std::string_view name, std::string_view duty, const names& needs,
                      capture_verb verb, const words& said) {
      auto& to = add(name, duty, needs, false);
      done(to, 0, verb, chain_call, said);
      append(to, {shows(said)});
    };
    one("start", "records when it is ordered to, and says `enabled`", {"registers", "heartbeats"},
        start, recording);
    one("pause", "holds the recording when it is ordered to, and says `paused`", {"start"}, pause,
        not_recording);
    one("resume", "goes on recording when it is ordered to, and says `enabled`", {"pause"}, resume,
        recording);
    append(add("query", "says what is so when it is asked", {"start"}, false),
           {give(0, capture_verb::query, chain_call),
            plain(move_kind::repeats, options_.confirm_timeout), ends(0)});
    one("stop", "ends the recording when it is ordered to, and says `disabled`", {"start"}, stop,
        off);
  }

  void add_more_orders() {
    auto& twice = add("twice", "answers each order, also one that is done already", basics, true);
    recorded_and_paused(twice, twice_call);
    append(twice, {give(2, pause, twice_call), says(not_recording, before_asked()), ends(2),
                   quiet(pause_for_thought)});

    auto& two = add("two calls",
                    "stays paused when a second call starts; records when no pause "
                    "stands any more",
                    basics, true);
    recorded_and_paused(two, first_call);
    append(two, {give(2, start, second_call), ends(2, outcome::held), quiet(pause_for_thought)});
    done(two, 3, resume, first_call, recording);
    append(two, {told(move_kind::released, 2), shows(recording)});
  }

  void add_calls_apart() {
    auto& to = add("calls apart", "pauses all calls for a pause of one", basics, true);
    to.whom = meant_for::per_call;
    done(to, 0, start, first_apart, recording);
    done(to, 1, start, second_apart, recording);
    done(to, 2, pause, first_apart, not_recording);
    append(to, {shows(not_recording), quiet(pause_for_thought)});
  }

  void add_burst() {
    constexpr command_key orders = 20;
    static_assert(orders % 2 == 0, "the last of them is a pause");
    auto& to =
      add("burst", "keeps up with many orders at once: the last one is what is so", basics, true);
    done(to, 0, start, burst_call, recording);
    for (command_key key = 1; key < orders; ++key)
      append(to, {give(key, key % 2 != 0 ? pause : resume, burst_call)});
    append(to, {ends(orders - 1), shows(not_recording), quiet(pause_for_thought)});
  }

  void add_late() {
    auto& to = add("late", "does an order that comes late all the same, and answers what waited",
                   {"start", "pause", "resume", "stop", "query"}, true);
    done(to, 0, start, late_call, recording);
    append(to, {plain(move_kind::hold), give(1, pause, late_call), ends(1, outcome::timed_out),
                plain(move_kind::mend), says(not_recording), shows(not_recording)});
    done(to, 2, resume, late_call, recording);
    append(to, {shows(recording)});
  }

  void add_drift() {
    auto& to =
      add("drift", "leaves alone what is desired: while it records, is paused, and is stopped",
          basics, true);
    done(to, 0, start, drift_call, recording);
    append(to, {quiet(options_.watch)});
    done(to, 1, pause, drift_call, not_recording);
    append(to, {quiet(options_.watch)});
    done(to, 2, stop, drift_call, off);
    append(to, {quiet(options_.watch)});
  }

  void add_cut() {
    auto& to = add("cut", "comes back after a lost link, and records nothing if it was paused",
                   basics, true);
    recorded_and_paused(to, cut_call);
    append(to, {plain(move_kind::cut), quiet(away), plain(move_kind::mend), comes_back(),
                says_only(not_recording, options_.confirm_timeout), shows(not_recording),
                quiet(pause_for_thought)});
    done(to, 2, resume, cut_call, recording);
    append(to, {shows(recording)});
  }

  void add_missed() {
    auto& to = add("missed", "pauses as it comes back, if a pause was ordered while it was away",
                   basics, true);
    done(to, 0, start, missed_call, recording);
    auto obeys = says(not_recording);
    obeys.call = missed_call; // of each call it may first say what is so
    append(to, {plain(move_kind::cut), quiet(away), give(1, pause, missed_call),
                told(move_kind::is_over, 1), plain(move_kind::mend), comes_back(), obeys,
                shows(not_recording), quiet(pause_for_thought)});
  }

  void add_restart() {
    auto& to = add("restart", "finds a broker that knows nothing, says what is so, records nothing",
                   basics, true);
    recorded_and_paused(to, restart_call);
    append(to, {plain(move_kind::restart), comes_back(),
                says_only(not_recording, options_.confirm_timeout),
                plain(move_kind::ready, options_.wait), shows(not_recording),
                quiet(pause_for_thought)});
    done(to, 2, resume, restart_call, recording);
    append(to, {shows(recording)});
  }

  /// Of a recorder that was made unable to do this.
  void add_refusal(capture_verb verb) {
    auto& to = add("refusal", "says `failed` at once, and why, if it cannot do what is ordered",
                   {"registers"}, false);
    command_key key = 0;
    if (verb != start)
      done(to, key++, start, refused_call, recording);
    if (verb == resume)
      done(to, key++, pause, refused_call, not_recording);
    append(to, {give(key, verb, refused_call), plain(move_kind::refuses, before_asked()),
                ends(key, outcome::failed)});
  }

  const check_options& options_;
  std::vector<step> all_;
};

} // namespace

std::vector<step> recorder_steps(const check_options& options) {
  return table{options}.steps();
}

milliseconds heartbeat_interval(const check_options& options) {
  constexpr milliseconds shortest{2'000};
  return std::max(shortest, options.confirm_timeout);
}

milliseconds heartbeat_timeout(const check_options& options) {
  return heartbeat_interval(options) * 5 / 2;
}

milliseconds outcome_max(const check_options& options) {
  return options.confirm_timeout + milliseconds{3'000};
}

} // namespace ringdown::cli
