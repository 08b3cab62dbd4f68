#include "broker/security/authenticate.hpp"

#include "messages/limits.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::security {
namespace {

/// Principals of different kinds are never the same: names of static tokens have no colon, and a
/// provider's prefix is not this one.
constexpr std::string_view certificate_prefix = "cert:";

verdict refuse(cause why, std::string principal = {}) {
  verdict result;
  result.why = why;
  result.answer.refused = to_string(why);
  result.answer.principal = std::move(principal);
  return result;
}

/// It is proven who it is: what it may do, if it may be what it says.
verdict admit(const access_list& list, proof proven) {
  auto may = list.grants_of(proven.groups, proven.name, proven.dns);
  if (!may->allows(proven.role, action::sign_on, {}))
    return refuse(cause::role_not_granted, std::move(proven.principal));
  verdict result;
  result.answer.principal = proven.principal;
  result.answer.may = std::move(may);
  result.answer.credentials_expire_us = proven.expires_us;
  result.kept = std::make_shared<const proof>(std::move(proven));
  return result;
}

// ---- static tokens --------------------------------------------------------------------------

proof proof_of(const static_token& token, role as) {
  proof proven;
  proven.what = proof::kind::token;
  proven.role = as;
  proven.principal = token.name;
  proven.name = token.name;
  proven.digest = token.digest;
  proven.groups = token.groups;
  proven.expires_us = token.expires_us;
  return proven;
}

// ---- certificates ---------------------------------------------------------------------------

/// An entry for a certificate, and the name that it gives.
struct certificate_match {
  const certificate_entry* entry = nullptr;
  std::string name;
  bool is_only_one = true; ///< no other entry fits as well
};

std::string name_by(const certificate_entry& entry, std::string_view star) {
  auto name = entry.name;
  if (const auto at = name.find("{1}"); at != name.npos)
    name.replace(at, 3, star);
  return name;
}

/// The entry that says most of this name.
certificate_match match_name(std::span<const certificate_entry> entries,
                             const certificate_name& name) {
  certificate_match best;
  for (const auto& entry : entries) {
    const auto star = entry.pattern.match(name);
    if (!star)
      continue;
    const auto weight = entry.pattern.weight();
    const auto so_far = best.entry == nullptr ? 0 : best.entry->pattern.weight();
    if (best.entry == nullptr || weight > so_far)
      best = {&entry, name_by(entry, *star), true};
    else if (weight == so_far)
      best.is_only_one = false;
  }
  return best;
}

/// By its first name that any entry knows: URIs before DNS names before addresses of mail.
certificate_match match_certificate(std::span<const certificate_entry> entries,
                                    const std::vector<certificate_name>& names) {
  using kind = certificate_name::kind;
  for (const auto what : {kind::uri, kind::dns, kind::email})
    for (const auto& name : names)
      if (name.what == what)
        if (auto found = match_name(entries, name); found.entry != nullptr)
          return found;
  return {};
}

verdict by_certificate(const access_list& list,
                       const std::shared_ptr<const client_certificate>& shown, role as) {
  auto found = match_certificate(list.certificates(), shown->names);
  if (found.entry == nullptr || !is_name(found.name))
    return refuse(cause::certificate_unknown);
  if (!found.is_only_one)
    return refuse(cause::certificate_ambiguous);
  proof proven;
  proven.what = proof::kind::certificate;
  proven.role = as;
  proven.principal = std::string{certificate_prefix} + found.name;
  proven.name = std::move(found.name);
  proven.certificate = shown;
  proven.expires_us = shown->expires_us;
  proven.groups = found.entry->groups;
  return admit(list, std::move(proven));
}

/// One who renews shows the certificate of the handshake, which may be long ago.
verdict by_certificate_of(const access_list& list, const sign_on_facts& asked,
                          std::int64_t now_us) {
  const auto& shown = asked.peer.certificate;
  auto found = by_certificate(list, shown, asked.role);
  if (found.why == cause::none && shown->expires_us != 0 && now_us >= shown->expires_us)
    return refuse(cause::certificate_expired, std::move(found.answer.principal));
  return found;
}

// ---- JWT ------------------------------------------------------------------------------------

std::string principal_of(const issuer& by, std::string_view name) {
  return by.prefix + ':' + std::string{name};
}

verdict by_jwt(const access_list& list, const sign_on_facts& asked, std::int64_t now_us) {
  auto [why, claims] = check_jwt(list.issuers(), asked.credentials, now_us);
  std::string principal;
  if (claims.by != nullptr && !claims.name.empty())
    principal = principal_of(*claims.by, claims.name);
  if (why != cause::none)
    return refuse(why, std::move(principal));
  proof proven;
  proven.what = proof::kind::jwt;
  proven.role = asked.role;
  proven.principal = std::move(principal);
  proven.name = std::move(claims.name);
  proven.issuer = claims.by->name;
  proven.audience = claims.by->audience;
  proven.groups = std::move(claims.groups);
  proven.dns = std::move(claims.dns);
  proven.expires_us = claims.expires_us;
  return admit(list, std::move(proven));
}

verdict by_credentials(const access_list& list, const sign_on_facts& asked, std::int64_t now_us) {
  if (asked.credentials.size() > credentials_bytes_max)
    return refuse(cause::credentials_too_long);
  if (const auto* token = list.find_token(sha256(asked.credentials))) {
    if (token->expires_us != 0 && now_us >= token->expires_us)
      return refuse(cause::token_expired, token->name);
    return admit(list, proof_of(*token, asked.role));
  }
  // No token that `ringdown token new` makes has a dot.
  if (list.issuers().empty() || asked.credentials.find('.') == std::string::npos)
    return refuse(cause::unknown_token);
  return by_jwt(list, asked, now_us);
}

// ---- later ----------------------------------------------------------------------------------

verdict jwt_again(const access_list& list, const proof& earlier) {
  const auto all = list.issuers();
  const auto by =
    std::find_if(all.begin(), all.end(), [&](auto& one) { return one.name == earlier.issuer; });
  if (by == all.end())
    return refuse(cause::jwt_unknown_issuer, earlier.principal);
  if (by->audience != earlier.audience)
    return refuse(cause::jwt_wrong_audience, earlier.principal);
  auto proven = earlier;
  proven.principal = principal_of(*by, earlier.name);
  return admit(list, std::move(proven));
}

verdict again(const access_list& list, const proof& earlier) {
  switch (earlier.what) {
  case proof::kind::token:
    if (const auto* token = list.find_token(earlier.digest))
      return admit(list, proof_of(*token, earlier.role));
    return refuse(cause::unknown_token);
  case proof::kind::certificate: return by_certificate(list, earlier.certificate, earlier.role);
  case proof::kind::jwt: break;
  }
  return jwt_again(list, earlier);
}

} // namespace

verdict authenticate(const access_list& list, const sign_on_facts& asked, std::int64_t now_us) {
  if (!asked.credentials.empty())
    return by_credentials(list, asked, now_us);
  if (asked.peer.certificate != nullptr && !asked.peer.certificate->names.empty())
    return by_certificate_of(list, asked, now_us);
  return refuse(cause::no_credentials);
}

verdict rederive(const access_list& list, const proof& earlier) {
  auto now = again(list, earlier);
  // Under another name it would be another: its place and its command ids are not that one's.
  if (now.why == cause::none && now.answer.principal != earlier.principal)
    now = refuse(cause::principal_changed);
  if (now.why != cause::none)
    now.answer.principal = earlier.principal;
  return now;
}

} // namespace ringdown::security
