// `ringdown drain` and `ringdown disconnect`: orders by the admin port.
#include "client/cli/admin_port.hpp"
#include "messages/ids.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace ringdown::cli {

namespace {

int complain_of(const std::string& problem) {
  std::fprintf(stderr, "ringdown: %s\n", problem.c_str());
  return usage;
}

/// The port took the order; for machines as it said so, for people in words.
int done(const admin_answer& answer, const settings& common, const std::string& words) {
  if (!answer.problem.empty())
    return complain(answer);
  std::printf("%s\n", common.json ? dump(answer.body).c_str() : words.c_str());
  return all_well;
}

/// Which broker that is, for whoever is about to end it; nothing more where one may not read.
std::string broker_text(const admin_port& port, const admin_answer& summary) {
  if (!summary.problem.empty())
    return "the broker at " + printable(port.where());
  return fmt::format("the broker {} at {}, with {} connections",
                     printable_word(text_of(summary.body, "name")), printable(port.where()),
                     number_of(summary.body, "connections"));
}

/// One line of a terminal. Only a plain yes is one.
bool is_confirmed(const std::string& question) {
  std::printf("%s [y/N] ", question.c_str());
  std::fflush(stdout);
  char line[16] = {};
  if (std::fgets(line, sizeof line, stdin) == nullptr)
    return false;
  std::string_view said{line};
  return said == "y\n" || said == "Y\n" || said == "yes\n";
}

int run_drain(const admin_port& port, const settings& common, bool is_sure) {
  if (!is_sure && ::isatty(STDIN_FILENO) == 0)
    return complain_of("drain: nobody is there to be asked: accepted is --yes, or a terminal");
  if (!is_sure) {
    auto summary = port.get("/api/v1/summary");
    if (summary.status == usage) // there is no admin port; a refusal may be of reading alone
      return complain(summary);
    if (!is_confirmed("Drain and end " + broker_text(port, summary) + "?"))
      return complain_of("drain: not confirmed, nothing was done");
  }
  return done(port.post("/api/v1/drain"), common,
              "draining: the broker takes no new connection, and ends when those that it has are "
              "gone, or at limits.drain_timeout");
}

int run_disconnect(const admin_port& port, const settings& common, const std::string& id) {
  auto client = parse_conn_id(id); // the same digits
  if (!client || !*client)
    return complain_of("disconnect '" + printable(id) +
                       "': expected a client's id, 1 to 16 hex digits (ringdown connections)");
  auto shown = to_string(*client);
  return done(port.post("/api/v1/connections/" + shown + "/disconnect"), common,
              "disconnected: client " + shown + ", which may come back");
}

} // namespace

void add_drain(CLI::App& app, const settings& common, int& status) {
  auto is_sure = std::make_shared<bool>(false);
  auto* verb = app.add_subcommand("drain", "Drain and end the broker, as by SIGTERM");
  verb->add_flag("--yes", *is_sure, "Do not ask");
  verb->footer(std::string{"Example:\n  ringdown drain --yes --token-file token\n"
                           "This takes the right admin_write. On a terminal it asks first; "
                           "elsewhere it wants --yes.\n"
                           "The service stays down then. To have it back, `systemctl restart` "
                           "drains as well.\n"} +
               exit_status_help());
  verb->callback([&common, &status, is_sure] {
    status = with_admin_port(
      common, [&](const admin_port& port) { return run_drain(port, common, *is_sure); });
  });
}

void add_disconnect(CLI::App& app, const settings& common, int& status) {
  auto id = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("disconnect", "End a client's connection, by the admin port");
  verb->add_option("client", *id, "Its id, 16 hex digits, as `ringdown connections` shows it")
    ->required();
  verb->footer(std::string{"Example:\n  ringdown disconnect 00000000000001f4 --token-file token\n"
                           "This takes the right admin_write. The client hears the reason "
                           "by_operator, and may come back.\n"} +
               exit_status_help());
  verb->callback([&common, &status, id] {
    status = with_admin_port(
      common, [&](const admin_port& port) { return run_disconnect(port, common, *id); });
  });
}

} // namespace ringdown::cli
