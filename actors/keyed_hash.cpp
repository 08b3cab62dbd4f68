#include "actors/keyed_hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <random>

namespace ringdown {

keyed_hash::keyed_hash(std::uint64_t seed) {
  static_assert(secret_bytes >= XXH3_SECRET_SIZE_MIN);
  static_assert(secret_bytes % sizeof(std::uint64_t) == 0);
  std::mt19937_64 words{seed};
  for (std::size_t at = 0; at < secret_bytes; at += sizeof(std::uint64_t)) {
    auto word = words();
    std::memcpy(&secret_[at], &word, sizeof word);
  }
}

std::size_t keyed_hash::operator()(std::string_view bytes) const noexcept {
  return XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_bytes);
}

content_hash keyed_hash::whole(std::string_view bytes) const noexcept {
  auto hash = XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_bytes);
  return {hash.low64, hash.high64};
}

} // namespace ringdown
