#include "broker/security/access_file.hpp"

#include "broker/config/files.hpp"
#include "broker/config/toml_file.hpp"
#include "broker/config/units.hpp"
#include "broker/config/value.hpp"
#include "broker/security/file_tables.hpp"
#include "messages/nearest.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace ringdown::security {
namespace {

using configuration::in_quotes;
using configuration::toml_node;

enum class kind : std::uint8_t { token, certificate, issuer, grant };
/// Indexed by `kind`.
constexpr std::array<std::string_view, 4> kinds{"token", "certificate", "issuer", "grant"};
constexpr std::array<std::string_view, 4> token_keys{"name", "sha256", "groups", "expires"};
constexpr std::array<std::string_view, 5> certificate_keys{"uri", "dns", "email", "name", "groups"};
constexpr std::array<std::string_view, 9> issuer_keys{
  "issuer", "audience", "jwks", "algorithms", "name", "groups", "dns", "prefix", "lifetime_max"};
constexpr std::array<std::string_view, 4> grant_keys{"group", "roles", "dns", "may"};

constexpr std::array<role, 5> roles{role::desktop, role::recorder, role::supervisor, role::admin,
                                    role::call_source};
constexpr std::array<std::string_view, 5> role_names{"desktop", "recorder", "supervisor", "admin",
                                                     "call_source"};
constexpr std::array<action, 8> actions{
  action::register_,       action::monitor,       action::send_command, action::send_indication,
  action::send_user_event, action::tell_of_calls, action::admin_read,   action::admin_write};
constexpr std::array<std::string_view, 8> action_names{
  "register",        "monitor",       "send_command", "send_indication",
  "send_user_event", "tell_of_calls", "admin_read",   "admin_write"};
constexpr action_set admin_actions = bit_of(action::admin_read) | bit_of(action::admin_write);

/// `iss`, `aud` and paths: addresses of the web, mostly.
constexpr std::size_t long_text_max = 1'024;
constexpr std::size_t prefix_bytes_max = 16;
constexpr std::uint64_t minute_ms = 60'000;
constexpr std::uint64_t hour_ms = 60 * minute_ms;

std::string place(position at) {
  return std::to_string(at.line) + ':' + std::to_string(at.column);
}

std::optional<sha256_digest> parse_digest(std::string_view hex) {
  constexpr std::string_view small = "0123456789abcdef";
  constexpr std::string_view large = "0123456789ABCDEF";
  sha256_digest digest{};
  if (hex.size() != 2 * digest.size())
    return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    auto value = small.find(hex[i]);
    if (value == small.npos)
      value = large.find(hex[i]);
    if (value == large.npos)
      return std::nullopt;
    digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4 | value);
  }
  return digest;
}

std::string why_unread(const std::error_code& error, std::size_t bytes_max) {
  if (error == std::errc::file_too_large)
    return "has more than " + quantity_text(configuration::quantity::size, bytes_max);
  if (error == std::errc::invalid_seek)
    return "is a pipe, which cannot be read again";
  return "cannot be read: " + error.message();
}

/// Things of which the file may have each once, and where.
template <class Key>
class once {
public:
  /// Where it stood first; nothing if this is the first.
  std::optional<position> put(const Key& key, position at) {
    const auto [first, is_new] = first_.try_emplace(key, at);
    return is_new ? std::nullopt : std::optional{first->second};
  }

private:
  std::map<Key, position> first_;
};

/// One call of `parse_access_file`.
class file_parser {
public:
  file_parser(const std::filesystem::path& source, const file_reader& read)
    : source_{source}, read_{read}, errors_{source.string()} {}

  access_file_result run(std::string_view text) {
    note_read(source_, text);
    auto parsed = configuration::parse_toml(text, errors_.source());
    if (auto* error = std::get_if<configuration::config_error>(&parsed))
      return {nullptr, {std::move(*error)}, std::move(files_)};
    sort_entries(std::get<toml_node::table>(std::get<toml_node>(parsed).content));
    // Issuers first: they say whether `{dns}` means anything. Grants next: their groups are asked
    // for by all others.
    for (const auto* entry : entries_of(kind::issuer, issuers_max))
      read_issuer(*entry);
    for (const auto* entry : entries_of(kind::grant, grants_max))
      read_grant(*entry);
    for (const auto* entry : entries_of(kind::token, tokens_max))
      read_token(*entry);
    for (const auto* entry : entries_of(kind::certificate, certificates_max))
      read_certificate(*entry);
    look_at_whole();
    if (!errors_.empty())
      return {nullptr, errors_.take(), std::move(files_)};
    return {std::make_shared<const access_list>(std::move(made_)),
            {},
            std::move(files_),
            sha256(digests_read_)};
  }

private:
  using entries = std::vector<const toml_node*>;

  // ---- the file -----------------------------------------------------------------------------

  void note_read(const std::filesystem::path& file, std::string_view bytes) {
    files_.push_back(file);
    const auto digest = sha256(bytes);
    digests_read_.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  }

  void sort_entries(const toml_node::table& root) {
    for (const auto& member : root.members) {
      const auto found = std::find(kinds.begin(), kinds.end(), member.name);
      const auto* list = std::get_if<toml_node::array>(&member.node.content);
      if (found == kinds.end()) {
        errors_.add(member.at, std::string{cut_text(member.name, 80)},
                    "unknown key; accepted are [[token]], [[certificate]], [[issuer]], [[grant]]",
                    std::string{nearest(member.name, kinds)});
      } else if (list == nullptr) {
        errors_.add(member.at, member.name, written(*found));
      } else {
        for (const auto& item : list->items) {
          if (std::holds_alternative<toml_node::table>(item.content))
            entries_[static_cast<std::size_t>(found - kinds.begin())].push_back(&item);
          else
            errors_.add(item.at, member.name, written(*found));
        }
      }
    }
  }

  static std::string written(std::string_view name) {
    return "is an array of tables, each written [[" + std::string{name} + "]]";
  }

  /// What there is of a kind, if it is not too much.
  entries entries_of(kind what, std::size_t count_max) {
    const auto place = static_cast<std::size_t>(what);
    auto all = std::move(entries_[place]);
    if (all.size() <= count_max)
      return all;
    errors_.add(all[count_max]->at, std::string{kinds[place]},
                "there are " + std::to_string(all.size()) + "; accepted are " +
                  std::to_string(count_max) + " at most");
    return {};
  }

  /// An emptied file lets nobody in: that it is not meant is more likely.
  void look_at_whole() {
    if (!errors_.empty())
      return;
    if (made_.groups.empty())
      errors_.add({1, 1}, "grant", "there is no [[grant]], so that nobody could sign on");
    else if (made_.tokens.empty() && made_.certificates.empty() && made_.issuers.empty())
      errors_.add({1, 1}, "token",
                  "there is no [[token]], [[certificate]] or [[issuer]], so that nobody could "
                  "sign on");
  }

  // ---- grants -------------------------------------------------------------------------------

  void read_grant(const toml_node& node) {
    entry_reader entry{node, "grant", grant_keys, errors_};
    const auto group = entry.text("group", name_bytes_max);
    if (group)
      groups_.insert(group->text); // also of a grant that is wrong otherwise
    const auto role_bits = entry.words("roles", role_names);
    const auto may_bits = entry.words("may", action_names);
    group_grant made;
    for (std::size_t i = 0; role_bits && i < roles.size(); ++i)
      if ((*role_bits & 1u << i) != 0)
        made.common.roles = static_cast<role_set>(made.common.roles | bit_of(roles[i]));
    for (std::size_t i = 0; may_bits && i < actions.size(); ++i)
      if ((*may_bits & 1u << i) != 0)
        made.common.may = static_cast<action_set>(made.common.may | bit_of(actions[i]));
    if (role_bits && may_bits && (made.common.may & admin_actions) != 0 &&
        (made.common.roles & bit_of(role::admin)) == 0)
      entry.refuse(entry.at("roles"), "roles",
                   "lacks admin: only in that role one may do admin_read and admin_write");
    const bool needs_dns = !may_bits || (made.common.may & ~admin_actions) != 0;
    if (needs_dns || entry.has("dns"))
      read_dns(entry, made);
    if (entry.is_good())
      made_.groups[group->text].all.push_back(std::move(made));
  }

  void read_dns(entry_reader& entry, group_grant& made) {
    const auto texts = entry.texts("dns", 2 * dn_bytes_max + 1, dns_max);
    if (!texts)
      return;
    dns_ += texts->size();
    if (dns_ > dns_of_all_max) {
      entry.refuse(entry.at("dns"), "dns",
                   "all grants together have more than " + std::to_string(dns_of_all_max) +
                     " patterns");
      return;
    }
    for (const auto& one : *texts) {
      if (one.text == "{name}") {
        made.on_own_name = true;
      } else if (one.text == "{dns}") {
        made.on_own_dns = true;
        if (!has_dns_claim_)
          entry.refuse(one.at, "dns",
                       "{dns} is what an issuer's tokens name, and no [[issuer]] "
                       "has the key dns");
      } else {
        auto pattern = parse_dn_pattern(one.text);
        if (auto* problem = std::get_if<std::string>(&pattern))
          entry.refuse(one.at, "dns", *problem + ", {dns}, {name}");
        else
          made.common.dns.push_back(std::get<dn_pattern>(std::move(pattern)));
      }
    }
  }

  // ---- tokens -------------------------------------------------------------------------------

  void read_token(const toml_node& node) {
    entry_reader entry{node, "token", token_keys, errors_};
    static_token made;
    if (const auto name = entry.text("name", name_bytes_max)) {
      made.name = name->text;
      if (!is_name(name->text) || name->text.find(':') != std::string::npos)
        entry.refuse(name->at, "name",
                     "has a colon, or a character that changes how text is read; "
                     "accepted is a name without");
      else if (const auto first = names_.put(name->text, name->at))
        entry.refuse(name->at, "name", "stands here twice, first at " + place(*first));
    }
    if (const auto hex = entry.text("sha256", long_text_max)) {
      // Never shown: it may be the token itself.
      if (const auto digest = parse_digest(hex->text)) {
        made.digest = *digest;
        if (const auto first = digests_.put(*digest, hex->at))
          entry.refuse(hex->at, "sha256",
                       "is that of the token at " + place(*first) + ": each has its own");
      } else {
        entry.refuse(hex->at, "sha256",
                     "is no SHA-256 of a token; accepted are 64 hexadecimal "
                     "digits, as ringdown token new writes them");
      }
    }
    made.groups = read_groups(entry);
    made.expires_us = entry.moment("expires").value_or(0);
    if (entry.is_good())
      made_.tokens.push_back(std::move(made));
  }

  /// Groups that have a grant.
  std::vector<std::string> read_groups(entry_reader& entry) {
    std::vector<std::string> known;
    const auto texts = entry.texts("groups", name_bytes_max, groups_max);
    if (!texts)
      return known;
    for (const auto& one : *texts) {
      if (groups_.contains(one.text)) {
        known.push_back(one.text);
        continue;
      }
      const std::vector<std::string_view> names{groups_.begin(), groups_.end()};
      entry.refuse(one.at, "groups",
                   "group " + in_quotes(cut_text(one.text, 80)) +
                     " has no [[grant]], so that it may do nothing",
                   std::string{nearest(one.text, names)});
    }
    return known;
  }

  // ---- certificates -------------------------------------------------------------------------

  void read_certificate(const toml_node& node) {
    entry_reader entry{node, "certificate", certificate_keys, errors_};
    certificate_entry made;
    read_certificate_pattern(entry, made);
    if (const auto name = entry.text("name", name_bytes_max)) {
      made.name = name->text;
      check_name_of_certificate(entry, *name, made.pattern.has_star);
    }
    made.groups = read_groups(entry);
    if (entry.is_good())
      made_.certificates.push_back(std::move(made));
  }

  void read_certificate_pattern(entry_reader& entry, certificate_entry& made) {
    using name_kind = certificate_name::kind;
    constexpr std::pair<std::string_view, name_kind> by_key[] = {
      {"uri", name_kind::uri}, {"dns", name_kind::dns}, {"email", name_kind::email}};
    std::size_t count = 0;
    for (const auto& [key, what] : by_key) {
      if (!entry.has(key))
        continue;
      if (++count > 1)
        entry.refuse(entry.at(key), key,
                     "stands beside another name; accepted is one of uri, dns, "
                     "email");
      const auto text = entry.text(key, long_text_max);
      if (!text)
        continue;
      auto pattern = parse_certificate_pattern(what, text->text);
      if (auto* problem = std::get_if<std::string>(&pattern)) {
        entry.refuse(text->at, key, *problem);
        continue;
      }
      made.pattern = std::get<certificate_pattern>(std::move(pattern));
      const auto text_of =
        made.pattern.before + (made.pattern.has_star ? "*" : "") + made.pattern.after;
      if (const auto first = patterns_.put({what, text_of}, text->at))
        entry.refuse(text->at, key, "stands here twice, first at " + place(*first));
    }
    if (count == 0)
      entry.refuse(entry.at(), "uri",
                   "is missing; each [[certificate]] has one of uri, dns, email");
  }

  static void check_name_of_certificate(entry_reader& entry, const placed_text& name,
                                        bool has_star) {
    auto rest = name.text;
    const auto at = rest.find("{1}");
    if (at != rest.npos)
      rest.erase(at, 3);
    if (rest.find_first_of("{}") != rest.npos)
      entry.refuse(name.at, "name", "has braces; accepted is {1}, at most once");
    else if (has_star && at == rest.npos)
      entry.refuse(name.at, "name", "lacks {1}, what * stands for: all who fit would be one");
    else if (!has_star && at != std::string::npos)
      entry.refuse(name.at, "name", "has {1}, what * stands for, and there is no *");
  }

  // ---- issuers ------------------------------------------------------------------------------

  void read_issuer(const toml_node& node) {
    entry_reader entry{node, "issuer", issuer_keys, errors_};
    issuer made;
    if (const auto name = entry.text("issuer", long_text_max)) {
      made.name = name->text;
      if (const auto first = issuers_.put(name->text, name->at))
        entry.refuse(name->at, "issuer", "stands here twice, first at " + place(*first));
    }
    if (const auto audience = entry.text("audience", long_text_max))
      made.audience = audience->text;
    made.name_claim = entry.text_or("name", name_bytes_max, "sub").value_or(placed_text{}).text;
    made.groups_claim =
      entry.text_or("groups", name_bytes_max, "groups").value_or(placed_text{}).text;
    if (entry.has("dns")) {
      has_dns_claim_ = true;
      made.dns_claim = entry.text("dns", name_bytes_max).value_or(placed_text{}).text;
    }
    // A day by default: a shift with its overtime. The longest: a year.
    made.lifetime_max = std::chrono::milliseconds{
      entry.duration_ms("lifetime_max", minute_ms, 366 * 24 * hour_ms, 24 * hour_ms).value_or(0)};
    read_prefix(entry, made);
    read_keys(entry, made);
    if (entry.is_good())
      made_.issuers.push_back(std::move(made));
  }

  /// What tells the principals of one kind from those of all others.
  void read_prefix(entry_reader& entry, issuer& made) {
    const auto prefix = entry.text_or("prefix", prefix_bytes_max, "jwt");
    if (!prefix)
      return;
    made.prefix = prefix->text;
    constexpr std::string_view accepted = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (prefix->text.find_first_not_of(accepted) != std::string::npos || prefix->text == "cert")
      entry.refuse(prefix->at, "prefix",
                   "accepted are small letters, digits and -, but not cert, "
                   "which is that of certificates");
    else if (const auto first = prefixes_.put(prefix->text, prefix->at))
      entry.refuse(prefix->at, "prefix",
                   "is " + in_quotes(prefix->text) + " as that at " + place(*first) +
                     ": each issuer has its own, or one could speak for the other's people");
  }

  void read_keys(entry_reader& entry, issuer& made) {
    algorithm_set accepted = (1u << algorithm_names.size()) - 1;
    if (entry.has("algorithms")) {
      const auto bits = entry.words("algorithms", algorithm_names);
      if (!bits)
        return;
      accepted = static_cast<algorithm_set>(*bits);
    }
    const auto file = entry.text("jwks", long_text_max);
    if (!file)
      return;
    const auto path = source_.parent_path() / file->text; // an absolute one stays as it is
    auto content = read_(path, jwks_bytes_max);
    const auto* bytes = std::get_if<std::string>(&content);
    note_read(path, bytes != nullptr ? *bytes : std::string_view{});
    if (const auto* error = std::get_if<std::error_code>(&content)) {
      entry.refuse(file->at, "jwks",
                   in_quotes(path.string()) + ' ' + why_unread(*error, jwks_bytes_max));
      return;
    }
    auto keys = read_jwks(*bytes, accepted);
    if (!keys.fault.empty())
      entry.refuse(file->at, "jwks", in_quotes(path.string()) + ' ' + keys.fault);
    made.keys = std::move(keys.keys);
  }

  const std::filesystem::path& source_;
  const file_reader& read_;
  file_errors errors_;
  std::vector<std::filesystem::path> files_;
  std::string digests_read_; ///< of each, in their order
  std::array<entries, kinds.size()> entries_;
  access_list::content made_;

  bool has_dns_claim_ = false;
  std::size_t dns_ = 0;
  std::set<std::string, std::less<>> groups_; ///< that have a grant
  once<std::string> names_;
  once<sha256_digest> digests_;
  once<std::pair<certificate_name::kind, std::string>> patterns_;
  once<std::string> issuers_;
  once<std::string> prefixes_;
};

} // namespace

access_file_result parse_access_file(std::string_view text, const std::filesystem::path& source,
                                     const file_reader& read) {
  return file_parser{source, read}.run(text);
}

access_file_result read_access_file(const std::filesystem::path& path, bool may_wait) {
  const file_reader read = [may_wait](const std::filesystem::path& file, std::size_t bytes_max) {
    return configuration::read_file(file, bytes_max, may_wait);
  };
  const auto text = read(path, access_file_bytes_max);
  if (const auto* error = std::get_if<std::error_code>(&text))
    return {nullptr,
            {{path.string(), 0, 0, "auth.file", why_unread(*error, access_file_bytes_max), {}}},
            {path}};
  return parse_access_file(std::get<std::string>(text), path, read);
}

} // namespace ringdown::security
