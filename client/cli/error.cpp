// `ringdown error`: the error catalog, without a broker.
#include "client/cli/json.hpp"
#include "client/cli/settings.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ringdown::cli {

namespace {

const error_info* find(const std::string& wanted) {
  std::uint32_t code = 0;
  auto* end = wanted.data() + wanted.size();
  if (std::from_chars(wanted.data(), end, code).ptr == end)
    return find_error(code);
  for (auto& row : error_catalog())
    if (row.name == wanted)
      return &row;
  return nullptr;
}

void print_table(bool as_json) {
  for (auto& row : error_catalog()) {
    if (as_json)
      fmt::print("{}\n", dump(to_json(row)));
    else
      fmt::print("{:>4}  {:<22} {:<16} {}\n", static_cast<int>(row.code), row.name,
                 to_string(row.retry), row.text);
  }
}

int print_one(const std::string& wanted, bool as_json) {
  auto* row = find(wanted);
  if (row == nullptr) {
    fmt::print(stderr, "ringdown: no error '{}'; ringdown error lists all\n", printable(wanted));
    return usage;
  }
  if (as_json) {
    fmt::print("{}\n", dump(to_json(*row)));
    return all_well;
  }
  fmt::print("{} {}\n\n{}\n\nWhen:   {}\nDo:     {}\nRetry:  {}\n", static_cast<int>(row->code),
             row->name, row->text, row->when, row->action, to_string(row->retry));
  return all_well;
}

} // namespace

void add_error(CLI::App& app, const settings& common, int& status) {
  auto wanted = std::make_shared<std::string>();
  auto* verb =
    app.add_subcommand("error", "Explain an error code or name; all of them without one");
  verb->add_option("error", *wanted, "A code such as 118, or a name such as no_queue_space");
  verb->footer("Example:\n  ringdown error 118\n  ringdown error no_queue_space\n"
               "Exit status: 0, or 2 if there is no such error.");
  verb->callback([&common, &status, wanted] {
    if (wanted->empty())
      print_table(common.json);
    else
      status = print_one(*wanted, common.json);
  });
}

} // namespace ringdown::cli
