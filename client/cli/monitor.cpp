// `ringdown monitor`: shows everything that happens on some DNs, or on all of them.
#include "client/cli/party.hpp"

#include <deque>
#include <map>

namespace ringdown::cli {

using namespace ringdown::client;
using clock = std::chrono::steady_clock;

namespace {

struct monitor_options {
  std::vector<std::string> dns;
  bool all = false;
  double seconds = 0;
};

/// Shows each event with its sender's name. The broker tells that in a DN's snapshot only: an event
/// of somebody new waits until the snapshot was asked for, and what came behind it waits, too.
class watcher : public party {
public:
  explicit watcher(const settings& common) : party(common) {}

  int run(const monitor_options& options) {
    identity who;
    who.role = role::supervisor;
    who.application_name = "monitor";
    registration how;
    how.mode = registration_mode::monitor;
    how.hear_outcomes = true;
    auto dns = options.all ? std::vector{every_dn} : options.dns;
    out().show_times_and_senders();
    if (dns.size() > 1 || options.all)
      out().name_dns();
    if (connect(who) && register_on(dns, how))
      handle_until(end_after(options.seconds));
    show_all();
    leave();
    show_all();
    return status();
  }

protected:
  void show(const event& e) override {
    constexpr std::size_t waiting_max = 1000;
    if (out().json_wanted()) // which has ids
      return out().received(e);
    if (waiting_.size() == waiting_max)
      show_first();
    constexpr std::chrono::milliseconds patience{500};
    waiting_.push_back({e, clock::now() + patience});
    show_known();
  }

  void on_up() override { asked_.clear(); }

  steady_time on_turn() override {
    for (auto& one : waiting_)
      ask_for_sender(one.what);
    show_known();
    return waiting_.empty() ? steady_time::max() : waiting_.front().until;
  }

private:
  struct waiting_event {
    event what;
    steady_time until;
  };

  /// Whether the snapshot that may name a sender has come.
  enum class asked : std::uint8_t { sent, answered };

  bool is_known(const event& e) const {
    auto* said = std::get_if<event_user_event>(&e);
    if (said == nullptr || !said->origin || out().knows(said->origin))
      return true;
    auto found = asked_.find(said->origin);
    return found != asked_.end() && found->second == asked::answered;
  }

  void ask_for_sender(const event& e) {
    auto* said = std::get_if<event_user_event>(&e);
    if (said == nullptr || is_known(e) || asked_.contains(said->origin))
      return;
    constexpr std::size_t asked_max = 20'000; // twice the connections of a broker
    if (asked_.size() == asked_max)
      asked_.clear();
    asked_[said->origin] = asked::sent;
    look_up(said->this_dn, [this, origin = said->origin](const event_address_info&) {
      asked_[origin] = asked::answered;
    });
  }

  void show_known() {
    auto now = clock::now();
    while (!waiting_.empty() && (is_known(waiting_.front().what) || waiting_.front().until <= now))
      show_first();
  }

  void show_first() {
    out().received(waiting_.front().what);
    waiting_.pop_front();
  }

  void show_all() {
    while (!waiting_.empty())
      show_first();
  }

  std::deque<waiting_event> waiting_;
  std::map<client_id, asked> asked_;
};

} // namespace

void add_monitor(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<monitor_options>();
  auto* verb = app.add_subcommand("monitor", "Watch DNs as a supervisor: print all their events");
  auto* dns = add_dn_list(*verb, options->dns);
  auto* all = verb->add_flag(
    "--all", options->all, "Every DN, also those to come: commands, indications, alarms, outcomes");
  all->excludes(dns);
  add_for_option(*verb, options->seconds);
  verb->footer(std::string{"Example:\n  ringdown monitor --dn 7001 --dn 7002 --json\n"
                           "  ringdown monitor --all\n"} +
               exit_status_help());
  verb->callback([&common, &status, options] {
    if (options->dns.empty() && !options->all)
      throw CLI::RequiredError("--dn or --all");
    status = watcher{common}.run(*options);
  });
}

} // namespace ringdown::cli
