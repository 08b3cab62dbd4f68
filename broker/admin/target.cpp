#include "broker/admin/target.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace ringdown::admin {

namespace {

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (c == '%') {
      auto high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      auto low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (is_control(c))
      return std::nullopt;
    out += c;
  }
  return out;
}

/// What stands before the next `mark`, taken off the text.
std::string_view cut(std::string_view& text, char mark) {
  auto part = text.substr(0, text.find(mark));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

/// An address in its one form, with IPv4 as IPv6 knows it.
using raw_address = std::array<unsigned char, 16>;

std::optional<raw_address> address_of(std::string_view text) {
  std::string copy{text};
  raw_address all{};
  if (::inet_pton(AF_INET6, copy.c_str(), all.data()) == 1)
    return all;
  in_addr four{};
  if (::inet_pton(AF_INET, copy.c_str(), &four) != 1)
    return std::nullopt;
  all[10] = all[11] = 0xff;
  std::memcpy(&all[12], &four, sizeof four);
  return all;
}

bool is_loopback(const raw_address& at) {
  auto four = address_of("127.0.0.0");
  return at == *address_of("::1") ||
         (std::equal(at.begin(), at.begin() + 12, four->begin()) && at[12] == 127);
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Without its port; empty if it is no host.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    auto end = host.find(']');
    if (end == std::string_view::npos)
      return {};
    auto rest = host.substr(end + 1);
    if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1))))
      return {};
    return host.substr(1, end - 1);
  }
  auto colon = host.find(':');
  if (colon == std::string_view::npos)
    return host;
  return is_port(host.substr(colon + 1)) ? host.substr(0, colon) : std::string_view{};
}

bool is_localhost(std::string_view name) {
  constexpr std::string_view ours = "localhost";
  return std::equal(name.begin(), name.end(), ours.begin(), ours.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

} // namespace

std::variant<target, bad_target> parse_target(std::string_view written) {
  if (!written.starts_with('/') || written.find('#') != std::string_view::npos)
    return bad_target{"the target is no path", {}};
  target result;
  auto query = written;
  auto path = cut(query, '?');
  path.remove_prefix(1);
  while (!path.empty()) {
    auto segment = decode(cut(path, '/'));
    if (!segment || segment->empty())
      return bad_target{"a part of the path is empty, or has a wrong escape", {}};
    result.segments.push_back(std::move(*segment));
  }
  while (!query.empty()) {
    auto value_text = cut(query, '&');
    auto name = decode(cut(value_text, '='));
    if (!name || name->empty())
      return bad_target{"a parameter has no name, or a wrong escape in it", {}};
    auto value = decode(value_text);
    if (!value)
      return bad_target{"the parameter has a wrong escape, or a control character", *name};
    auto same = [&](auto& one) { return one.first == *name; };
    if (std::any_of(result.parameters.begin(), result.parameters.end(), same))
      return bad_target{"the parameter is given twice", *name};
    result.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return result;
}

bool is_own_host(std::string_view host, std::string_view configured, std::string_view came_in_at) {
  auto name = without_port(host);
  if (is_localhost(name))
    return true;
  auto named = address_of(name);
  if (!named)
    return false;
  return is_loopback(*named) || named == address_of(configured) || named == address_of(came_in_at);
}

} // namespace ringdown::admin
