// `ringdown desktop`: an agent's desktop, from a script or by hand.
#include "client/desktop.hpp"
#include "client/cli/party.hpp"
#include "client/describe.hpp"
#include "client/escape.hpp"
#include "client/script.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct desktop_options {
  std::string dn;
  std::string conn;
  std::string script;
  std::string role = "desktop";
  std::string mode = "share";
};

constexpr const char* prompt_help =
  "start stop pause resume query | wait 200ms | expect paused within 2s | expect-outcome "
  "confirmed\n"
  "send key=value\n"
  "with --role call_source: merge HEX into HEX | end-call HEX\n"
  "options of a command: conn=HEX if-version=N; also: status, help, quit";

class desktop_party : public party {
public:
  desktop_party(const settings& common, const desktop_options& options, conn_id connection)
    : party(common), options_(options), connection_(connection) {}

  int run(const std::optional<script>& steps) {
    if (begin()) {
      if (steps)
        run_script(*steps);
      else
        run_prompt();
      out().set_prompt({});
    }
    leave();
    return status();
  }

protected:
  steady_time on_turn() override {
    show_status();
    constexpr milliseconds renewed_after{100}; // the countdown shows tenths
    bool counts = out().is_terminal() && agent_ && agent_->view().pending;
    return counts ? clock::now() + renewed_after : steady_time::max();
  }

private:
  bool begin() {
    identity who;
    who.role = *parse_role(options_.role);
    who.capabilities = {capability::outcomes, capability::directed, capability::coalesce_ok};
    registration how;
    how.mode = *parse_registration_mode(options_.mode);
    if (!connect(who, true))
      return false;
    agent_.emplace(
      link(), options_.dn,
      [this](const light_view& now) {
        if (!is_leaving()) // then it goes out because this program goes
          on_view(now);
      },
      how);
    // Behind the helper's own: what is unknown from the start is shown too, once.
    (void)link().listen(alive_, options_.dn, [this](const notice& n) {
      auto* registered = std::get_if<registration_notice>(&n);
      if (registered != nullptr && registered->snapshot && !light_shown_)
        on_view(agent_->view());
    });
    return register_on({options_.dn}, how);
  }

  // ---- what is shown -----------------------------------------------------------------------

  void on_view(const light_view& now) {
    auto before = std::exchange(shown_, now);
    if (!std::exchange(light_shown_, true) || now.state != before.state)
      out().light(options_.dn, now.state);
    if (now.alarm != before.alarm)
      out().alarm(options_.dn, now.alarm);
    if (now.pending && (!before.pending || now.pending->command != before.pending->command)) {
      out().pending(options_.dn, *now.pending);
      deadline_.reset();
      if (out().is_terminal()) // the countdown needs to know the broker's deadline
        look_up(options_.dn, [this](const event_address_info& i) { learn_deadline(i); });
    }
    show_status();
  }

  void learn_deadline(const event_address_info& info) {
    std::int64_t left_us = 0;
    for (auto& s : info.snapshot.sessions)
      if (s.pending != 0)
        left_us = std::max(left_us, s.deadline_time_us - info.time_us);
    if (left_us > 0)
      deadline_ = clock::now() + std::chrono::microseconds{left_us};
  }

  void show_status() {
    if (!agent_ || !light_shown_ || is_leaving())
      return;
    std::optional<milliseconds> left;
    if (deadline_)
      left = std::chrono::ceil<milliseconds>(*deadline_ - clock::now());
    out().set_prompt("ringdown " + escaped(options_.dn) + " " + status_line(shown_, left) + "> ");
  }

  // ---- the script --------------------------------------------------------------------------

  void run_script(const script& steps) {
    for (auto& step : steps)
      if (stop_requested() || !perform(step))
        return;
    handle_until(clock::now() + common_.timeout(), [this] { return !outcomes_owed(); });
  }

  bool outcomes_owed() { return tells_outcomes() && agent_->view().pending; }
  /// A broker of an earlier day does not.
  bool tells_outcomes() { return link().link().has(capability::outcomes); }

  /// False if going on makes no sense: the link is lost, no answer, an expectation failed.
  bool perform(const script_step& step) {
    return std::visit([this](const auto& s) { return one(s); }, step);
  }

  bool one(const script_send& s) {
    outgoing_event what;
    what.this_dn = options_.dn;
    what.connection = s.connection.value_or(connection_);
    what.if_version = s.if_version;
    what.data = s.data;
    handle_until(clock::now() + common_.timeout(),
                 [this] { return is_up(); }); // it may be coming back
    return s.verb == capture_verb::none ? send(what) : command(s.verb, std::move(what));
  }

  bool command(capture_verb verb, outgoing_event what) {
    last_ = std::make_shared<std::optional<outcome>>();
    auto told = [this, last = last_](const event_outcome& o) {
      *last = o.result;
      if (o.time_us == 0 && tells_outcomes())
        out().doubt(o);
    };
    std::optional<completion> done;
    auto sent = agent_->send(
      verb, std::move(what), [&done](const completion& c) { done = c; }, told);
    bool answered = await(sent, done);
    if (!done || !*done)
      last_.reset(); // it has none
    return answered;
  }

  bool one(const script_expect_outcome& s) {
    if (!last_)
      return expected_otherwise("no command was accepted that could end " +
                                std::string{to_string(s.wanted)});
    handle_until(clock::now() + s.within, [this] { return last_->has_value(); });
    if (*last_ == s.wanted)
      return true;
    auto ended = *last_ ? std::string{to_string(**last_)} : std::string{"not told yet"};
    return expected_otherwise("the command's outcome is " + ended + ", not " +
                              std::string{to_string(s.wanted)});
  }

  /// Why a script does not go on.
  bool expected_otherwise(const std::string& text) {
    if (!stop_requested()) {
      out().complain(text);
      fail(lost);
    }
    return false;
  }

  bool one(const script_merge& s) { return merge_calls(options_.dn, s.old, s.into); }
  bool one(const script_end_call& s) { return end_call(options_.dn, s.connection); }

  bool one(const script_wait& s) {
    handle_until(clock::now() + s.time);
    return !is_down();
  }

  bool one(const script_expect& s) {
    auto shown = [&] { return agent_->shown() == s.wanted; };
    handle_until(clock::now() + s.within, shown);
    return shown() || expected_otherwise("the light is " + std::string{to_string(agent_->shown())} +
                                         ", not " + std::string{to_string(s.wanted)});
  }

  // ---- by hand -----------------------------------------------------------------------------

  void run_prompt() {
    if (::isatty(STDIN_FILENO) != 0)
      out().note(prompt_help);
    std::string pending;
    bool open = true;
    while (open && !is_down() && !stop_requested()) {
      while (link().poll(milliseconds{0}))
        ;
      on_turn();
      if (wait_for_input())
        open = read_input(pending);
      open = take_lines(pending, !open) && open;
    }
  }

  /// Until there is input, something from the broker, or a heartbeat is due.
  bool wait_for_input() {
    constexpr milliseconds turn_max{100}; // how late a signal is seen at worst
    pollfd entries[] = {{STDIN_FILENO, POLLIN, 0}, {link().descriptor(), link().poll_events(), 0}};
    auto now = clock::now();
    auto wake = std::clamp(link().next_deadline(), now, now + turn_max);
    auto timeout = static_cast<int>(std::chrono::ceil<milliseconds>(wake - now).count());
    return ::poll(entries, 2, timeout) > 0 && entries[0].revents != 0;
  }

  /// False at the end of the input.
  static bool read_input(std::string& pending) {
    char bytes[4096];
    auto got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0)
      return errno == EINTR || errno == EAGAIN;
    pending.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  /// Performs the whole lines; the rest too at the end of input. False: no more, please.
  bool take_lines(std::string& pending, bool all) {
    for (;;) {
      auto end = pending.find('\n');
      if (end == std::string::npos && !(all && !pending.empty()))
        break;
      auto line = pending.substr(0, end);
      pending.erase(0, end == std::string::npos ? pending.size() : end + 1);
      if (!take_line(line))
        return false;
    }
    if (pending.size() > script_bytes_max) {
      out().complain("a line above " + std::to_string(script_bytes_max) + " bytes");
      fail(usage);
      return false;
    }
    return true;
  }

  bool take_line(const std::string& line) {
    if (line == "quit" || line == "exit")
      return false;
    if (line == "help" || line == "?") {
      out().note(prompt_help);
      return true;
    }
    if (line == "status")
      return query_address(options_.dn).has_value() || !is_down();
    auto parsed = parse_script(line);
    if (auto* error = std::get_if<script_error>(&parsed)) {
      out().complain(error->text());
      fail(usage);
      return true;
    }
    for (auto& step : std::get<script>(parsed))
      if (stop_requested() || (!perform(step) && is_down()))
        return false;
    return true;
  }

  const desktop_options& options_;
  conn_id connection_;
  light_view shown_;
  bool light_shown_ = false;
  std::optional<steady_time> deadline_;                  // of the pending command, once it is known
  std::shared_ptr<std::optional<outcome>> last_;         // of the last accepted command
  std::shared_ptr<int> alive_ = std::make_shared<int>(); // of the listener
  std::optional<client::desktop> agent_;
};

int run_desktop(const settings& common, const desktop_options& options, bool scripted) {
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
  auto options = std::make_shared<desktop_options>();
  auto* verb =
    app.add_subcommand("desktop", "Play an agent's desktop: send commands, see the light");
  verb->add_option("--dn", options->dn, "The agent's DN")->required();
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
  verb->footer(
    "Example:\n"
    "  ringdown desktop --dn 7001 --script \"start, expect recording, pause, "
    "expect-outcome confirmed\"\n"
    "Without --script it reads the same steps line by line from standard input. An "
    "outcome that nobody expects is shown and is no failure. A script waits for its last "
    "outcomes, at most --timeout.\n" +
    exit_status_help());
  verb->callback([&common, &status, options, script_option] {
    status = run_desktop(common, *options, script_option->count() > 0);
  });
}

} // namespace ringdown::cli
