// One hash for every table whose keys clients choose: names of DNs, programs, contents of commands.
//
// It has a secret of the process: who does not know it cannot look for keys of one slot, so nobody
// makes a table slow, or one loop the home of all DNs. XXH3 with a secret of its full length.
#pragma once

#include "messages/ids.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringdown {

/// The hash of a whole content, wide enough that two contents of one hash are not met.
struct content_hash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const content_hash&) const = default;
};

/// A value, never changed once it is in use; any thread.
class keyed_hash {
public:
  /// The same seed, the same hashes: random in a broker, fixed in a test.
  explicit keyed_hash(std::uint64_t seed = 0);

  std::size_t operator()(std::string_view bytes) const noexcept;
  content_hash whole(std::string_view bytes) const noexcept;

private:
  /// The least that XXH3 takes.
  static constexpr std::size_t secret_bytes = 136;
  std::array<unsigned char, secret_bytes> secret_;
};

/// For a table's type: `keyed_hash` by reference, whose bits are well spread.
class name_hash {
public:
  using is_avalanching = void;
  using is_transparent = void;
  explicit name_hash(const keyed_hash& hash) noexcept : hash_(&hash) {}
  std::size_t operator()(std::string_view name) const noexcept { return (*hash_)(name); }

private:
  const keyed_hash* hash_;
};

} // namespace ringdown
