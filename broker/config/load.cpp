// Reading all sources into one configuration. The order is that of strength: file, environment,
// flags, each over the one before; then the list of DNs; then what must hold between keys.
#include "broker/config/config.hpp"

#include "broker/config/files.hpp"
#include "broker/config/table.hpp"
#include "broker/config/units.hpp"
#include "messages/nearest.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace ringdown::configuration {
namespace {

/// A file full of nonsense has this many errors told; the rest is one line.
constexpr std::size_t errors_max = 100;

/// What the environment may have for our other programs: `ringdown` and its like.
constexpr std::string_view variables_of_others[] = {"RINGDOWN_CONNECT"};

std::string place(const std::string& source, position at) {
  return source + ':' + std::to_string(at.line) + ':' + std::to_string(at.column);
}

/// One call of `load`: what was read so far, and where.
class loader {
public:
  explicit loader(const sources& from) : from_{from} {
    result_.value.origins.resize(table().size());
  }

  load_result run() {
    read_main_file();
    for (const auto& [name, text] : from_.environment)
      read_variable(name, text);
    for (const auto& [name, text] : from_.flags)
      read_flag(name, text);
    read_dn_file();
    check_relations();
    return std::move(result_);
  }

private:
  // ---- errors ----

  /// Whether more errors are told. Where none is, none needs to be worked out.
  bool tells_more() const noexcept { return result_.errors.size() < errors_max; }
  void report(config_error e) {
    if (result_.errors.size() < errors_max)
      result_.errors.push_back(std::move(e));
    else if (result_.errors.size() == errors_max)
      result_.errors.push_back(
        {e.source, 0, 0, {}, "more than " + std::to_string(errors_max) + " errors", {}});
  }
  void report(position at, std::string name, std::string message, std::string near = {}) {
    report({source_, at.line, at.column, std::move(name), std::move(message), std::move(near)});
  }

  // ---- the file ----

  void read_main_file() {
    if (!from_.file)
      return;
    source_ = from_.file->string();
    auto text = read_file(*from_.file, config_bytes_max, from_.may_wait);
    if (const auto* error = std::get_if<std::error_code>(&text)) {
      if (*error == std::errc::file_too_large)
        report({}, {},
               "has more than " + quantity_text(quantity::size, config_bytes_max) +
                 "; a long list of DNs belongs into a file of its own (dns.file)");
      else if (*error != std::errc::no_such_file_or_directory || from_.file_required)
        report({}, {}, why_unread(*error));
      return;
    }
    result_.file_read = true;
    auto parsed = parse_toml(std::get<std::string>(text), source_);
    if (auto* error = std::get_if<config_error>(&parsed)) {
      report(std::move(*error));
      return;
    }
    read_section({}, std::get<toml_node::table>(std::get<toml_node>(parsed).content));
  }

  static std::string why_unread(const std::error_code& error) {
    if (error == std::errc::invalid_seek)
      return "is a pipe, which cannot be read again";
    return "cannot be read: " + error.message();
  }

  void read_section(const std::string& prefix, const toml_node::table& members) {
    for (const auto& m : members.members) {
      // A quoted name with a dot is not the path that it looks like.
      const bool dotted = m.name.find('.') != std::string::npos;
      const auto name = prefix + (dotted ? in_quotes(m.name) : m.name);
      if (const auto index = find_key(name)) {
        read_node(*index, m);
      } else if (!is_section(name)) {
        report_unknown(m.at, name);
      } else if (const auto* section = std::get_if<toml_node::table>(&m.node.content)) {
        read_section(name + '.', *section);
      } else {
        report(m.at, name, "is a section, written [" + name + "]");
      }
    }
  }

  void report_unknown(position at, const std::string& name) {
    if (const auto why = retired_key(name); !why.empty())
      report(at, name, std::string{why});
    else
      report(at, name, "unknown key", tells_more() ? nearest_key(name) : std::string{});
  }

  void read_node(std::size_t index, const toml_member& m) {
    const auto& k = table()[index];
    const origin from{origin_kind::file, source_, m.at.line, m.at.column};
    if (const auto* list = std::get_if<toml_node::array>(&m.node.content);
        list != nullptr && k.rule.kind == value_kind::dn_list) {
      read_dn_list(index, *list, from);
      return;
    }
    take(index, std::visit([&](const auto& v) { return from_file(k.rule, v); }, m.node.content),
         from, m.node.at, k.name);
  }

  static value_or_bad from_file(const value_rule& rule, bool v) {
    if (rule.kind == value_kind::boolean)
      return value{v};
    return wrong_type(rule, "a boolean");
  }
  static value_or_bad from_file(const value_rule& rule, std::int64_t v) {
    return parse_number(rule, v);
  }
  static value_or_bad from_file(const value_rule& rule, const std::string& v) {
    return parse_string(rule, v);
  }
  static value_or_bad from_file(const value_rule& rule, const toml_node::table&) {
    return wrong_type(rule, "a section");
  }
  static value_or_bad from_file(const value_rule& rule, const toml_node::array&) {
    return wrong_type(rule, "an array");
  }
  static value_or_bad from_file(const value_rule& rule, const toml_node::other& v) {
    return wrong_type(rule, v.type);
  }
  static value_or_bad wrong_type(const value_rule& rule, std::string_view found) {
    return bad_value{"found " + std::string{found} + "; accepted is " + accepted_text(rule), {}};
  }

  void read_dn_list(std::size_t index, const toml_node::array& list, const origin& from) {
    const auto& k = table()[index];
    std::vector<std::string> dns;
    std::unordered_map<std::string, position> seen;
    bool good = true;
    for (const auto& item : list.items) {
      const auto* dn = std::get_if<std::string>(&item.content);
      auto fault = dn == nullptr
                     ? "found something else than a string; accepted is " + accepted_text(k.rule)
                     : dn_fault(*dn);
      if (!fault) {
        const auto [first, is_new] = seen.try_emplace(*dn, item.at);
        if (!is_new)
          fault = "DN " + in_quotes(*dn) + " stands here twice, first at " +
                  place(source_, first->second);
      }
      if (fault) {
        report(item.at, k.name, std::move(*fault));
        good = false;
      } else {
        dns.push_back(*dn);
      }
    }
    if (good)
      take(index, value{std::move(dns)}, from, {}, k.name);
  }

  // ---- environment and flags ----

  void read_variable(const std::string& name, const std::string& text) {
    if (!name.starts_with("RINGDOWN_") || is_of_others(name))
      return;
    source_ = "environment";
    if (const auto index = find_environment(name)) {
      take(*index, parse_text(table()[*index].rule, text), {origin_kind::environment, name, 0, 0},
           {}, name);
      return;
    }
    if (result_.warnings.size() < errors_max)
      warn_of_variable(name);
  }

  static bool is_of_others(std::string_view name) {
    return std::find(std::begin(variables_of_others), std::end(variables_of_others), name) !=
           std::end(variables_of_others);
  }

  /// Not an error: the prefix may serve other programs too. Not silent either.
  void warn_of_variable(const std::string& name) {
    if (const auto why = retired_variable(name); !why.empty()) {
      result_.warnings.push_back({source_, 0, 0, name, std::string{why}, {}});
      return;
    }
    std::vector<std::string> names;
    for (const auto& k : table())
      names.push_back(k.environment());
    const std::vector<std::string_view> views{names.begin(), names.end()};
    result_.warnings.push_back(
      {source_, 0, 0, name, "names no key", std::string{nearest(name, views)}});
  }

  void read_flag(const std::string& name, const std::string& text) {
    source_ = "command line";
    auto index = find_key(name);
    if (!index)
      index = find_short_flag(name);
    if (!index) {
      const auto why = retired_key(name);
      report({}, "--" + name, why.empty() ? "unknown flag" : std::string{why},
             why.empty() ? nearest_flag(name) : std::string{});
      return;
    }
    take(*index, parse_text(table()[*index].rule, text), {origin_kind::flag, "--" + name, 0, 0}, {},
         "--" + name);
  }

  /// Takes over a good value, reports a bad one.
  void take(std::size_t index, value_or_bad v, const origin& from, position at,
            const std::string& name) {
    if (auto* bad = std::get_if<bad_value>(&v)) {
      report(at, name, std::move(bad->message), std::move(bad->nearest));
      faulty_.insert(index);
      return;
    }
    table()[index].set(result_.value, std::get<value>(v));
    result_.value.origins[index] = from;
  }

  // ---- what depends on more than one key ----

  void read_dn_file() {
    auto& dns = result_.value.dns;
    if (dns.file.empty())
      return;
    source_ = dns.file;
    const auto text = read_file(dns.file, dn_file_bytes_max, from_.may_wait);
    if (const auto* error = std::get_if<std::error_code>(&text)) {
      report({}, "dns.file", why_unread(*error));
      return;
    }
    std::unordered_map<std::string_view, std::string> seen;
    const auto list_origin = to_string(result_.value.origins[find_key("dns.list").value()]);
    for (const auto& dn : dns.list)
      seen.emplace(dn, "dns.list (" + list_origin + ')');
    const auto lines = split_dn_file(std::get<std::string>(text));
    for (const auto& line : lines) {
      auto fault = dn_fault(line.dn);
      if (!fault) {
        const auto [first, is_new] = seen.try_emplace(line.dn, place(source_, line.at));
        if (!is_new)
          fault = "DN " + in_quotes(line.dn) + " stands here twice, first at " + first->second;
      }
      if (fault)
        report(line.at, {}, std::move(*fault));
      else
        dns.from_file.emplace_back(line.dn);
    }
    // An empty list means "any DN": a file that was emptied by accident must not open the broker.
    if (lines.empty())
      report({}, "dns.file", "names no DN; leave the key out to accept any DN");
  }

  void check_relations() {
    for (const auto& r : relation_table()) {
      const auto first = find_key(r.first).value();
      const auto second = find_key(r.second).value();
      if (faulty_.contains(first) || faulty_.contains(second) || r.holds(result_.value))
        continue;
      report_relation(r, first, second);
    }
  }

  /// Blames the key that was set last, by strength and then by place.
  void report_relation(const relation& r, std::size_t first, std::size_t second) {
    const auto& origins = result_.value.origins;
    auto strength = [&](std::size_t i) { return std::pair{origins[i].kind, origins[i].line}; };
    const auto blamed = strength(first) > strength(second) ? first : second;
    const auto& at = origins[blamed];
    auto now = [&](std::size_t i) {
      return table()[i].text(result_.value) + " (" + to_string(origins[i]) + ')';
    };
    source_ = source_of(at);
    report({at.line, at.column}, at.kind == origin_kind::file ? table()[blamed].name : at.source,
           std::string{r.sentence} + "; now " + now(first) + " and " + now(second));
  }

  static std::string source_of(const origin& o) {
    switch (o.kind) {
    case origin_kind::built_in: return "default";
    case origin_kind::file: return o.source;
    case origin_kind::environment: return "environment";
    case origin_kind::flag: return "command line";
    }
    return {};
  }

  const sources& from_;
  load_result result_;
  std::string source_;           ///< what is being read, for errors
  std::set<std::size_t> faulty_; ///< keys with a refused value: relations say nothing of them
};

} // namespace

load_result load(const sources& from) {
  return loader{from}.run();
}

} // namespace ringdown::configuration
