// The rules of the table for a configuration that a program made itself.
#include "broker/config/table.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringdown::configuration {

namespace {

config_error wrong(std::string_view key, std::string message, std::string nearest = {}) {
  return {"program", 0, 0, std::string{key}, std::move(message), std::move(nearest)};
}

/// What is wrong with one value, whatever the others are.
std::optional<config_error> check(const key& row, const config& c) {
  if (row.rule.kind == value_kind::dn_list) { // as text a comma in a DN would part it
    auto dns = row.get(c);
    for (auto& dn : std::get<std::vector<std::string>>(dns))
      if (auto fault = dn_fault(dn))
        return wrong(row.name, *fault);
    return std::nullopt;
  }
  auto read = parse_text(row.rule, row.text(c));
  if (auto* bad = std::get_if<bad_value>(&read))
    return wrong(row.name, bad->message, bad->nearest);
  return std::nullopt;
}

} // namespace

std::vector<config_error> validate(const config& c) {
  std::vector<config_error> errors;
  std::set<std::string_view> faulty;
  for (auto& row : table())
    if (auto error = check(row, c)) {
      errors.push_back(std::move(*error));
      faulty.insert(row.name);
    }
  for (auto& dn : c.dns.from_file)
    if (auto fault = dn_fault(dn)) {
      errors.push_back(wrong("dns.file", *fault));
      break;
    }
  if (!c.dns.file.empty() && c.dns.from_file.empty())
    errors.push_back(wrong("dns.file", "was not read: use load, or put its DNs into dns.list"));
  for (auto& r : relation_table())
    if (!faulty.contains(r.first) && !faulty.contains(r.second) && !r.holds(c))
      errors.push_back(wrong(r.first, std::string{r.sentence}));
  return errors;
}

} // namespace ringdown::configuration
