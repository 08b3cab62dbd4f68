// `ringdown recorder`: a screen recorder that keeps a believable capture state and answers
// commands with indications.
#include "client/recorder.hpp"
#include "client/cli/party.hpp"
#include "client/escape.hpp"

#include <algorithm>
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
  unsigned delay_ms = 0;
  double seconds = 0;
};

/// Answers that wait for their time. More than the broker's window of commands cannot be on their
/// way for long, so this is plenty.
constexpr std::size_t delayed_max = 100'000;

class recorder_party : public party {
public:
  recorder_party(const settings& common, const recorder_options& options)
    : party(common), options_(options) {}

  int run() {
    identity who;
    who.role = role::recorder;
    who.capabilities = {capability::directed};
    if (options_.exact)
      who.capabilities.push_back(capability::exact_versions);
    if (connect(who, true) && begin()) {
      out().note("recorder ready on " + std::to_string(registered()) + " DN" +
                 (registered() == 1 ? "" : "s"));
      handle_until(end_after(options_.seconds));
    }
    leave();
    return status();
  }

protected:
  steady_time on_turn() override {
    auto now = clock::now();
    for (; !due_.empty() && due_.front().when <= now; due_.pop_front())
      screen_->say(due_.front().what, due_.front().what.what.state);
    return due_.empty() ? steady_time::max() : due_.front().when;
  }

private:
  struct delayed {
    steady_time when;
    client::recorder::order what;
  };

  /// True if it is registered somewhere.
  bool begin() {
    registration how;
    how.standby = options_.standby;
    screen_.emplace(
      link(), [this](const client::recorder::order& o) { return on_order(o); }, how);
    for (auto& dn : options_.dns)
      if (screen_->record(dn) == registering::bad_dn) {
        out().complain("--dn " + escaped_word(dn) + ": expected 1 to 255 bytes of UTF-8");
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

  std::optional<capture_state> on_order(const client::recorder::order& o) {
    if (options_.delay_ms == 0)
      return o.what.state;
    if (due_.size() < delayed_max) {
      due_.push_back({clock::now() + milliseconds{options_.delay_ms}, o});
    } else {
      out().complain("too many answers wait; one to " + escaped(o.what.this_dn) + " is dropped");
      fail(refused);
    }
    return std::nullopt;
  }

  const recorder_options& options_;
  std::deque<delayed> due_; // all with the same delay, so in the order of their time
  std::optional<client::recorder> screen_;
};

} // namespace

void add_recorder(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<recorder_options>();
  auto* verb = app.add_subcommand("recorder", "Play a screen recorder: answer commands");
  add_dn_list(*verb, options->dns)->required();
  verb->add_flag("--standby", options->standby, "Hear all, do not count as active, do not answer");
  verb->add_flag("--exact", options->exact, "Echo each command's version and id");
  verb->add_option("--delay", options->delay_ms, "Milliseconds before each answer")
    ->check(CLI::Range(0u, 3'600'000u));
  add_for_option(*verb, options->seconds);
  verb->footer(std::string{"Example:\n  ringdown recorder --dn 7001 --dn 7002 --delay 50\n"
                           "SIGINT or SIGTERM signs off and ends it with status 0.\n"} +
               exit_status_help);
  verb->callback([&common, &status, options] { status = recorder_party{common, *options}.run(); });
}

} // namespace ringdown::cli
