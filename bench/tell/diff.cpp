#include "bench/tell/diff.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace ringdown::bench {

namespace {

/// What makes a load what it is, in the reports of all verbs.
constexpr std::array load_keys{
  "load",          "producers",      "window",          "dns",
  "threads",       "receivers",      "fan_out",         "user_data_bytes",
  "command",       "slow_receivers", "slow_rate",       "exceed_window",
  "warmup_s",      "rate",           "rate_from",       "burst",
  "seed",          "agents",         "agents_per_link", "calls_per_hour",
  "call_s",        "connections",    "at_once",         "heartbeat_ms",
  "idle_s",        "steps_wanted",   "up_to",           "times",
  "pause_every_ms"};
/// What is measured of a run's own length, and so never twice the same: within this share it is.
constexpr const char* length_key = "seconds";
constexpr double length_tolerance = 0.1;
/// No figures, or too many.
constexpr std::array untold{"circumstances", "samples", "verified", "goals", length_key};

bool is_among(const auto& all, std::string_view key) {
  return std::find(all.begin(), all.end(), key) != all.end();
}

json at_or_null(const json& in, std::string_view key) {
  auto found = in.find(std::string{key});
  return found == in.end() ? json(nullptr) : *found;
}

std::string verb_of(const json& report) {
  return report["circumstances"].value("verb", std::string{});
}

/// Why it is none that can be compared, or nothing.
std::string fault_of(const json& report) {
  if (!report.is_object() || !report.contains("circumstances") ||
      !report["circumstances"].is_object())
    return "no report of ringdown-bench --json, or of an older version: it has no `circumstances`";
  if (report.contains("compare"))
    return "the table of `compare`, whose rows stand side by side already";
  return {};
}

bool is_same_length(const json& before, const json& after) {
  auto a = at_or_null(before, length_key);
  auto b = at_or_null(after, length_key);
  if (!a.is_number() || !b.is_number())
    return a.is_number() == b.is_number();
  return std::abs(a.get<double>() - b.get<double>()) <= length_tolerance * a.get<double>();
}

/// In what the loads differ, or nothing.
std::string differing(const json& before, const json& after) {
  std::string out;
  auto compare = [&](std::string_view name, const json& a, const json& b) {
    if (a != b)
      out += fmt::format("{}{} {} and {}", out.empty() ? "" : ", ", name, a.dump(), b.dump());
  };
  compare("verb", verb_of(before), verb_of(after));
  bool finds_its_rate = verb_of(before) == "overload";
  for (std::string_view key : load_keys)
    if (!(finds_its_rate && key == "rate"))
      compare(key, at_or_null(before, key), at_or_null(after, key));
  if (!is_same_length(before, after))
    compare(length_key, at_or_null(before, length_key), at_or_null(after, length_key));
  return out;
}

/// All numbers of both, by their places.
void collect(const std::string& place, const json& before, const json& after,
             std::vector<figure_pair>& into) {
  auto number = [](const json& value) {
    return value.is_number() ? std::optional{value.get<double>()} : std::nullopt;
  };
  if (before.is_number() || after.is_number()) {
    into.push_back({place, number(before), number(after)});
    return;
  }
  auto inside = [&](const std::string& name) { return place.empty() ? name : place + "." + name; };
  bool is_report = before.is_object() && before.contains("load"); // or one inside of it
  auto visit = [&](const std::string& name, const json& a, const json& b) {
    if (!is_among(untold, name) && !(is_report && is_among(load_keys, name)))
      collect(inside(name), a, b, into);
  };
  if (before.is_array() && after.is_array()) {
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
      visit(std::to_string(i), i < before.size() ? before[i] : json(nullptr),
            i < after.size() ? after[i] : json(nullptr));
    return;
  }
  if (before.is_object())
    for (auto& [name, value] : before.items())
      visit(name, value, at_or_null(after, name));
  if (after.is_object())
    for (auto& [name, value] : after.items())
      if (!before.is_object() || !before.contains(name))
        visit(name, json(nullptr), value);
}

/// Of one report, which is the old or the new one.
void doubt(const json& report, const char* which, std::vector<std::string>& into) {
  auto verified = at_or_null(report, "verified");
  bool is_good =
    report.value("good", true) && !(verified.is_object() && !verified.value("good", true));
  if (!is_good)
    into.push_back(fmt::format("the {} run is not verified", which));
  auto machine = at_or_null(report["circumstances"], "machine");
  if (machine.is_object() && machine.value("disturbed", false))
    into.push_back(fmt::format("the {} run was disturbed", which));
  if (report.value("client_was_the_limit", false))
    into.push_back(fmt::format("the {} run's figures are ringdown-bench's own", which));
}

std::string shown(const std::optional<double>& figure) {
  return figure ? fmt::format("{:.6g}", *figure) : "-";
}

json number_or_null(const std::optional<double>& figure) {
  return figure ? json(*figure) : json(nullptr);
}

} // namespace

std::optional<double> figure_pair::ratio() const noexcept {
  if (!before || !after || *before == 0)
    return std::nullopt;
  return *after / *before;
}

report_diff diff_of(const json& before, const json& after) {
  report_diff d;
  for (auto [report, which] : {std::pair{&before, "old"}, {&after, "new"}})
    if (auto fault = fault_of(*report); !fault.empty()) {
      d.fault = std::string{which} + ": " + fault;
      return d;
    }
  if (auto difference = differing(before, after); !difference.empty()) {
    d.fault = "the loads differ: " + difference;
    return d;
  }
  collect({}, before, after, d.figures);
  doubt(before, "old", d.doubts);
  doubt(after, "new", d.doubts);
  for (auto* key : {"host", "kernel", "processor", "processors"}) {
    auto a = at_or_null(before["circumstances"], key);
    auto b = at_or_null(after["circumstances"], key);
    if (a != b)
      d.doubts.push_back(fmt::format("another {}: {} and {}", key, a.dump(), b.dump()));
  }
  return d;
}

json to_json(const report_diff& d, const json& before, const json& after) {
  json out{{"old", before["circumstances"]},
           {"new", after["circumstances"]},
           {"doubts", d.doubts},
           {"figures", json::object()}};
  for (auto& pair : d.figures)
    out["figures"][pair.name] = {{"old", number_or_null(pair.before)},
                                 {"new", number_or_null(pair.after)},
                                 {"ratio", number_or_null(pair.ratio())}};
  return out;
}

std::string text_of(const report_diff& d, const json& before, const json& after) {
  auto told = [](const json& report, const char* key) {
    return report["circumstances"].value(key, std::string{"?"});
  };
  std::string out;
  for (auto [report, which] : {std::pair{&before, "old"}, {&after, "new"}})
    out += fmt::format("{:<4} {}  broker {}  {}\n", which, told(*report, "date"),
                       told(*report, "broker"), told(*report, "command"));
  std::size_t width = 0;
  for (auto& pair : d.figures)
    width = std::max(width, pair.name.size());
  out += fmt::format("\n{:<{}} {:>14} {:>14} {:>9}\n", "figure", width, "old", "new", "new/old");
  for (auto& pair : d.figures) {
    auto ratio = pair.ratio();
    out += fmt::format("{:<{}} {:>14} {:>14} {:>9}\n", pair.name, width, shown(pair.before),
                       shown(pair.after), ratio ? fmt::format("{:.3f}", *ratio) : "-");
  }
  for (auto& one : d.doubts)
    out += "DOUBTFUL        " + one + "\n";
  return out;
}

} // namespace ringdown::bench
