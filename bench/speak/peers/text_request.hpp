// A request of a protocol of lines: fixed text, the DN's digits, fixed text, the event, a line's
// end.
#pragma once

#include "bench/speak/event_template.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace ringdown::bench {

inline constexpr std::string_view line_end = "\r\n";

struct text_request {
  std::string head;   ///< up to the DN's digits
  std::string middle; ///< from there to the event

  std::size_t bytes(const event_template& events) const noexcept {
    return head.size() + event_template::digits + middle.size() + events.event_bytes() +
           line_end.size();
  }
  /// Writes `bytes(events)` bytes.
  void write(char* out, const event_template& events, const event_template::mark& mark) const {
    auto put = [&](std::string_view text) {
      std::memcpy(out, text.data(), text.size());
      out += text.size();
    };
    put(head);
    put(events.dn_digits(mark.dn));
    put(middle);
    events.write_event(out, mark);
    out += events.event_bytes();
    put(line_end);
  }
};

} // namespace ringdown::bench
