#include "client/cli/top_keys.hpp"

#include "messages/text.hpp"

#include <algorithm>

namespace ringdown::cli {

namespace {

/// The last character, of UTF-8.
void remove_last(std::string& text) {
  auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  while (!text.empty() && is_continuation(text.back()))
    text.pop_back();
  if (!text.empty())
    text.pop_back();
}

void type(top_state& now, top_press press) {
  switch (press.key) {
  case top_key::text:
    if (now.filter.size() < filter_bytes_max)
      now.filter += press.byte;
    break;
  case top_key::backspace: remove_last(now.filter); break;
  case top_key::enter: now.is_typing = false; break;
  case top_key::escape:
    now.is_typing = false;
    now.filter.clear();
    break;
  case top_key::up:
  case top_key::down:
  case top_key::other: break;
  }
}

/// A DN that has left the screen is where the cursor was: it begins anew.
void choose(top_state& now, const std::vector<std::string>& dns, bool is_next) {
  if (dns.empty()) {
    now.chosen.clear();
    return;
  }
  auto at = std::find(dns.begin(), dns.end(), now.chosen);
  if (at == dns.end())
    now.chosen = is_next ? dns.front() : dns.back();
  else if (is_next && at + 1 != dns.end())
    now.chosen = *(at + 1);
  else if (!is_next && at != dns.begin())
    now.chosen = *(at - 1);
}

void see(top_state& now, top_view view) {
  now.view = now.view == view ? top_view::trouble : view;
}

void command(top_state& now, char letter) {
  switch (letter) {
  case 'q':
  case 'Q': now.is_over = true; break;
  case '/': now.is_typing = true; break;
  case 'p': see(now, top_view::paused); break;
  case 's': see(now, top_view::slow); break;
  default: break;
  }
}

/// One thing less, the last that was asked for first.
void go_back(top_state& now) {
  if (!now.filter.empty())
    now.filter.clear();
  else if (now.view != top_view::trouble)
    now.view = top_view::trouble;
  else
    now.chosen.clear();
}

/// How many bytes an escape's sequence has, the escape included.
std::size_t sequence_size(std::string_view bytes) {
  constexpr std::size_t begin = 2; // ESC [ or ESC O
  if (bytes.size() < begin || (bytes[1] != '[' && bytes[1] != 'O'))
    return 1;
  auto is_end = [](char c) { return c >= '@' && c <= '~'; };
  auto* end = std::find_if(bytes.begin() + begin, bytes.end(), is_end);
  return static_cast<std::size_t>(end - bytes.begin()) + (end != bytes.end() ? 1 : 0);
}

top_press key_of(std::string_view sequence) {
  if (sequence.size() == 1)
    return {top_key::escape};
  switch (sequence.back()) {
  case 'A': return {top_key::up};
  case 'B': return {top_key::down};
  default: return {top_key::other};
  }
}

top_press key_of(char byte) {
  constexpr char erase = '\x7f';
  constexpr char erase_too = '\b';
  if (byte == '\r' || byte == '\n')
    return {top_key::enter};
  if (byte == erase || byte == erase_too)
    return {top_key::backspace};
  bool is_control = byte >= 0 && byte < ' ';
  return is_control ? top_press{} : top_press{top_key::text, byte};
}

} // namespace

std::vector<top_press> keys_of(std::string_view bytes) {
  constexpr char escape = '\x1b';
  std::vector<top_press> keys;
  while (!bytes.empty()) {
    auto size = bytes.front() == escape ? sequence_size(bytes) : 1;
    keys.push_back(bytes.front() == escape ? key_of(bytes.substr(0, size)) : key_of(bytes.front()));
    bytes.remove_prefix(size);
  }
  return keys;
}

top_state step(top_state now, top_press press, const std::vector<std::string>& dns) {
  if (now.is_typing) {
    type(now, press);
    return now;
  }
  bool is_end = press.key == top_key::text && (press.byte == 'q' || press.byte == 'Q');
  if (!now.opened.empty() && !is_end) {
    now.opened.clear();
    return now;
  }
  switch (press.key) {
  case top_key::text: command(now, press.byte); break;
  case top_key::up: choose(now, dns, false); break;
  case top_key::down: choose(now, dns, true); break;
  case top_key::enter:
    if (std::find(dns.begin(), dns.end(), now.chosen) != dns.end())
      now.opened = now.chosen;
    break;
  case top_key::escape:
  case top_key::backspace: go_back(now); break;
  case top_key::other: break;
  }
  return now;
}

std::string keys_line(const top_state& now) {
  if (now.is_typing)
    return "filter: " + printable(now.filter) + "_  (enter keeps it, escape drops it)";
  if (!now.opened.empty())
    return "q ends  enter goes back";
  std::string line = "q ends  / filters  p paused  s slow  up, down choose a DN  enter says why";
  if (!now.filter.empty())
    line = "filter: " + printable(now.filter) + "  (escape drops it)  " + line;
  return line;
}

} // namespace ringdown::cli
