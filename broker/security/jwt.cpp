#include "broker/security/jwt.hpp"

#include "broker/security/base64url.hpp"
#include "broker/security/json_text.hpp"
#include "broker/security/patterns.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace ringdown::security {
namespace {

using nlohmann::json;

constexpr std::int64_t second_us = 1'000'000;
/// The end of the year 9999: a later time is no time, and overflows nothing.
constexpr std::int64_t seconds_max = 253'402'300'799;

/// The token taken apart, none of it believed yet.
struct parts {
  std::string_view said; ///< what is signed
  std::string signature;
  json header;
  json claims;
};

cause as_cause(json_fault fault) noexcept {
  switch (fault) {
  case json_fault::none: break;
  case json_fault::malformed: return cause::jwt_bad_json;
  case json_fault::duplicate_key: return cause::jwt_duplicate_key;
  }
  return cause::none;
}

cause take_apart(std::string_view token, parts& out) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == token.npos || first == last || token.find('.', first + 1) != last)
    return cause::jwt_malformed;
  const auto header = from_base64url(token.substr(0, first));
  const auto claims = from_base64url(token.substr(first + 1, last - first - 1));
  auto signature = from_base64url(token.substr(last + 1));
  if (!header || !claims || !signature)
    return cause::jwt_bad_base64url;
  auto read = parse_object(*header);
  if (read.fault != json_fault::none)
    return as_cause(read.fault);
  out.header = std::move(read.object);
  read = parse_object(*claims);
  if (read.fault != json_fault::none)
    return as_cause(read.fault);
  out.claims = std::move(read.object);
  out.said = token.substr(0, last);
  out.signature = *std::move(signature);
  return cause::none;
}

/// The key that the header names; the only one needs no name.
cause choose_key(const issuer& by, const json& header, const verifying_key*& chosen) {
  if (!header.contains("kid")) {
    if (by.keys.size() != 1)
      return cause::jwt_no_key_id;
    chosen = &by.keys.front();
    return cause::none;
  }
  const auto* id = string_at(header, "kid");
  const auto found = std::find_if(by.keys.begin(), by.keys.end(),
                                  [&](auto& key) { return id != nullptr && key.id == *id; });
  if (found == by.keys.end())
    return cause::jwt_unknown_key;
  chosen = &*found;
  return cause::none;
}

/// Whose key has signed this; nothing in `out` before.
cause check_signature(std::span<const issuer> issuers, const parts& token, jwt_claims& out) {
  if (token.header.contains("crit"))
    return cause::jwt_critical_extension; // none is known here
  const auto* name = string_at(token.claims, "iss");
  const auto by = std::find_if(issuers.begin(), issuers.end(),
                               [&](auto& one) { return name != nullptr && one.name == *name; });
  if (by == issuers.end())
    return cause::jwt_unknown_issuer;
  const verifying_key* key = nullptr;
  if (const auto why = choose_key(*by, token.header, key); why != cause::none)
    return why;
  const auto* said = string_at(token.header, "alg");
  if (said == nullptr || *said != to_string(key->by)) // `none` and HS256 end here
    return cause::jwt_wrong_algorithm;
  if (!key->verify(token.said, token.signature))
    return cause::jwt_bad_signature;
  out.by = &*by;
  return cause::none;
}

/// Seconds of UTC, whole or not.
std::optional<std::int64_t> seconds_of(const json& time) {
  if (time.is_number_unsigned()) {
    const auto seconds = time.get<std::uint64_t>();
    if (seconds > static_cast<std::uint64_t>(seconds_max))
      return std::nullopt;
    return static_cast<std::int64_t>(seconds);
  }
  if (!time.is_number_float())
    return std::nullopt;
  const auto seconds = time.get<double>();
  if (!(seconds >= 0 && seconds <= static_cast<double>(seconds_max)))
    return std::nullopt;
  return static_cast<std::int64_t>(std::floor(seconds));
}

cause check_times(const json& claims, std::int64_t now_us, jwt_claims& out) {
  std::optional<std::int64_t> times[3];
  constexpr const char* names[] = {"exp", "nbf", "iat"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (const auto found = claims.find(names[i]); found != claims.end())
      if (times[i] = seconds_of(*found); !times[i])
        return cause::jwt_bad_time;
  const auto& [expires, not_before, issued] = times;
  if (!expires)
    return cause::jwt_no_expiry;
  constexpr auto leeway = jwt_leeway.count();
  out.expires_us = (*expires + leeway) * second_us;
  if (now_us >= out.expires_us)
    return cause::jwt_expired;
  if (not_before && now_us < (*not_before - leeway) * second_us)
    return cause::jwt_not_yet_valid;
  // A token that lives long is counted from when it was made; one that does not say so, from now.
  const auto longest_us = std::chrono::microseconds{out.by->lifetime_max}.count();
  if (out.expires_us - now_us > longest_us + 2 * leeway * second_us ||
      (issued && (*expires - *issued) * second_us > longest_us))
    return cause::jwt_lifetime_too_long;
  return cause::none;
}

bool is_for(const json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end())
    return false;
  if (found->is_array())
    return std::find(found->begin(), found->end(), json(audience)) != found->end();
  const auto* only = found->get_ptr<const std::string*>();
  return only != nullptr && *only == audience;
}

/// A claim that is a text or several; none of it if there is no such claim.
std::optional<std::vector<std::string>> texts_of(const json& claims, const std::string& name) {
  std::vector<std::string> texts;
  const auto found = claims.find(name);
  if (found == claims.end())
    return texts;
  if (const auto* one = found->get_ptr<const std::string*>()) {
    texts.push_back(*one);
    return texts;
  }
  if (!found->is_array())
    return std::nullopt;
  for (const auto& item : *found) {
    const auto* one = item.get_ptr<const std::string*>();
    if (one == nullptr)
      return std::nullopt;
    texts.push_back(*one);
  }
  return texts;
}

cause read_dns(const json& claims, jwt_claims& out) {
  if (out.by->dns_claim.empty())
    return cause::none;
  const auto texts = texts_of(claims, out.by->dns_claim);
  if (!texts)
    return cause::jwt_bad_dns;
  for (const auto& text : *texts) {
    auto pattern = parse_dn_pattern(text);
    if (!std::holds_alternative<dn_pattern>(pattern))
      return cause::jwt_bad_dns;
    out.dns.push_back(std::get<dn_pattern>(std::move(pattern)));
  }
  return cause::none;
}

/// What the signature vouches for.
cause read_claims(const json& claims, std::int64_t now_us, jwt_claims& out) {
  const auto* name = string_at(claims, out.by->name_claim);
  if (name != nullptr && is_name(*name))
    out.name = *name;
  if (const auto why = check_times(claims, now_us, out); why != cause::none)
    return why;
  if (!is_for(claims, out.by->audience))
    return cause::jwt_wrong_audience;
  if (out.name.empty())
    return cause::jwt_bad_name;
  auto groups = texts_of(claims, out.by->groups_claim);
  if (!groups)
    return cause::jwt_bad_groups;
  out.groups = *std::move(groups);
  return read_dns(claims, out);
}

} // namespace

jwt_result check_jwt(std::span<const issuer> issuers, std::string_view token, std::int64_t now_us) {
  parts taken;
  jwt_result result;
  result.refused = take_apart(token, taken);
  if (result.refused == cause::none)
    result.refused = check_signature(issuers, taken, result.claims);
  if (result.refused == cause::none)
    result.refused = read_claims(taken.claims, now_us, result.claims);
  return result;
}

} // namespace ringdown::security
