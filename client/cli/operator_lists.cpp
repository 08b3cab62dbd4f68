// `ringdown connections` and `ringdown dns`: what the admin port lists.
#include "client/cli/admin_port.hpp"
#include "client/cli/operator_tables.hpp"

#include <cstdio>
#include <memory>

namespace ringdown::cli {

namespace {

constexpr std::size_t rows_usual = 100;
/// What fits a client's memory without a thought.
constexpr std::size_t rows_most = 1'000'000;

struct list_options {
  std::size_t limit = rows_usual;
  bool slow = false;
  std::string role;
  std::string light;
  std::string prefix;
  bool without_recorder = false;
};

/// `path` with the parameters that are said.
class target {
public:
  explicit target(std::string path) : text_(std::move(path)) {}
  void add(std::string_view name, std::string_view value) {
    if (value.empty())
      return;
    text_.append(text_.find('?') == std::string::npos ? "?" : "&");
    text_.append(name).append("=").append(percent_encoded(value));
  }
  const std::string& text() const { return text_; }

private:
  std::string text_;
};

/// One object a line.
void print(const json& rows) {
  for (auto& row : rows)
    std::printf("%s\n", dump(row).c_str());
}

void print(const text_table& table) {
  std::fputs(table.is_empty() ? "none\n" : table.text(output_columns()).c_str(), stdout);
}

/// Programs are told too: behind their rows, on standard error.
int end_list(const admin_port::rows_answer& found, const list_options& options) {
  if (found.has_more)
    std::fprintf(stderr, "ringdown: there are more than %zu: --limit\n", options.limit);
  return all_well;
}

int run_connections(const admin_port& port, const settings& common, const list_options& options) {
  target where{"/api/v1/connections"};
  where.add("role", options.role);
  where.add("slow", options.slow ? "true" : "");
  auto found = port.rows(where.text(), "connections", options.limit);
  if (!found.failed.problem.empty())
    return complain(found.failed);
  if (common.json)
    print(found.rows);
  else
    print(table_of_clients(found.rows));
  return end_list(found, options);
}

int run_dns(const admin_port& port, const settings& common, const list_options& options) {
  target where{"/api/v1/dns"};
  where.add("light", options.light);
  where.add("recorder", options.without_recorder ? "none" : "");
  where.add("prefix", options.prefix);
  auto found = port.rows(where.text(), "dns", options.limit);
  if (!found.failed.problem.empty())
    return complain(found.failed);
  if (common.json) {
    print(found.rows);
    return end_list(found, options);
  }
  auto summary = port.get("/api/v1/summary"); // the broker's time
  if (!summary.problem.empty())
    return complain(summary);
  print(table_of_dns(found.rows, number_of(summary.body, "now_us")));
  return end_list(found, options);
}

void add_limit(CLI::App& verb, list_options& options) {
  verb.add_option("--limit", options.limit, "Rows to show at most")
    ->check(CLI::Range(std::size_t{1}, rows_most))
    ->capture_default_str();
}

} // namespace

void add_connections(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<list_options>();
  auto* verb =
    app.add_subcommand("connections", "List the clients that have signed on, by the admin port");
  verb->add_flag("--slow", options->slow, "Only those for which something waits, the most first");
  verb->add_option("--role", options->role, "Only those of this role")
    ->check(CLI::IsMember({"desktop", "recorder", "supervisor", "admin", "call_source"}));
  add_limit(*verb, *options);
  verb->footer(std::string{"Example:\n  ringdown connections --slow\n"
                           "WAITS is what waits to be sent to a client, with a ! where that is "
                           "above limits.outbox_high_water_bytes; MISSED the events that it has "
                           "missed; OWED the commands whose outcome it waits for; SILENT for how "
                           "long nothing was heard of it.\n"} +
               exit_status_help());
  verb->callback([&common, &status, options] {
    status = with_admin_port(
      common, [&](const admin_port& port) { return run_connections(port, common, *options); });
  });
}

void add_dns(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<list_options>();
  auto* verb =
    app.add_subcommand("dns", "List the DNs in use, by the admin port, with how long it is so");
  verb->add_option("--light", options->light, "Only DNs with this light")
    ->check(CLI::IsMember({"recording", "paused", "off", "unknown"}));
  verb->add_flag("--without-recorder", options->without_recorder,
                 "Only DNs without an active recorder");
  verb->add_option("--prefix", options->prefix, "Only DNs that begin so");
  add_limit(*verb, *options);
  verb->footer(std::string{"Example:\n  ringdown dns --light paused\n"
                           "  ringdown dns --without-recorder --prefix 70\n"
                           "LIGHT also says what is desired where that is another; PAUSED FOR is "
                           "the age of the oldest pause; WAITING are commands that wait for its "
                           "end.\n"} +
               exit_status_help());
  verb->callback([&common, &status, options] {
    status = with_admin_port(
      common, [&](const admin_port& port) { return run_dns(port, common, *options); });
  });
}

} // namespace ringdown::cli
