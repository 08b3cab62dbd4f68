#include "messages/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace ringdown {

void does_not_hold(const char* what, const char* file, unsigned line) noexcept {
  std::fprintf(stderr, "ringdown: does not hold: %s (%s:%u)\n", what, file, line);
  std::abort();
}

} // namespace ringdown
