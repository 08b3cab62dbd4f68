// `ringdown recorder`: a screen recorder that makes each DN's screen what it is to be, and says so.
#include "client/recorder.hpp"
#include "client/cli/misbehavior.hpp"
#include "client/cli/party.hpp"
#include "client/words.hpp"
#include "messages/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct recorder_options {
  std::vector<std::string> dns;
  bool standby = false;
  bool exact = false;
  bool per_call = false;
  unsigned delay_ms = 0;
  double seconds = 0;
  std::vector<std::string> misbehave;
};

/// Answers that wait for their time. More than the broker's window of commands cannot be on their
/// way for long, so this is plenty.
constexpr std::size_t delayed_max = 100'000;

class recorder_party : public party {
public:
  recorder_party(const settings& common, const recorder_options& options, misbehavior wrong)
    : party(common), options_(options), wrong_(std::move(wrong)),
      delay_(wrong_.confirm_after.value_or(milliseconds{options.delay_ms})) {}

  int run() {
    identity who;
    who.role = role::recorder;
    who.capabilities = {capability::directed};
    if (options_.exact)
      who.capabilities.push_back(capability::exact_versions);
    if (options_.per_call)
      who.capabilities.push_back(capability::per_call);
    if (connect(who, true) && begin()) {
      out().note("recorder ready on " + std::to_string(registered()) + " DN" +
                 (registered() == 1 ? "" : "s"));
      auto end = end_after(options_.seconds);
      if (wrong_.silent)
        return be_silent_until(end);
      handle_until(end);
    }
    leave();
    return status();
  }

protected:
  steady_time on_turn() override {
    auto now = clock::now();
    for (; !due_.empty() && due_.front().when <= now; due_.pop_front())
      screen_->say(due_.front().order, due_.front().answer);
    return due_.empty() ? steady_time::max() : due_.front().when;
  }

private:
  struct delayed {
    steady_time when;
    client::recorder::order order;
    client::recorder::answer answer;
  };

  /// True if it is registered somewhere.
  bool begin() {
    registration how;
    how.standby = options_.standby;
    screen_.emplace(
      link(), [this](const client::recorder::order& o) { return on_order(o); }, how);
    for (auto& dn : options_.dns)
      if (screen_->record(dn) == registering::bad_dn) {
        out().complain("--dn " + printable_word(dn) + ": expected 1 to 255 bytes of UTF-8");
        fail(usage);
        return false;
      }
    return await_registrations(options_.dns) && registered() > 0;
  }

  std::size_t registered() {
    auto stands = [this](const std::string& dn) {
      return link().registration_of(dn) == registration_phase::registered;
    };
    return static_cast<std::size_t>(
      std::count_if(options_.dns.begin(), options_.dns.end(), stands));
  }

  /// Neither heard nor answered from now on, and no heartbeat: the link stands and is dead. There
  /// is nobody to sign off from then.
  int be_silent_until(steady_time end) {
    out().note("silent from now on");
    constexpr std::chrono::microseconds turn{50'000}; // how late a signal is seen at worst
    while (!stop_requested() && clock::now() < end)
      ::usleep(static_cast<useconds_t>(turn.count()));
    return status();
  }

  client::recorder::answer on_order(const client::recorder::order& o) {
    show(o);
    auto is_among = [&o](const std::set<capture_verb>& verbs) {
      return std::any_of(verbs.begin(), verbs.end(), [&o](auto verb) { return asks(o, verb); });
    };
    if (is_among(wrong_.crash_on))
      std::_Exit(lost); // no sign-off, no last word
    if (is_among(wrong_.ignored))
      return later;
    if (is_among(wrong_.failed))
      return after_delay(o, recorder_failure{1, "--misbehave says so"});
    return after_delay(o, options_.per_call ? o.of_call() : o.screen);
  }

  /// The order is this command, or a snapshot's wish that it would have made.
  static bool asks(const client::recorder::order& o, capture_verb verb) {
    return o.verb == verb || (o.verb == capture_verb::none && desired_by(verb) == o.screen);
  }

  void show(const client::recorder::order& o) {
    if (!out().json_wanted())
      return out().note(printable_word(o.this_dn) + " order: " + in_words(o));
    json order{{"screen", to_string(o.screen)}, {"command", to_string(o.verb)}};
    order["connection_id"] = to_string(o.connection);
    order["version"] = o.version.value;
    if (o.cause != broker_reason::unspecified)
      order["broker_reason"] = to_string(o.cause);
    out().object({{"order", std::move(order)}, {"dn", o.this_dn}});
  }

  client::recorder::answer after_delay(const client::recorder::order& o,
                                       client::recorder::answer what) {
    if (delay_ == milliseconds{0})
      return what;
    if (due_.size() < delayed_max) {
      due_.push_back({clock::now() + delay_, o, std::move(what)});
    } else {
      out().complain("too many answers wait; one to " + printable(o.this_dn) + " is dropped");
      fail(refused);
    }
    return later;
  }

  const recorder_options& options_;
  const misbehavior wrong_;
  const milliseconds delay_;
  std::deque<delayed> due_; // all with the same delay, so in the order of their time
  std::optional<client::recorder> screen_;
};

int run_recorder(const settings& common, const recorder_options& options) {
  misbehavior wrong;
  for (auto& text : options.misbehave)
    if (auto problem = add_misbehavior(text, wrong)) {
      console{common}.complain("--misbehave: " + *problem);
      return usage;
    }
  return recorder_party{common, options, std::move(wrong)}.run();
}

} // namespace

void add_recorder(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<recorder_options>();
  auto* verb =
    app.add_subcommand("recorder", "Play a screen recorder: do what is ordered, and say so");
  add_dn_list(*verb, options->dns)->required();
  verb->add_flag("--standby", options->standby, "Hear all, do not count as active, do not answer");
  verb->add_flag("--exact", options->exact, "Echo each order's version and id");
  verb->add_flag("--per-call", options->per_call,
                 "Sign on as a recorder that records calls apart, and answer for each");
  verb->add_option("--delay", options->delay_ms, "Milliseconds before each answer")
    ->check(CLI::Range(0u, 3'600'000u));
  verb->add_option("--misbehave", options->misbehave,
                   "What it does wrong: \"ignore VERB\", \"fail VERB\", \"confirm after TIME\", "
                   "\"crash on VERB\" (status 3), \"stop answering heartbeats\"; may repeat");
  add_for_option(*verb, options->seconds);
  verb->footer(std::string{"Example:\n  ringdown recorder --dn 7001 --dn 7002 --delay 50\n"
                           "  ringdown recorder --dn 7001 --misbehave \"ignore pause\"\n"
                           "SIGINT or SIGTERM signs off and ends it with status 0.\n"} +
               exit_status_help());
  verb->callback([&common, &status, options] { status = run_recorder(common, *options); });
}

} // namespace ringdown::cli
