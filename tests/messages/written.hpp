// For tests of what the broker writes by hand: reading it with the generated parser, and numbers to
// write. Draws from rapidcheck, so inside a property only.
#pragma once

#include "messages/frame.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <rapidcheck.h>

#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace ringdown::test {

/// The one frame that `bytes` must be.
inline v1::Frame parse_frame(std::string_view bytes) {
  auto next = next_frame(bytes, 1024 * 1024);
  RC_ASSERT((next.status == cut_status::complete));
  RC_ASSERT(next.consumed == bytes.size());
  v1::Frame frame;
  RC_ASSERT(frame.ParseFromArray(next.frame.data(), static_cast<int>(next.frame.size())));
  return frame;
}

/// Any number, small ones and the ends of the range as often as the rest.
template <class Number>
Number pick() {
  using ends = std::numeric_limits<Number>;
  return *rc::gen::oneOf(rc::gen::arbitrary<Number>(),
                         rc::gen::element<Number>(0, 1, ends::min(), ends::max()),
                         rc::gen::map(rc::gen::pair(rc::gen::arbitrary<Number>(),
                                                    rc::gen::inRange(0, 8 * int{sizeof(Number)})),
                                      [](const std::pair<Number, int>& number) {
                                        return static_cast<Number>(number.first >> number.second);
                                      }));
}
template <class Number>
std::optional<Number> pick_optional() {
  return *rc::gen::arbitrary<bool>() ? std::optional{pick<Number>()} : std::nullopt;
}

} // namespace ringdown::test
