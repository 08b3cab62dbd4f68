// docs/configuration.md, made from the table.
#include "broker/config/config.hpp"

#include "broker/config/table.hpp"

namespace ringdown::configuration {
namespace {

constexpr std::string_view introduction = R"(# Configuration of ringdownd

<!-- Made by ringdown-docs from broker/config/table.cpp: do not edit. -->

A value comes from the strongest source that has it:

1. a flag: `--listen.port=7481`, `--listen.port 7481`; a boolean may stand alone:
   `--listen.allow_unauthenticated`. The last one wins.
2. a variable of the environment: `RINGDOWN_LISTEN_PORT=7481` (the key in capitals, dots as `_`).
3. the file given by `--config FILE`, otherwise `/etc/ringdown/ringdownd.toml` if it exists.
4. the default.

`ringdownd --print-config` shows all values and where each came from, as a file that can be used
again; `ringdownd --check-config` only checks. All errors are told at once, one a line, with file,
line, column and the nearest right name; the daemon then ends with exit status 2. A variable that
begins with `RINGDOWN_` and names no key is a warning (but `RINGDOWN_CONNECT`, which is the command
line tool's). The file may have 1 MiB, that of `dns.file` 64 MiB.

[broker/config/ringdownd.example.toml](../broker/config/ringdownd.example.toml) holds every key.

## How values are written

| kind | in the file | in flags and the environment |
|---|---|---|
| whole number | `7480` | `7480` |
| boolean | `true`, `false` | `true`, `false` |
| size | `4194304` (bytes) or `"4 MiB"`; units B, KiB, MiB, GiB | `4194304`, `4MiB`, `"4 MiB"` |
| duration | `5000` (milliseconds) or `"5 s"`; units ms, s, min, h | `5000`, `5s`, `"5 s"` |
| string, path, address, choice | `"loop"` | `loop` |
| array of DNs | `["7001", "7002"]` | `7001,7002` (a DN with a comma needs the file) |

## Reload

SIGHUP reads all sources again. If anything is wrong, the errors are logged, the service manager's
status says so, and nothing changes. Otherwise keys marked *yes* under "reload" take effect at once;
a changed key marked *no* is logged and waits for a restart.

Two accidents look like a configuration and are refused as well:

- a configuration file that was there and is away (an editor's rename), the default one too;
- a list of DNs that has lost more than `dns.removed_percent_max` of its DNs, or is gone altogether,
  so that any DN would be accepted. If it is meant so, send SIGHUP once more: the same list is then
  believed.

## Signals

| signal | what the daemon does |
|---|---|
| SIGTERM, SIGINT, SIGQUIT | drains: stops accepting, tells the clients, finishes what is in flight, and ends with status 0. A second one ends it at once, with status 1 if clients were left |
| SIGHUP | reloads, and opens the log file anew |
| SIGPIPE, SIGXFSZ | nothing; the write that failed says so |
| SIGUSR1, SIGUSR2, SIGALRM and others that end a program unasked | a warning in the log, and no more |
| SIGSTOP, SIGTSTP, SIGCONT; SIGSEGV, SIGABRT and other faults | what the system does |

One that comes while the daemon starts waits until it listens. Exit status: 0 in order, 1 not
drained in time, 2 could not start, 3 the broker failed (its log says how; systemd starts it again).

## Log

Nothing in the broker waits for its log: lines go into a queue of 1 MiB, with 256 KiB more for
warnings and errors, and a thread writes them: warnings and errors at once, the rest within 10 ms,
as one write. What finds no room because a disk or a reader is slow, or cannot be written, is lost;
`lines of the log were lost` says how many, as soon as a line can be written. When the daemon
ends it waits a second for the rest of its log.

In each second five lines of a kind are written. Beyond them warnings and errors are left out, other
lines only when `log.bytes_per_second_max` is spent; `repeated message suppressed` counts them. A
FIFO may be `log.file` if it has a reader.
)";

/// A text inside a cell of a table.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|')
      result += '\\';
    result += c;
  }
  return result;
}

std::string row(const key_info& k) {
  std::string result = "| `" + k.name.substr(k.name.rfind('.') + 1) + '`';
  if (!k.short_flag.empty())
    result += " (`" + k.short_flag + "`)";
  result += " | `" + cell(k.default_text) + "` | " + cell(k.range);
  if (!k.unit.empty())
    result += ' ' + k.unit;
  result += " | ";
  result += k.reloadable ? "yes" : "no";
  return result + " | " + cell(k.doc) + " |\n";
}

} // namespace

std::string manual() {
  std::string out{introduction};
  std::string section;
  for (const auto& k : keys()) {
    const auto of_key = k.name.substr(0, k.name.rfind('.'));
    if (of_key != section) {
      section = of_key;
      out += "\n## [" + section + "]\n\n| key | default | accepted | reload | meaning |\n" +
             "|---|---|---|---|---|\n";
    }
    out += row(k);
  }
  out += "\n## What must hold between keys\n\n";
  for (const auto& sentence : relations())
    out += "- " + sentence + ".\n";
  return out;
}

} // namespace ringdown::configuration
