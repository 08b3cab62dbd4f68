#include "docs/generate/cli_page.hpp"

#include "client/cli/settings.hpp"
#include "docs/generate/table.hpp"

#include <set>

namespace ringdown::docs {
namespace {

constexpr std::string_view introduction = R"(# The command line

<!-- Made by ringdown-docs from client/cli: do not edit. -->

`ringdown` plays the parties of the broker and shows what they say: what each sends (`->`) and hears
(`<-`), a line each, or with `--json` an object each. What became of a command is also told in
words: `pause timed_out: not confirmed: the recorder still records`. `ringdown VERB --help` says the
same as this page, `ringdown --version` which version it is.

```sh
ringdown pause 7001     # confirmed by video-3 in 103 ms: the recording is paused
ringdown resume 7001
echo pause | ringdown desktop --dn 7001    # the exit status says what became of it
```

## Exit status

| status | when |
|---|---|
)";

constexpr std::string_view languages = R"(
## The steps of a script

`ringdown desktop --script` takes them between commas, semicolons or new lines; without it they are
read from standard input, line by line. `#` begins a comment. With several DNs each step goes to all
of them, and what is expected is expected of all.

| step | what |
|---|---|
| `start`, `stop`, `pause`, `resume`, `query` | sends the command; `conn=HEX`, `if-version=N` and `reason=TEXT` may follow |
| `wait TIME` | goes on after that time: `200ms`, `2s` |
| `expect STATE [within TIME]` | goes on once the light is `recording`, `paused`, `off` or `unknown`; status 3 if it is not within 5 s, or that time |
| `expect-outcome OUTCOME [within TIME]` | goes on once the last command ended as `confirmed`, `timed_out`, `partial`, `superseded`, `held`, `recorder_lost`, `failed` or `unknown`; status 3 if otherwise, or not within 5 s, or that time. One that is `held` ends once more, when it is let go |
| `send key=value` | sends user data: also `n:key=NUMBER`, `b:key=HEX`, `s:key=value` |
| `merge HEX into HEX`, `end-call HEX` | as a call source: two calls have become one; a call is over |
| `status`, `help`, `quit` | from standard input only |

From a pipe, the end of the input or `quit` is followed by the outcomes of what was sent, each by
its deadline; the exit status is 0 only if all are `confirmed`, or as an `expect-outcome` wants
them. A line that is no step is named, the others are done, and the status is 2.

By hand, on a terminal, a line that is no step ends nothing. The prompt shows what the agent is
shown. Up and down recall lines, control and R searches them, the tabulator completes words; what
is half typed stays when something comes. It is libedit that does it:
[decision 11](decisions/0011-the-line-that-is-typed.md).

## The light on a terminal

| light | shape | colour | why |
|---|---|---|---|
| RECORDING | `(*)` | red | the lamp of a camera that runs |
| PAUSED | `(=)` | cyan | nothing is recorded, for a time: told from red and yellow by everybody's eyes, as green is not; and green says that all is well, which a forgotten pause is not |
| OFF | `( )` | grey | nothing to see to |
| UNKNOWN | `(?)` | yellow | do not rely on anything |

The word is always there. Shape and colour need a terminal that has a name (`TERM`) and is not
`dumb`; `--no-color`, or `NO_COLOR` set and not empty, leaves the shape alone. Errors, alarms and
outcomes that are not as wished are red lines.

## What a recorder can do wrong

`ringdown recorder --misbehave` takes one of these and may be given several times. What a desktop is
told then: [confirmed-control.md](confirmed-control.md).

| misbehavior | what |
|---|---|
| `ignore VERB` | neither does nor answers the command |
| `fail VERB` | says `failed` to it and stays as it is |
| `confirm after TIME` | answers each command so late, in place of `--delay` |
| `crash on VERB` | ends at once with status 3, without a last word |
| `stop answering heartbeats` | registers, then keeps its link open and is silent |
)";

/// `UINT:UINT in [1 - 9]` says the type twice.
std::string value_of(const CLI::Option& option) {
  auto type = option.get_type_name();
  return type.substr(type.find(':') + 1);
}

std::string meaning_of(const CLI::Option& option) {
  auto text = option.get_description();
  if (option.get_required())
    text += ". Required";
  if (!option.get_envname().empty())
    text += ". Environment: `" + option.get_envname() + "`";
  std::set<std::string> others; // by name: the page is the same whenever it is made
  for (auto* other : option.get_excludes())
    others.insert("`" + other->get_name() + "`");
  std::string excluded;
  for (auto& other : others)
    excluded += (excluded.empty() ? "" : ", ") + other;
  return excluded.empty() ? text : text + ". Not with " + excluded;
}

void add_options(std::string& out, const CLI::App& app) {
  std::string rows;
  for (auto* option : app.get_options()) {
    if (option == app.get_help_ptr() || option == app.get_version_ptr())
      continue;
    rows += '|';
    add_cell(rows, "`" + option->get_name(true, true) + "`");
    add_cell(rows, value_of(*option));
    add_cell(rows, option->get_default_str());
    add_cell(rows, meaning_of(*option));
    rows += '\n';
  }
  if (!rows.empty())
    out += "\n| flag | value | default | what |\n|---|---|---|---|\n" + rows;
}

/// Without the flags and exit statuses that all have in common.
std::string own_footer(const CLI::App& verb) {
  auto text = verb.get_footer();
  for (auto& common : {std::string{cli::common_flags_title}, cli::exit_status_help()})
    if (auto begin = text.find(common); begin != std::string::npos)
      text.erase(begin);
  while (text.ends_with('\n'))
    text.pop_back();
  return text + '\n';
}

} // namespace

std::string cli_page() {
  CLI::App app;
  cli::settings common;
  int status = 0;
  cli::describe_program(app, common, status);
  std::string out{introduction};
  for (auto& row : cli::exit_statuses) {
    out += '|';
    add_cell(out, std::to_string(row.status));
    add_cell(out, row.when);
    out += '\n';
  }
  out += "\n## For every verb\n";
  add_options(out, app);
  for (auto* verb : app.get_subcommands({})) {
    out += "\n## ringdown " + verb->get_name() + "\n\n" + verb->get_description() + ".\n";
    add_options(out, *verb);
    out += "\n```\n" + own_footer(*verb) + "```\n";
  }
  return out += languages;
}

} // namespace ringdown::docs
