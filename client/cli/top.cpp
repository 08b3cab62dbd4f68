// `ringdown top`: one screen that is shown anew each second, trouble first.
#include "client/cli/top_screen.hpp"

#include "client/cli/text_table.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

namespace ringdown::cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds between_looks{1};

/// The terminal's other screen, with keys that are heard at once; as it was when this goes.
class full_screen {
public:
  full_screen() : has_keys_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    auto keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO); // signals stay: control and C ends it
    for (auto leaving : {VQUIT, VSUSP})                    // would leave the terminal as it is
      keys.c_cc[leaving] = _POSIX_VDISABLE;
    if (has_keys_)
      ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    say("\033[?1049h\033[?25l");
  }
  ~full_screen() {
    say("\033[?25h\033[?1049l");
    if (has_keys_)
      ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  full_screen(const full_screen&) = delete;
  full_screen& operator=(const full_screen&) = delete;

  /// Each line over the former one, so that nothing flickers.
  void show(const std::vector<std::string>& lines, const std::string& keys) {
    std::string text = "\033[H";
    for (auto& line : lines)
      text += line + "\033[K\r\n";
    say(text + "\033[K  " + keys + "\033[J");
  }

private:
  static void say(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

  termios before_{};
  bool has_keys_;
};

/// All but the last line, in which the keys stand, and the one before, which ends.
std::size_t lines_of_terminal() {
  winsize size{};
  constexpr std::size_t usual = 24;
  bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;
  return (is_known ? size.ws_row : usual) - 1;
}

/// The keys that were pressed until then, the first of them at once; an end of the input ends it.
std::vector<top_press> keys_before(clock::time_point until, top_state& state) {
  while (!stop_requested()) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0)
      return {};
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    if (::poll(&keys, 1, static_cast<int>(left)) <= 0)
      continue;
    char bytes[64];
    auto got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got > 0)
      return keys_of({bytes, static_cast<std::size_t>(got)});
    break;
  }
  state.is_over = true;
  return {};
}

int show_once(const admin_port& port, const settings& common) {
  auto facts = look(port);
  if (!facts.failed.problem.empty())
    return complain(facts.failed);
  if (common.json) {
    auto alarms = json::array();
    for (auto& one : facts.alarms)
      alarms.push_back(one.text);
    json all{{"summary", facts.summary}, {"alarmed", facts.alarmed}, {"alarms", alarms},
             {"paused", facts.paused},   {"owed", facts.owed},       {"slow", facts.slow}};
    std::printf("%s\n", dump(all).c_str());
    return all_well;
  }
  for (auto& line : top_screen(facts, output_columns(), 0))
    std::printf("%s\n", line.c_str());
  return all_well;
}

/// A broker that does not answer is shown as such: it may come back. One that refuses the first
/// question ends it, in words that stay.
int show_until_ended(const admin_port& port) {
  catch_stop_signals();
  auto facts = look(port);
  if (!facts.failed.problem.empty())
    return complain(facts.failed);
  full_screen terminal;
  top_state state;
  auto next = clock::now() + between_looks;
  while (!state.is_over) {
    auto columns = output_columns();
    terminal.show(top_screen(facts, columns, lines_of_terminal(), state),
                  cut_to(keys_line(state), columns > 2 ? columns - 2 : columns));
    auto before = state;
    for (auto press : keys_before(next, state))
      state = step(std::move(state), press, top_dns(facts, state));
    // What is shown now was not asked for before.
    bool is_other =
      before.opened != state.opened || before.view != state.view || before.filter != state.filter;
    if (state.is_over || (!is_other && clock::now() < next))
      continue;
    next = clock::now() + between_looks;
    facts = look(port, state);
  }
  return all_well;
}

int run_top(const admin_port& port, const settings& common, bool once) {
  bool is_terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  if (once || common.json)
    return show_once(port, common);
  if (is_terminal)
    return show_until_ended(port);
  std::fprintf(stderr, "ringdown: top: there is no terminal: accepted is --once\n");
  return usage;
}

} // namespace

void add_top(CLI::App& app, const settings& common, int& status) {
  auto once = std::make_shared<bool>(false);
  auto* verb = app.add_subcommand(
    "top", "Show the broker in one screen, each second anew: trouble first; q ends it");
  verb->add_flag("--once", *once, "Print one screen and end, as with --json");
  verb->footer(
    std::string{
      "Example:\n  ringdown top\n  ringdown top --once\n"
      "Keys: / filters by what stands in a DN, or a client's id, name or address; p shows all "
      "that is paused, s all slow clients; up and down choose a DN, enter says why its light is "
      "so; escape goes back; q ends.\n"
      "First alarms, then clients whose commands are not confirmed yet, the "
      "DNs at which a pause stands that recorders do not obey and those that are paused for "
      "longest, and slow clients; five of each.\n"} +
    exit_status_help());
  verb->callback([&common, &status, once] {
    status =
      with_admin_port(common, [&](const admin_port& port) { return run_top(port, common, *once); });
  });
}

} // namespace ringdown::cli
