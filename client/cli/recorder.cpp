// `ringdown recorder`: a screen recorder that keeps a believable capture state and answers
// commands with indications.
#include "client/cli/party.hpp"
#include "client/describe.hpp"
#include "client/escape.hpp"

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

/// Answers that wait for their time or for room in the window. More than the broker's window of
/// commands cannot be on their way for long, so this is plenty.
constexpr std::size_t indications_max = 100'000;

class recorder : public party {
public:
  recorder(const settings& common, const recorder_options& options)
    : party(common), options_(options) {}

  int run() {
    identity who;
    who.role = role::recorder;
    who.capabilities = {capability::directed};
    if (options_.exact)
      who.capabilities.push_back(capability::exact_versions);
    registration how;
    how.standby = options_.standby;
    if (connect(who) && register_on(options_.dns, how) && registered_ > 0) {
      out().note("recorder ready on " + std::to_string(registered_) + " DN" +
                 (registered_ == 1 ? "" : "s"));
      handle_until(end_after(options_.seconds));
    }
    leave();
    return status();
  }

protected:
  void on_event(const event& e) override {
    if (auto* user_event = std::get_if<event_user_event>(&e)) {
      answer(model_.on_event(*user_event));
    } else if (auto* registered = std::get_if<event_registered>(&e)) {
      ++registered_;
      answer(model_.on_snapshot(registered->this_dn, registered->snapshot));
    } else if (auto* info = std::get_if<event_address_info>(&e)) {
      answer(model_.on_snapshot(info->this_dn, info->snapshot));
    } else if (auto* missed = std::get_if<event_missed>(&e)) {
      if (!link().query_address(missed->this_dn))
        out().complain("missed events of " + escaped(missed->this_dn) + " and cannot ask");
    } else if (auto* unregistered = std::get_if<event_unregistered>(&e)) {
      model_.forget(unregistered->this_dn);
    }
  }

  steady_time on_turn() override {
    auto now = clock::now();
    while (!due_.empty() && due_.front().when <= now) {
      if (!say(due_.front().what))
        return now + milliseconds{1}; // answers will make room
      due_.pop_front();
    }
    return due_.empty() ? steady_time::max() : due_.front().when;
  }

private:
  struct delayed {
    steady_time when;
    indication what;
  };

  /// A standby recorder keeps the state and stays quiet: the active one answers.
  void answer(const std::vector<indication>& indications) {
    if (options_.standby)
      return;
    auto when = clock::now() + milliseconds{options_.delay_ms};
    for (auto& what : indications) {
      if (due_.size() == indications_max) {
        out().complain("too many answers wait; one to " + escaped(what.this_dn) + " is dropped");
        fail(refused);
        continue;
      }
      due_.push_back({when, what});
    }
  }

  /// False if it must be tried again.
  bool say(const indication& what) {
    auto event = outgoing_event::capture(what.this_dn, indication_of(what.state), what.connection);
    if (options_.exact) {
      event.version = what.version;
      event.command = what.command;
    }
    if (link().link().has(capability::directed))
      event.directed = what.asked_by;
    auto sent = link().send_event(event);
    if (sent)
      out().sent(describe_request(sent.reference, event), to_json(sent.reference, event, false));
    return sent.status != send_status::window_full && sent.status != send_status::buffer_full;
  }

  const recorder_options& options_;
  recorder_model model_;
  std::deque<delayed> due_; // all with the same delay, so in the order of their time
  std::size_t registered_ = 0;
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
  verb->callback([&common, &status, options] { status = recorder{common, *options}.run(); });
}

} // namespace ringdown::cli
