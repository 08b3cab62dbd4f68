#include "tests/fuzz/promise.hpp"

#include "messages/wire.hpp"

#include <cstdio>
#include <cstdlib>

namespace ringdown::fuzz {

void broken(std::string_view promise, const std::string& found) {
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  if (!found.empty())
    std::fprintf(stderr, "found: %s\n", found.c_str());
  std::abort();
}

bool is_one_line(std::string_view text) {
  return wire::valid_utf8(text) && !wire::has_control_character(text);
}

} // namespace ringdown::fuzz
