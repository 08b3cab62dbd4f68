// `ringdown desktop`: agents' desktops, from a script or by hand.
#include "client/cli/agent.hpp"
#include "client/cli/line_input.hpp"
#include "client/script.hpp"
#include "messages/text.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct desktop_settings {
  std::vector<std::string> dns;
  std::string conn;
  std::string script;
  std::string role = "desktop";
  std::string mode = "share";
  std::string reason;
  std::string agent_id;
};

constexpr const char* prompt_help =
  "start stop pause resume query | wait 200ms | expect paused within 2s | expect-outcome "
  "confirmed\n"
  "send key=value\n"
  "with --role call_source: merge HEX into HEX | end-call HEX\n"
  "options of a command: conn=HEX if-version=N reason=TEXT; also: status, help, quit";

class desktop_party : public party {
public:
  desktop_party(const settings& common, const desktop_settings& options, conn_id connection)
    : party(common), options_(options), connection_(connection) {}

  int run(const std::optional<script>& steps) {
    if (begin()) {
      if (steps)
        run_script(*steps);
      else
        run_prompt();
      out().set_status({});
    }
    leave();
    return status();
  }

protected:
  steady_time on_turn() override {
    show_status();
    constexpr milliseconds renewed_after{100}; // the countdown shows tenths
    bool counts = out().is_terminal() && any([](auto& a) { return a.counts(); });
    return counts ? clock::now() + renewed_after : steady_time::max();
  }

private:
  bool begin() {
    identity who;
    who.role = *parse_role(options_.role);
    who.capabilities = {capability::outcomes, capability::directed, capability::coalesce_ok};
    desktop_options how;
    how.how.mode = *parse_registration_mode(options_.mode);
    how.agent_id = options_.agent_id;
    if (options_.dns.size() > 1)
      out().name_dns();
    if (!connect(who, true))
      return false;
    for (auto& dn : options_.dns)
      agents_.push_back(std::make_unique<agent>(*this, dn, how));
    return register_on(options_.dns, how.how);
  }

  template <class Is>
  bool any(Is is) const {
    return std::any_of(agents_.begin(), agents_.end(), [&](auto& a) { return is(*a); });
  }
  template <class Is>
  bool all(Is is) const {
    return std::all_of(agents_.begin(), agents_.end(), [&](auto& a) { return is(*a); });
  }

  void show_status() {
    if (is_leaving())
      return;
    std::vector<shown_status> all;
    for (auto& a : agents_)
      if (auto status = a->status())
        all.push_back(std::move(*status));
    out().set_status(all);
  }

  // ---- the script --------------------------------------------------------------------------

  void run_script(const script& steps) {
    for (auto& step : steps)
      if (stop_requested() || !perform(step))
        return;
    handle_until(clock::now() + common_.timeout(), [this] { return !outcomes_owed(); });
  }

  bool outcomes_owed() {
    return link().link().has(capability::outcomes) && // a broker of an earlier day does not tell
           any([](auto& a) { return a.outcome_owed(); });
  }

  /// False if going on makes no sense: the link is lost, no answer, an expectation failed.
  bool perform(const script_step& step) {
    return std::visit([this](const auto& s) { return one(s); }, step);
  }

  bool one(const script_send& s) {
    outgoing_event what;
    what.connection = s.connection.value_or(connection_);
    what.if_version = s.if_version;
    what.data = s.data;
    if (s.verb != capture_verb::none)
      what.reason = s.reason.empty() ? options_.reason : s.reason;
    handle_until(clock::now() + common_.timeout(),
                 [this] { return is_up(); }); // it may be coming back
    return all([&](agent& a) {
      what.this_dn = a.dn();
      return s.verb == capture_verb::none ? send(what) : a.command(s.verb, what);
    });
  }

  bool one(const script_expect_outcome& s) {
    auto name = std::string{to_string(s.wanted)};
    if (any([](auto& a) { return a.last() == nullptr; }))
      return expected_otherwise("no command was accepted that could end " + name);
    handle_until(clock::now() + s.within,
                 [&] { return all([&](auto& a) { return a.has_ended(s.wanted); }); });
    for (auto& a : agents_) {
      auto& ended = a->last()->ended;
      if (ended != s.wanted)
        return expected_otherwise(
          of(*a) + "the command's outcome is " +
          (ended ? std::string{to_string(*ended)} : std::string{"not told yet"}) + ", not " + name);
    }
    for (auto& a : agents_)
      a->last()->is_as_expected = true;
    return true;
  }

  /// Why a script does not go on.
  bool expected_otherwise(const std::string& text) {
    if (!stop_requested()) {
      out().complain(text);
      fail(lost);
    }
    return false;
  }

  std::string of(const agent& a) const {
    return agents_.size() == 1 ? std::string{} : printable_word(a.dn()) + ": ";
  }

  bool one(const script_merge& s) {
    return all([&](auto& a) { return merge_calls(a.dn(), s.old, s.into); });
  }
  bool one(const script_end_call& s) {
    return all([&](auto& a) { return end_call(a.dn(), s.connection); });
  }

  bool one(const script_wait& s) {
    handle_until(clock::now() + s.time);
    return !is_down();
  }

  bool one(const script_expect& s) {
    handle_until(clock::now() + s.within,
                 [&] { return all([&](auto& a) { return a.shown() == s.wanted; }); });
    for (auto& a : agents_)
      if (a->shown() != s.wanted)
        return expected_otherwise(of(*a) + "the light is " + std::string{to_string(a->shown())} +
                                  ", not " + std::string{to_string(s.wanted)});
    return true;
  }

  // ---- by hand -----------------------------------------------------------------------------

  void run_prompt() {
    is_by_hand_ = ::isatty(STDIN_FILENO) != 0;
    if (is_by_hand_)
      out().note(prompt_help);
    if (can_edit_lines() && out().is_terminal()) {
      line_editor editor;
      out().edit_with(&editor);
      take_lines_of(editor);
      out().edit_with(nullptr);
    } else {
      line_input input;
      take_lines_of(input);
    }
    if (!is_by_hand_)
      settle();
  }

  template <class Input>
  void take_lines_of(Input& input) {
    line_input::waiter wait = [this] { return wait_for_input(); };
    while (auto line = input.next(wait))
      if (!take_line(*line))
        return;
  }

  /// Behind a pipe's last line: what becomes of its commands is the exit status.
  void settle() {
    bool is_any_accepted = any([](auto& a) { return a.verdict() != all_well; });
    if (is_any_accepted && !link().link().has(capability::outcomes)) {
      out().note("this broker tells no outcomes: accepted is all that can be known");
      return fail(unconfirmed);
    }
    // Each is decided by its deadline, which the desktop knows.
    handle_until(clock::now() + desktop::outcome_wait_max + desktop::outcome_margin,
                 [this] { return !outcomes_owed(); });
    for (auto& a : agents_)
      fail(a->verdict());
  }

  /// Handles what comes from the broker until there is input. False: no more, please.
  bool wait_for_input() {
    while (!is_down() && !stop_requested()) {
      while (link().poll(milliseconds{0}))
        ;
      on_turn();
      if (is_input_ready())
        return true;
    }
    return false;
  }

  /// There is input; false behind something from the broker, or when a heartbeat is due.
  bool is_input_ready() {
    constexpr milliseconds turn_max{100}; // how late a signal is seen at worst
    pollfd entries[] = {{STDIN_FILENO, POLLIN, 0}, {link().descriptor(), link().poll_events(), 0}};
    auto now = clock::now();
    auto wake = std::clamp(link().next_deadline(), now, now + turn_max);
    auto timeout = static_cast<int>(std::chrono::ceil<milliseconds>(wake - now).count());
    return ::poll(entries, 2, timeout) > 0 && entries[0].revents != 0;
  }

  bool take_line(const std::string& line) {
    ++line_number_;
    if (line == "quit" || line == "exit")
      return false;
    if (line == "help" || line == "?") {
      out().note(prompt_help);
      return true;
    }
    if (line == "status")
      return all([&](auto& a) { return query_address(a.dn()).has_value() || !is_down(); });
    auto parsed = parse_script(line);
    if (auto* error = std::get_if<script_error>(&parsed)) {
      error->line = line_number_;
      out().complain(error->text());
      if (!is_by_hand_) // a person has seen it, and types it anew
        fail(usage);
      return true;
    }
    for (auto& step : std::get<script>(parsed))
      if (stop_requested() || (!perform(step) && is_down()))
        return false;
    return true;
  }

  const desktop_settings& options_;
  conn_id connection_;
  std::vector<std::unique_ptr<agent>> agents_;
  bool is_by_hand_ = false;
  std::size_t line_number_ = 0;
};

int run_desktop(const settings& common, const desktop_settings& options, bool scripted) {
  conn_id connection;
  if (!options.conn.empty())
    connection = *parse_conn_id(options.conn);
  std::optional<script> steps;
  if (scripted) {
    auto parsed = parse_script(options.script);
    if (auto* error = std::get_if<script_error>(&parsed)) {
      console{common}.complain("--script: " + error->text());
      return usage;
    }
    steps = std::get<script>(std::move(parsed));
  }
  return desktop_party{common, options, connection}.run(steps);
}

} // namespace

void add_desktop(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<desktop_settings>();
  auto* verb =
    app.add_subcommand("desktop", "Play an agent's desktop: send commands, see the light");
  add_dn_list(*verb, options->dns)->required();
  add_conn_option(*verb, options->conn);
  auto* script_option = verb->add_option(
    "--script", options->script,
    "Steps instead of standard input: commands (start, stop, pause, resume, query), "
    "wait TIME, expect STATE [within TIME], expect-outcome OUTCOME [within TIME], send key=value, "
    "merge HEX into HEX, end-call HEX; between commas");
  verb->add_option("--role", options->role, "Role at sign-on; call_source merges and ends calls")
    ->check(CLI::IsMember({"desktop", "supervisor", "admin", "call_source"}))
    ->capture_default_str();
  verb->add_option("--mode", options->mode, "Mode of registration")
    ->check(CLI::IsMember({"share", "private", "monitor"}))
    ->capture_default_str();
  add_why_options(*verb, options->reason, options->agent_id);
  verb->footer(
    "Example:\n"
    "  ringdown desktop --dn 7001 --script \"start, expect recording, pause reason=card, "
    "expect-outcome confirmed\"\n"
    "Without --script it reads the same steps line by line from standard input. Each step goes to "
    "all DNs, and an expectation is met when all meet it. An outcome that nobody expects is shown "
    "and is no failure. A script waits for its last outcomes, at most --timeout.\n" +
    exit_status_help());
  verb->callback([&common, &status, options, script_option] {
    status = run_desktop(common, *options, script_option->count() > 0);
  });
}

} // namespace ringdown::cli
