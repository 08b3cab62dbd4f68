// Damage to bytes, for property tests and for the fuzz targets' own replay.
#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace ringdown::test {

/// One to six small damages: what a broken or hostile client might send.
inline std::string mutate(std::string bytes, std::mt19937_64& random) {
  auto below = [&](std::size_t bound) {
    return static_cast<std::size_t>(random() % (bound == 0 ? 1 : bound));
  };
  for (auto count = 1 + below(6); count > 0; --count) {
    auto place = below(bytes.size() + 1);
    auto length = below(bytes.size() - place + 1);
    switch (below(7)) {
    case 0: // another byte
      if (place < bytes.size())
        bytes[place] = static_cast<char>(random());
      break;
    case 1: // another bit
      if (place < bytes.size())
        bytes[place] = static_cast<char>(bytes[place] ^ (1 << below(8)));
      break;
    case 2: bytes.insert(place, 1, static_cast<char>(random())); break;
    case 3: bytes.erase(place, 1 + below(4)); break;
    case 4: bytes.insert(below(bytes.size() + 1), bytes.substr(place, length)); break;
    case 5: bytes.resize(place); break;
    default: { // a varint longer than it need be
      std::string padding(1 + below(6), '\x80');
      if (place < bytes.size()) {
        bytes[place] = static_cast<char>(bytes[place] | 0x80);
        bytes.insert(place + 1, padding + '\0');
      }
    }
    }
  }
  return bytes;
}

} // namespace ringdown::test
