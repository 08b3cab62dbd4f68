// Grants against the plain reading of what is written, for every DN of a small alphabet.
#include "actors/grants.hpp"

#include <rapidcheck/catch.h>

#include <algorithm>
#include <cstdlib>

using namespace ringdown;

namespace {

using kind = dn_pattern::kind;

// Patterns are made of these; DNs have one letter more, so that no patterns by name add up to a
// prefix.
constexpr std::string_view letters = "0123456789a";
constexpr std::string_view letters_of_dns = "0123456789az*";
constexpr std::size_t pattern_size_max = 2;

std::vector<std::string> words(std::string_view alphabet, std::size_t size_max) {
  std::vector<std::string> all{""};
  for (std::size_t begin = 0, size = 0; size < size_max; ++size) {
    auto end = all.size();
    for (; begin < end; ++begin)
      for (auto letter : alphabet)
        all.push_back(all[begin] + letter);
  }
  return all;
}

const std::vector<std::string>& dns() {
  static const auto all = words(letters_of_dns, pattern_size_max + 1);
  return all;
}

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789") == text.npos;
}

bool matches(const dn_pattern& pattern, std::string_view dn) {
  switch (pattern.what) {
  case kind::all: return true;
  case kind::exact: return dn == pattern.first && dn != "*";
  case kind::prefix: return pattern.first.empty() || (dn.starts_with(pattern.first) && dn != "*");
  case kind::range:
    return is_number(dn) && dn.size() == pattern.first.size() &&
           pattern.first.size() == pattern.last.size() && pattern.first <= dn && dn <= pattern.last;
  }
  return false;
}

bool allows(const std::vector<grant>& all, role as, action what, std::string_view dn) {
  return std::any_of(all.begin(), all.end(), [&](const grant& one) {
    if ((one.roles & bit_of(as)) == 0)
      return false;
    if (what == action::sign_on)
      return true;
    if ((one.may & bit_of(what)) == 0)
      return false;
    if (what == action::admin_read || what == action::admin_write)
      return true;
    return !dn.empty() && std::any_of(one.dns.begin(), one.dns.end(),
                                      [&](auto& pattern) { return matches(pattern, dn); });
  });
}

std::string some_word(std::string_view alphabet, std::size_t size_min) {
  auto size = *rc::gen::inRange(size_min, pattern_size_max + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string{alphabet}));
}

dn_pattern some_pattern() {
  switch (*rc::gen::weightedElement<int>({{1, 0}, {6, 1}, {4, 2}, {8, 3}})) {
  case 0: return {kind::all, {}, {}};
  case 1: return {kind::exact, some_word(letters, 1), {}};
  case 2: return {kind::prefix, some_word(letters, 1), {}};
  default: break;
  }
  auto first = some_word("0123456789", 1);
  auto last =
    *rc::gen::container<std::string>(first.size(), rc::gen::elementOf(std::string{"0123456789"}));
  return {kind::range, std::min(first, last), std::max(first, last)};
}

/// Each as likely, also in the first of a test's runs.
std::size_t up_to(std::size_t most) {
  return *rc::gen::noShrink(rc::gen::resize(1000, rc::gen::inRange<std::size_t>(0, most + 1)));
}

// Two roles and three actions are enough to mix.
std::vector<grant> some_grants(std::size_t count_max) {
  std::vector<grant> all(up_to(count_max));
  for (auto& one : all) {
    one.roles = static_cast<role_set>(up_to(3) << 1);
    one.may = *rc::gen::element<action_set>(
      bit_of(action::send_command), bit_of(action::register_), bit_of(action::admin_read),
      bit_of(action::send_command) | bit_of(action::register_), 0);
    one.dns.resize(up_to(4));
    for (auto& pattern : one.dns)
      pattern = some_pattern();
  }
  return all;
}

constexpr role roles[] = {role::desktop, role::recorder, role::supervisor};
constexpr action actions[] = {action::sign_on, action::register_, action::send_command,
                              action::send_user_event, action::admin_read};

/// The first DN about which two answers differ, with who asked.
template <class First, class Second>
std::string difference(const First& first, const Second& second) {
  for (auto as : roles)
    for (auto what : actions)
      for (auto& dn : dns())
        if (first(as, what, dn) != second(as, what, dn))
          return std::to_string(static_cast<int>(as)) + " " +
                 std::to_string(static_cast<int>(what)) + " " + dn;
  return {};
}

} // namespace

TEST_CASE("grants allow what the plain reading of them allows, and nothing else") {
  rc::prop("every DN of a small alphabet", [] {
    const auto all = some_grants(4);
    const grants may{all};
    RC_ASSERT(difference([&](role as, action what,
                             const std::string& dn) { return may.allows(as, what, dn); },
                         [&](role as, action what, const std::string& dn) {
                           return allows(all, as, what, dn);
                         }) == "");
  });
}

TEST_CASE("what a registration is told at once is what single questions are answered") {
  rc::prop("every DN of a small alphabet", [] {
    const grants may{some_grants(4)};
    for (auto as : roles) {
      for (auto& dn : dns()) {
        auto at_once = may.on(as, dn);
        for (auto what : {action::register_, action::send_command, action::send_user_event})
          RC_ASSERT(((at_once & bit_of(what)) != 0) == may.allows(as, what, dn));
      }
    }
  });
}

TEST_CASE("grants are equal exactly if they allow the same") {
  rc::prop("two of few patterns, which are often equal", [] {
    const auto first = some_grants(2);
    auto second = *rc::gen::arbitrary<bool>() ? first : some_grants(2);
    // The same in other pieces.
    for (std::size_t i = 0, size = second.size(); i < size; ++i) {
      if (second[i].dns.empty())
        continue;
      auto half = second[i];
      half.dns.assign(1, second[i].dns.back());
      if (*rc::gen::arbitrary<bool>())
        second[i].dns.pop_back();
      second.insert(second.begin(), half);
    }
    const grants a{first};
    const grants b{second};
    auto same =
      difference(
        [&](role as, action what, const std::string& dn) { return a.allows(as, what, dn); },
        [&](role as, action what, const std::string& dn) { return b.allows(as, what, dn); }) == "";
    RC_ASSERT((a == b) == same);
    RC_CLASSIFY(same);
  });
}

TEST_CASE("each pair of patterns is the union of both") {
  std::vector<dn_pattern> patterns{{kind::all, {}, {}}};
  for (auto& word : words("019a", 2)) {
    if (word.empty())
      continue;
    patterns.push_back({kind::exact, word, {}});
    patterns.push_back({kind::prefix, word, {}});
    for (auto* last : {"1", "9", "19", "90", "99"})
      if (is_number(word) && word.size() == std::string_view{last}.size() && word <= last)
        patterns.push_back({kind::range, word, last});
  }
  for (auto& one : patterns) {
    for (auto& other : patterns) {
      const grants may{{{bit_of(role::desktop), bit_of(action::send_command), {one, other}}}};
      std::string wrong;
      for (auto& dn : dns())
        if (may.allows(role::desktop, action::send_command, dn) !=
            (!dn.empty() && (matches(one, dn) || matches(other, dn))))
          wrong = dn;
      if (!wrong.empty())
        FAIL(one.first << " " << other.first << ": " << wrong);
    }
  }
}

TEST_CASE("a range is the same as its numbers one by one, without those that a prefix covers") {
  auto commanding = [](std::vector<dn_pattern> dns) {
    return grants{{{bit_of(role::desktop), bit_of(action::send_command), std::move(dns)}}};
  };
  const auto numbers = words("0123456789", 2);
  for (auto& word : numbers) {
    if (word.empty())
      continue;
    const dn_pattern prefix{kind::prefix, word, {}};
    for (auto& first : numbers) {
      for (auto length : {0, 1, 9, 10, 21}) {
        auto last = std::to_string(100 + std::atoi(first.c_str()) + length).substr(1);
        if (first.size() != 2 || last < first)
          continue;
        std::vector<dn_pattern> singly{prefix};
        for (auto& number : numbers)
          if (number.size() == 2 && number >= first && number <= last && !number.starts_with(word))
            singly.push_back({kind::exact, number, {}});
        if (!(commanding({{kind::range, first, last}, prefix}) == commanding(singly)))
          FAIL(word << "* and " << first << "-" << last);
      }
    }
  }
}
