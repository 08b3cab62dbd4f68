// The command line and the environment taken apart; the words of an origin and an error.
#include "broker/config/config.hpp"

#include "broker/config/table.hpp"
#include "messages/nearest.hpp"
#include "messages/text.hpp"

#include <unistd.h>

#include <algorithm>

namespace ringdown::configuration {
namespace {

const key* find_flag(std::string_view name) {
  auto index = find_key(name);
  if (!index)
    index = find_short_flag(name);
  return index ? &table()[*index] : nullptr;
}

/// A hostile text is not repeated at length.
std::string cut(std::string_view text, std::size_t bytes_max) {
  const auto kept = cut_text(text, bytes_max);
  auto result = std::string{kept};
  if (kept.size() < text.size())
    result += "...(+" + std::to_string(text.size() - kept.size()) + " bytes)";
  return result;
}

} // namespace

std::string nearest_flag(std::string_view wrong) {
  std::vector<std::string_view> names;
  for (const auto& k : table()) {
    names.push_back(k.name);
    if (!k.short_flag.empty())
      names.push_back(k.short_flag);
  }
  if (const auto near = nearest(wrong, names); !near.empty())
    return "--" + std::string{near};
  const auto near = nearest_key(wrong);
  return near.empty() || is_section(near) ? std::string{} : "--" + near;
}

flags_result read_flags(std::span<const std::string> arguments) {
  flags_result result;
  auto refuse = [&](std::string flag, std::string message, std::string near = {}) {
    result.errors.push_back(
      {"command line", 0, 0, std::move(flag), std::move(message), std::move(near)});
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with("--")) {
      refuse(arguments[i], "is no flag; flags are written --key=value");
      continue;
    }
    const auto equals = argument.find('=');
    const auto name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    const auto* k = find_flag(name);
    const bool is_last = i + 1 == arguments.size() || arguments[i + 1].starts_with("--");
    if (k == nullptr) {
      if (const auto why = retired_key(name); !why.empty())
        refuse("--" + std::string{name}, std::string{why});
      else
        refuse("--" + std::string{name}, "unknown flag", nearest_flag(name));
      if (equals == std::string_view::npos && !is_last)
        ++i; // its value: one error is enough
    } else if (equals != std::string_view::npos) {
      result.flags.emplace_back(name, argument.substr(equals + 1));
    } else if (k->rule.kind == value_kind::boolean &&
               (is_last || (arguments[i + 1] != "true" && arguments[i + 1] != "false"))) {
      result.flags.emplace_back(name, "true");
    } else if (is_last) {
      refuse(arguments[i], "needs a value; accepted is " + accepted_text(k->rule));
    } else {
      result.flags.emplace_back(name, arguments[++i]);
    }
  }
  return result;
}

std::string flags_help() {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t width = 0;
  const config defaults;
  for (const auto& k : table()) {
    auto flag = "--" + k.name;
    if (!k.short_flag.empty())
      flag.append(", --").append(k.short_flag);
    width = std::max(width, flag.size());
    const auto first_sentence = k.doc.substr(0, k.doc.find(". "));
    lines.emplace_back(std::move(flag), first_sentence +
                                          (first_sentence.ends_with('.') ? "" : ".") + " [" +
                                          k.toml(defaults) + ']');
  }
  std::string result;
  for (auto& [flag, text] : lines)
    result += "  " + flag + std::string(width - flag.size() + 2, ' ') + text + '\n';
  return result;
}

std::vector<name_value> process_environment() {
  std::vector<name_value> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line{*entry};
    const auto equals = line.find('=');
    if (line.starts_with("RINGDOWN_") && equals != std::string_view::npos)
      result.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return result;
}

std::string to_string(const origin& o) {
  switch (o.kind) {
  case origin_kind::built_in: return "default";
  case origin_kind::file: return o.source + ':' + std::to_string(o.line);
  case origin_kind::environment:
  case origin_kind::flag: return o.source;
  }
  return {};
}

std::string to_string(const config_error& e) {
  // A key of ours has 48 bytes, a message with two paths in it some hundred.
  constexpr std::size_t key_bytes_max = 128;
  constexpr std::size_t message_bytes_max = 1024;
  std::string text = e.source;
  if (e.line > 0)
    text += ':' + std::to_string(e.line) + ':' + std::to_string(e.column);
  if (!e.key.empty())
    text += ": " + cut(e.key, key_bytes_max);
  text += ": " + cut(e.message, message_bytes_max);
  if (!e.nearest.empty())
    text += "; did you mean \"" + e.nearest + "\"?";
  return printable(text);
}

} // namespace ringdown::configuration
