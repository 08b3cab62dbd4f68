#include "client/cli/contexts.hpp"

#include "client/internal/private_file.hpp"
#include "messages/text.hpp"

// Header-only and without exceptions: errors are values. Its assertions are about the text, and
// behind them stands code that makes an error of it.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace ringdown::cli {

namespace {

/// Some hundred contexts; more is not this file.
constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::size_t name_bytes_max = 64;

std::string at(const std::string& source, const toml::source_region& where) {
  return source + ":" + std::to_string(where.begin.line) + ":" +
         std::to_string(where.begin.column) + ": ";
}

std::string accepted_keys() {
  std::string list;
  for (auto& [key, member] : context_keys)
    list += (list.empty() ? "" : ", ") + std::string{key};
  return list;
}

/// What is wrong with a context's table; empty: nothing, and it is in `into`.
std::string take(const toml::table& from, saved_context& into, const std::string& source) {
  for (const auto& [name, node] : from) {
    auto key = std::find_if(std::begin(context_keys), std::end(context_keys),
                            [said = name.str()](const context_key& k) { return k.first == said; });
    if (key == std::end(context_keys))
      return at(source, name.source()) + "unknown key '" + printable(name.str()) +
             "'; accepted are " + accepted_keys();
    auto* text = node.as_string();
    if (text == nullptr)
      return at(source, node.source()) + std::string{key->first} + ": accepted is a text";
    into.*key->second = text->get();
  }
  return into.address.empty() ? at(source, from.source()) + "address is missing" : std::string{};
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    char escaped[8] = {c};
    if (c == '"' || c == '\\')
      std::snprintf(escaped, sizeof escaped, "\\%c", c);
    else if ((c >= 0 && c < ' ') || c == '\x7f')
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
    out += escaped;
  }
  return out + "\"";
}

} // namespace

bool is_context_name(std::string_view name) {
  constexpr std::string_view others{"-_"};
  return !name.empty() && name.size() <= name_bytes_max &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  others.find(c) != std::string_view::npos;
         });
}

contexts_result parse_contexts(std::string_view text, const std::string& source) {
  contexts_result found;
  auto wrong = [&](std::string problem) { return contexts_result{{}, std::move(problem)}; };
  const auto parsed = toml::parse(text);
  if (!parsed)
    return wrong(at(source, parsed.error().source()) +
                 printable(std::string{parsed.error().description()}));
  for (const auto& [section, node] : parsed.table()) {
    auto* contexts = node.as_table();
    if (section.str() != "context" || contexts == nullptr)
      return wrong(at(source, section.source()) + "unknown key '" + printable(section.str()) +
                   "'; accepted is [context.NAME]");
    for (const auto& [name, context] : *contexts) {
      auto* table = context.as_table();
      if (table == nullptr || !is_context_name(name.str()))
        return wrong(at(source, name.source()) + "'" + printable(name.str()) +
                     "': a context is [context.NAME], its name 1 to 64 letters, digits, - and _");
      auto& into = found.contexts[std::string{name.str()}];
      if (auto problem = take(*table, into, source); !problem.empty())
        return wrong(std::move(problem));
    }
  }
  return found;
}

std::string to_text(const saved_contexts& contexts) {
  std::string text = "# Made by `ringdown context`: where brokers are, and what they are shown.\n";
  for (auto& [name, context] : contexts) {
    text += "\n[context." + name + "]\n";
    for (auto& [key, member] : context_keys)
      if (!(context.*member).empty())
        text += std::string{key} + " = " + quoted(context.*member) + "\n";
  }
  return text;
}

std::string contexts_path() {
  auto variable = [](const char* name) {
    auto* value = std::getenv(name);
    return std::string{value != nullptr ? value : ""};
  };
  auto folder = variable("XDG_CONFIG_HOME");
  if (folder.empty() && !variable("HOME").empty())
    folder = variable("HOME") + "/.config";
  return folder.empty() ? folder : folder + "/ringdown/contexts.toml";
}

contexts_result read_contexts(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return {};
  auto read = client::read_private_file(path, file_bytes_max);
  if (!read.problem.empty())
    return {{}, path + ": " + read.problem};
  return parse_contexts(read.text, path);
}

std::string write_contexts(const std::string& path, const saved_contexts& contexts) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), error);
  auto problem = error ? error.message() : client::write_private_file(path, to_text(contexts));
  return problem.empty() ? problem : path + ": " + problem;
}

} // namespace ringdown::cli
