#include "client/cli/operator_tables.hpp"

#include "client/cli/admin_port.hpp"
#include "client/text/describe.hpp"
#include "client/words.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

namespace ringdown::cli {

using client::age_text;

namespace {

std::string shown(const json& row, const char* key) {
  return printable(text_of(row, key));
}

/// Nothing is a blank: what is not 0 is seen.
std::string count(const json& row, const char* key) {
  auto number = number_of(row, key);
  return number == 0 ? std::string{"-"} : std::to_string(number);
}

std::string age(const json& row, const char* key, std::int64_t now_us) {
  auto since = number_of(row, key);
  return since == 0 ? std::string{"-"} : age_text(since, now_us);
}

/// What waits for it, and what it means.
std::string waits_text(const json& row) {
  auto bytes = number_of(row, "outbox_bytes");
  if (bytes == 0)
    return "-";
  return bytes_text(bytes) + (flag_of(row, "above_high_water") ? "!" : "");
}

std::string silent_text(const json& row) {
  constexpr std::int64_t us_of_ms = 1'000;
  constexpr std::int64_t any_time_us = 1'000'000'000;
  return age_text(any_time_us, any_time_us + number_of(row, "silent_ms") * us_of_ms);
}

} // namespace

std::string light_text(const json& dn) {
  auto light = client::upper(shown(dn, "light"));
  auto desired = client::upper(shown(dn, "desired"));
  return desired.empty() || desired == light ? light : light + ", not " + desired;
}

text_table table_of_clients(const json& rows) {
  text_table table{{{"CLIENT", 16},
                    {"ROLE", 11},
                    {"APPLICATION", 22, false, false, true},
                    {"WAITS", 9, true},
                    {"MISSED", 8, true},
                    {"OWED", 5, true},
                    {"SILENT", 9, true, true},
                    {"PEER", 28, false, true},
                    {"PRINCIPAL", 24, false, true}}};
  for (auto& row : rows)
    table.add({shown(row, "id"), shown(row, "role"), shown(row, "application"), waits_text(row),
               count(row, "events_missed"), count(row, "outcomes_owed"), silent_text(row),
               shown(row, "peer"), shown(row, "principal")});
  return table;
}

text_table table_of_dns(const json& rows, std::int64_t now_us) {
  text_table table{{{"DN", 20, false, false, true},
                    {"LIGHT", 24},
                    {"SINCE", 10, true},
                    {"PAUSED FOR", 10, true},
                    {"ALARMS", 6, true},
                    {"RECORDERS", 9, true},
                    {"PAUSES", 6, true, true},
                    {"WAITING", 7, true, true},
                    {"CLIENTS", 7, true, true}}};
  for (auto& row : rows)
    table.add({printable_word(text_of(row, "dn")), light_text(row), age(row, "changed_us", now_us),
               age(row, "paused_since_us", now_us), count(row, "alarms"),
               number_of(row, "recorders_active") == 0 ? "none" : count(row, "recorders_active"),
               count(row, "pauses"), count(row, "waiting"), count(row, "clients")});
  return table;
}

} // namespace ringdown::cli
