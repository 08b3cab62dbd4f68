// The configuration as text: what runs, what could be written, what has changed.
#include "broker/config/config.hpp"

#include "broker/config/table.hpp"
#include "broker/config/units.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace ringdown::configuration {
namespace {

origin origin_of(const config& c, std::size_t index) {
  return index < c.origins.size() ? c.origins[index] : origin{};
}

/// `text` as comment lines of at most 100 columns.
std::string comment(std::string_view text) {
  constexpr std::size_t width = 96;
  std::string result;
  while (!text.empty()) {
    auto end = text.size();
    if (end > width)
      end = text.rfind(' ', width);
    if (end == std::string_view::npos) // a word wider than a line stands alone
      end = std::min(text.find(' '), text.size());
    result.append("# ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

/// Starts the section of a row if the row before stood in another.
void open_section(std::string& out, std::string& section, const key& k) {
  if (k.section() == section)
    return;
  section = k.section();
  out += "\n[" + section + "]\n";
}

std::string facts(const key& k) {
  std::string result = "Accepted: " + accepted_text(k.rule);
  if (!k.unit.empty())
    result.append(" (").append(k.unit).append(")");
  return result + (k.reloadable ? ". SIGHUP changes it." : ".");
}

} // namespace

std::vector<key_info> keys() {
  std::vector<key_info> result;
  const config defaults;
  for (const auto& k : table())
    result.push_back({k.name, k.rule.kind, std::string{k.unit}, range_text(k.rule),
                      k.toml(defaults), k.doc, k.environment(), "--" + k.name,
                      k.short_flag.empty() ? std::string{} : "--" + std::string{k.short_flag},
                      k.reloadable});
  return result;
}

std::vector<std::string> relations() {
  std::vector<std::string> result;
  for (const auto& r : relation_table())
    result.emplace_back(r.sentence);
  return result;
}

std::string print(const config& c) {
  std::string out = "# The configuration of ringdownd; the comments say where a value came from.\n";
  std::string section;
  for (std::size_t i = 0; i < table().size(); ++i) {
    const auto& k = table()[i];
    open_section(out, section, k);
    out.append(k.leaf()).append(" = ").append(k.toml(c));
    out += "  # " + printable(to_string(origin_of(c, i))) + '\n';
  }
  return out;
}

std::string example() {
  std::string out =
    "# Example configuration of ringdownd: every key with its default. Remove the # before a key "
    "to\n"
    "# change it. A flag (--listen.port=7481) is stronger than a variable of the environment\n"
    "# (RINGDOWN_LISTEN_PORT=7481), and that than this file. Made by ringdown-docs: do not edit.\n"
    "# Sizes: whole numbers of bytes, or strings with B, KiB, MiB, GiB. Durations: whole numbers "
    "of\n"
    "# milliseconds, or strings with ms, s, min, h.\n";
  std::string section;
  const config defaults;
  for (const auto& k : table()) {
    open_section(out, section, k);
    out += '\n' + comment(k.doc) + comment(facts(k));
    out.append("#").append(k.leaf()).append(" = ").append(k.toml(defaults)).append("\n");
  }
  return out;
}

std::vector<name_value> limits_of(const config& c) {
  std::vector<name_value> all;
  for (const auto& k : table())
    if (k.section() == "limits")
      all.push_back({std::string{k.leaf()}, k.text(c)});
  return all;
}

std::vector<change> differences(const config& before, const config& after) {
  std::vector<change> result;
  for (const auto& k : table()) {
    const auto old_text = k.toml(before);
    const auto new_text = k.toml(after);
    if (old_text != new_text)
      result.push_back({k.name, old_text, new_text, k.reloadable});
    else if (k.name == "dns.file" && before.dns.from_file != after.dns.from_file)
      result.push_back({k.name, std::to_string(before.dns.from_file.size()) + " DNs",
                        std::to_string(after.dns.from_file.size()) + " DNs", k.reloadable});
  }
  return result;
}

logging::thresholds config::log_section::thresholds() const noexcept {
  auto result = logging::all_at(level);
  for (std::size_t i = 0; i < logging::component_count; ++i)
    result[i] = levels[i].value_or(level);
  return result;
}

std::vector<std::string> config::dns_section::all() const {
  auto result = list;
  result.insert(result.end(), from_file.begin(), from_file.end());
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

} // namespace ringdown::configuration
