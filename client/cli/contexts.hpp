// Contexts: where brokers are and what they are shown, saved under names. The file names other
// files; no secret is in it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::cli {

/// What is not said is empty.
struct saved_context {
  std::string address = {}; ///< as --connect
  std::string ca_file = {};
  std::string certificate_file = {};
  std::string key_file = {};
  std::string token_file = {};
  std::string application = {};
  std::string admin = {}; ///< as --admin

  bool operator==(const saved_context&) const = default;
};

/// A key of the file, and where its value is kept.
using context_key = std::pair<std::string_view, std::string saved_context::*>;
inline constexpr context_key context_keys[] = {
  {"address", &saved_context::address},
  {"ca_file", &saved_context::ca_file},
  {"certificate_file", &saved_context::certificate_file},
  {"key_file", &saved_context::key_file},
  {"token_file", &saved_context::token_file},
  {"application", &saved_context::application},
  {"admin", &saved_context::admin},
};

/// By their names.
using saved_contexts = std::map<std::string, saved_context>;

struct contexts_result {
  saved_contexts contexts;
  std::string problem; ///< with the file's name; empty: none
};

/// 1 to 64 letters, digits, `-` and `_`.
bool is_context_name(std::string_view name);
/// Reads the file's text. `source`: its name, for what is wrong with it.
contexts_result parse_contexts(std::string_view text, const std::string& source);
/// The file's text.
std::string to_text(const saved_contexts& contexts);

/// `$XDG_CONFIG_HOME/ringdown/contexts.toml`, or else `~/.config/ringdown/contexts.toml`; empty if
/// this user has neither.
std::string contexts_path();
/// No file, no contexts.
contexts_result read_contexts(const std::string& path);
/// What is wrong; empty: nothing.
std::string write_contexts(const std::string& path, const saved_contexts& contexts);

} // namespace ringdown::cli
