#include "client/cli/new_token.hpp"

#include "messages/ids.hpp"
#include "messages/text.hpp"
#include "messages/wire.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>

namespace ringdown::cli {

namespace {

constexpr std::string_view token_mark = "rdt_";
/// As the access file bounds them.
constexpr std::size_t name_bytes_max = 128;

std::string base64url(const std::array<std::uint8_t, 32>& bytes) {
  std::array<unsigned char, 45> text{}; // four letters for three bytes, and a zero
  EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  std::string result{reinterpret_cast<const char*>(text.data())};
  std::replace(result.begin(), result.end(), '+', '-');
  std::replace(result.begin(), result.end(), '/', '_');
  result.erase(result.find('='));
  return result;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  append_escaped(result, text, bad_bytes::replaced);
  return result + '"';
}

std::optional<std::string> text_fault(std::string_view text) {
  if (text.empty() || text.size() > name_bytes_max)
    return "has " + std::to_string(text.size()) + " bytes; accepted are 1 to " +
           std::to_string(name_bytes_max);
  if (!wire::valid_utf8(text) || wire::has_control_character(text) ||
      wire::has_layout_character(text))
    return "has a character that a log does not show; accepted is UTF-8 without those";
  return std::nullopt;
}

/// The digits at this place as a number; nothing if one of them is none.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  const auto part = text.substr(at, digits);
  int number = 0;
  if (part.empty() || part.front() < '0') // from_chars takes a sign
    return std::nullopt;
  const auto* end = part.data() + part.size();
  const auto read = std::from_chars(part.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

/// Whether a text looks like `0000-00-00T00:00:00Z`, digits aside.
bool has_marks(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  return text.size() == form.size() &&
         std::equal(text.begin(), text.end(), form.begin(),
                    [](char c, char mark) { return mark == '0' || c == mark; });
}

} // namespace

new_token make_token(const std::array<std::uint8_t, 32>& random) {
  new_token made;
  made.text = std::string{token_mark} + base64url(random);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(made.text.data()), made.text.size(), digest.data());
  made.sha256 =
    to_hex(std::string_view{reinterpret_cast<const char*>(digest.data()), digest.size()});
  return made;
}

std::string token_entry(const new_token& token, const token_owner& of) {
  std::string groups;
  for (const auto& group : of.groups)
    groups += (groups.empty() ? "" : ", ") + in_quotes(group);
  return "[[token]]\nname = " + in_quotes(of.name) + "\nsha256 = " + in_quotes(token.sha256) +
         "\ngroups = [" + groups + "]\n" +
         (of.expires.empty() ? "" : "expires = " + of.expires + '\n');
}

std::optional<std::string> name_fault(std::string_view name) {
  if (auto fault = text_fault(name))
    return fault;
  if (name.find(':') != name.npos)
    return "has a colon, which parts the names of other principals; accepted is a name without";
  return std::nullopt;
}

std::optional<std::string> group_fault(std::string_view group) {
  return text_fault(group);
}

std::optional<expiry> expiry_of(std::string_view date) {
  using namespace std::chrono;
  const auto text = date.size() == 10 ? std::string{date} + "T00:00:00Z" : std::string{date};
  if (!has_marks(text))
    return std::nullopt;
  const auto y = number_at(text, 0, 4);
  const auto m = number_at(text, 5, 2);
  const auto d = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2);
  const auto minute = number_at(text, 14, 2);
  const auto second = number_at(text, 17, 2);
  if (!y || !m || !d || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  const auto day_of = year{*y} / *m / *d;
  if (!day_of.ok())
    return std::nullopt;
  return expiry{text, sys_days{day_of} + hours{*hour} + minutes{*minute} + seconds{*second}};
}

} // namespace ringdown::cli
