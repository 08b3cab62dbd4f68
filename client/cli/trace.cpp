// `ringdown trace`: what passes on one DN or for one client, live, for a bounded time.
#include "client/cli/admin_port.hpp"
#include "client/cli/trace_text.hpp"
#include "messages/ids.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <poll.h>

#include <cstdio>
#include <memory>

namespace ringdown::cli {

namespace {

/// Between two looks at what has come: soon enough for a person, and a quarter of what a busy
/// loop's trace holds.
constexpr std::chrono::milliseconds between_pages{200};
/// A page of the port's at its longest.
constexpr std::size_t page_lines_max = 1000;

struct trace_options {
  std::string dn;
  std::string client;
  std::string time = "30s";
};

int complain_of(const std::string& problem) {
  std::fprintf(stderr, "ringdown: trace: %s\n", problem.c_str());
  return usage;
}

/// The path that opens it; what is wrong is said, and it is empty.
std::string target_of(const trace_options& options) {
  if (options.dn.empty() && options.client.empty()) {
    complain_of("accepted is --dn or --client");
    return {};
  }
  auto time = parse_trace_time(options.time);
  if (!time) {
    complain_of(
      fmt::format("--for '{}': expected {}", printable(options.time), accepted_trace_times));
    return {};
  }
  auto target = fmt::format("/api/v1/traces?for={}&", time->count());
  if (options.client.empty())
    return target + "dn=" + percent_encoded(options.dn);
  auto id = parse_conn_id(options.client); // the same digits
  if (id && *id)
    return target + "client=" + to_string(*id);
  complain_of(fmt::format("--client '{}': expected a client's id, 1 to 16 hex digits (ringdown "
                          "connections)",
                          printable(options.client)));
  return {};
}

void show(const json& page, bool as_json) {
  auto print = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  if (auto count = number_of(page, "lost"); count != 0)
    print(as_json ? dump(json{{"lost", count}})
                  : fmt::format("-- {} lines were lost: more came than were read", count));
  for (auto& line : list_of(page, "lines"))
    print(as_json ? dump(line) : trace_line_text(line));
  std::fflush(stdout);
}

/// Until the trace is over, or a signal. What is wrong otherwise.
admin_answer follow(const admin_port& port, const std::string& path, bool as_json) {
  std::string after;
  while (!stop_requested()) {
    auto target = fmt::format("{}?limit={}", path, page_lines_max);
    if (!after.empty())
      target += "&after=" + percent_encoded(after);
    auto answer = port.get(target);
    if (!answer.problem.empty())
      return stop_requested() ? admin_answer{} : answer;
    show(answer.body, as_json);
    after = text_of(answer.body, "next");
    if (flag_of(answer.body, "over"))
      return {};
    if (list_of(answer.body, "lines").size() < page_lines_max)
      ::poll(nullptr, 0, static_cast<int>(between_pages.count())); // a signal ends it
  }
  return {};
}

int run_trace(const admin_port& port, const settings& common, const std::string& target) {
  catch_stop_signals();
  auto opened = port.post(target, "admin_read");
  if (!opened.problem.empty())
    return complain(opened);
  auto path = "/api/v1/traces/" + percent_encoded(text_of(opened.body, "trace"));
  auto failed = follow(port, path, common.json);
  // Its place is for others; behind its time it is gone by itself.
  forget_stop_request();
  static_cast<void>(port.post(path + "/close", "admin_read"));
  if (failed.problem.empty())
    return all_well;
  complain(failed);
  return lost;
}

} // namespace

void add_trace(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<trace_options>();
  auto* verb = app.add_subcommand(
    "trace", "Show what passes on a DN or for a client, live, for a bounded time");
  auto* dn = verb->add_option("--dn", options->dn, "What is about this DN, of all clients");
  verb
    ->add_option("--client", options->client,
                 "What this client says and hears: its id, 16 hex digits, as `ringdown "
                 "connections` shows it")
    ->excludes(dn);
  verb->add_option("--for", options->time, "How long: " + std::string{accepted_trace_times})
    ->capture_default_str();
  verb->footer(
    std::string{
      "Example:\n  ringdown trace --dn 7001 --for 2m\n"
      "  ringdown trace --client 00000000000001f4\n"
      "A line for each message: when it passed, `in` from the client or `out` to it, whose it is, "
      "its kind, DN, verb, ReferenceID, command id and result. Values of user data and credentials "
      "are never shown. A broker has four traces at once at most; where more comes than is read, "
      "lines are lost, and it says how many. This takes the right admin_read.\n"} +
    exit_status_help());
  verb->callback([&common, &status, options] {
    auto target = target_of(*options);
    status = target.empty() ? usage : with_admin_port(common, [&](const admin_port& port) {
      return run_trace(port, common, target);
    });
  });
}

} // namespace ringdown::cli
