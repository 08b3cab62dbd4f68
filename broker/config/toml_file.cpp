// The only file that includes toml++, header-only and without exceptions: errors are values.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Values within values: a list of DNs is one deep, and each level is a turn of our recursion.
#define TOML_MAX_NESTED_VALUES 16
// Some of its assertions are about the text: "[" at a line's end would end the daemon. Behind them
// stands code that makes an error of it. With NDEBUG they would be promises to the optimizer.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

#include "broker/config/toml_file.hpp"

#include <algorithm>
#include <optional>

namespace ringdown::configuration {
namespace {

position to_position(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

std::string_view type_name(toml::node_type type) {
  switch (type) {
  case toml::node_type::floating_point: return "a fraction";
  case toml::node_type::date: return "a date";
  case toml::node_type::time: return "a time";
  case toml::node_type::date_time: return "a date and time";
  case toml::node_type::none:
  case toml::node_type::table:
  case toml::node_type::array:
  case toml::node_type::string:
  case toml::node_type::integer:
  case toml::node_type::boolean: break;
  }
  return "an unknown type";
}

bool earlier(const toml_member& a, const toml_member& b) {
  return a.at.line != b.at.line ? a.at.line < b.at.line : a.at.column < b.at.column;
}

/// Parts of one dotted name. Ours have three at most; toml++ 3.3 has no bound of its own, and makes
/// a table within a table of each, whose destructor alone would overflow the stack.
constexpr int name_parts_max = 8;

/// Goes through a text as far as is needed to tell names from strings and comments.
class name_scanner {
public:
  explicit name_scanner(std::string_view text) : text_{text} {}

  /// Where a name has too many parts.
  std::optional<position> too_deep() {
    int dots = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '.' && ++dots >= name_parts_max)
        return place();
      if (!is_of_name(c))
        dots = 0;
      ++at_;
    }
    return std::nullopt;
  }

private:
  static bool is_of_name(char c) {
    return c == '.' || c == ' ' || c == '\t' || c == '_' || c == '-' || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long = text_.substr(at_).starts_with(three);
    at_ += is_long ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      if (quote == '"' && text_[at_] == '\\') {
        ++at_;
      } else if (is_long ? text_.substr(at_).starts_with(three) : text_[at_] == quote) {
        at_ += is_long ? 3 : 1;
        // Two quotes more may stand at the end of a long string, and belong to it.
        while (is_long && at_ < text_.size() && text_[at_] == quote)
          ++at_;
        return;
      } else if (!is_long && text_[at_] == '\n') {
        return; // not closed: the parser will say so
      }
    }
    at_ = text_.size();
  }

  position place() const {
    const auto before = text_.substr(0, at_);
    const auto line_start = before.rfind('\n') + 1; // npos + 1 is 0
    const auto characters = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start),
                                          before.end(), [](char c) { return (c & 0xc0) != 0x80; });
    return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
            1 + static_cast<int>(characters)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Recursion is bounded by toml++ (TOML_MAX_NESTED_VALUES) and by name_parts_max.
toml_node convert(const toml::node& from) {
  toml_node result;
  result.at = to_position(from.source());
  if (const auto* table = from.as_table()) {
    toml_node::table to;
    for (const auto& [name, node] : *table)
      to.members.push_back({std::string{name.str()}, to_position(name.source()), convert(node)});
    std::sort(to.members.begin(), to.members.end(), earlier);
    result.content = std::move(to);
  } else if (const auto* array = from.as_array()) {
    toml_node::array to;
    for (const auto& item : *array)
      to.items.push_back(convert(item));
    result.content = std::move(to);
  } else if (const auto* truth = from.as_boolean()) {
    result.content = truth->get();
  } else if (const auto* number = from.as_integer()) {
    result.content = number->get();
  } else if (const auto* text = from.as_string()) {
    result.content = text->get();
  } else {
    result.content = toml_node::other{type_name(from.type())};
  }
  return result;
}

} // namespace

std::variant<toml_node, config_error> parse_toml(std::string_view text, const std::string& source) {
  if (const auto at = name_scanner{text}.too_deep())
    return config_error{source,
                        at->line,
                        at->column,
                        {},
                        "a name of more than " + std::to_string(name_parts_max) + " parts",
                        {}};
  const auto result = toml::parse(text);
  if (result)
    return convert(result.table());
  const auto& error = result.error();
  const auto at = to_position(error.source());
  return config_error{source, at.line, at.column, {}, std::string{error.description()}, {}};
}

} // namespace ringdown::configuration
