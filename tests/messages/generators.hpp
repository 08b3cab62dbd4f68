// Random values of the domain for property tests. Functions named pick_ draw from rapidcheck, so
// they may be called inside a property only.
#pragma once

#include "messages/limits.hpp"
#include "messages/user_data.hpp"

#include "tests/messages/mutate.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

namespace ringdown::test {

inline void append_utf8(std::string& out, std::uint32_t point) {
  auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xc0 | point >> 6);
    byte(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    byte(0xe0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3f));
    byte(0x80 | (point & 0x3f));
  } else {
    byte(0xf0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3f));
    byte(0x80 | (point >> 6 & 0x3f));
    byte(0x80 | (point & 0x3f));
  }
}

/// Any character of Unicode, ASCII as often as the rest together; control characters too.
inline rc::Gen<std::uint32_t> any_code_point() {
  auto range = [](std::uint32_t low, std::uint32_t high) { return rc::gen::inRange(low, high); };
  return rc::gen::oneOf(range(0x20, 0x7f), range('a', 'z' + 1), range(0, 0xa0), range(0xa0, 0x800),
                        range(0x800, 0xd800), range(0xe000, 0x10000), range(0x10000, 0x110000));
}

/// Well-formed UTF-8.
inline rc::Gen<std::string> any_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(any_code_point()),
                      [](const std::vector<std::uint32_t>& points) {
                        std::string text;
                        for (auto point : points)
                          append_utf8(text, point);
                        return text;
                      });
}

/// Any bytes at all.
inline rc::Gen<std::string> any_bytes() {
  return rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}

/// A DN as the broker accepts it.
inline rc::Gen<std::string> any_dn() {
  auto character = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0x20, 0x7f),
                                  rc::gen::inRange<std::uint32_t>(0xa0, 0xd800));
  auto size = rc::gen::inRange<std::size_t>(1, dn_bytes_max / 3 + 1);
  return rc::gen::mapcat(size, [=](std::size_t count) {
    return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(count, character),
                        [](const std::vector<std::uint32_t>& points) {
                          std::string text;
                          for (auto point : points)
                            append_utf8(text, point);
                          return text;
                        });
  });
}

/// Pairs of a list at `depth` (the top level is 1), nested up to user_data_depth_max; `left` bounds
/// how many there may be in all.
inline std::vector<user_data_pair> pick_pairs(int depth, int& left) {
  std::vector<user_data_pair> pairs;
  for (auto count = *rc::gen::inRange(0, 6); count > 0 && left > 0; --count) {
    --left;
    user_data_pair pair{*any_text(), {}};
    switch (*rc::gen::inRange(0, 6)) {
    case 0: break;
    case 1: pair.value = *rc::gen::arbitrary<std::int64_t>(); break;
    case 2: pair.value = *any_text(); break;
    case 3: pair.value = binary_value{*any_bytes()}; break;
    default:
      if (depth < user_data_depth_max)
        pair.value = pick_pairs(depth + 1, left);
      break;
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

/// Valid user data; now and then with a `screen-capture`.
inline user_data pick_user_data() {
  int left = 60;
  user_data data{pick_pairs(1, left)};
  std::erase_if(data.pairs, [](const user_data_pair& pair) {
    return pair.key == screen_capture_key || pair.key == screen_capture_indication_key;
  });
  if (*rc::gen::arbitrary<bool>()) {
    auto verb =
      static_cast<capture_verb>(*rc::gen::inRange(1, static_cast<int>(capture_verb::unknown)));
    bool other_key = is_indication(verb) && *rc::gen::arbitrary<bool>();
    auto place = *rc::gen::inRange<std::size_t>(0, data.pairs.size() + 1);
    data.pairs.insert(data.pairs.begin() + static_cast<std::ptrdiff_t>(place),
                      {std::string{other_key ? screen_capture_indication_key : screen_capture_key},
                       std::string{to_string(verb)}});
  }
  return data;
}

} // namespace ringdown::test
