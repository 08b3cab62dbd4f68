// What the members of one run share, and who each of them is.
#pragma once

#include "tests/actors/office.hpp"
#include "tests/simulation/chance.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/plants.hpp"
#include "tests/simulation/promises.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

using test::office;
using test::party;

/// A sum of all that it was given, in order (FNV-1a).
class history_hash {
public:
  void add(std::string_view text) {
    for (unsigned char c : text)
      value_ = (value_ ^ c) * 0x100000001b3;
    value_ = (value_ ^ 0xff) * 0x100000001b3; // no letter of UTF-8
  }
  std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

/// What the members of one run share.
struct surroundings {
  office& o;
  chance& luck;
  history& past;
  promises& promised;
  plant planted;
  bool is_tight; ///< outboxes are small
  rarities& seen;
  std::vector<std::string>& steps; ///< what happened, for people
  history_hash heard{};            ///< and all that was said and heard

  std::int64_t now_us() const { return o.context.utc_now(); }
  void note(const std::string& what);
};

struct member_options {
  std::string name;
  v1::Role role = v1::ROLE_DESKTOP;
  test::capabilities abilities{};
  std::vector<std::string> dns{};
  bool standby = false;
  bool hear_outcomes = false;
};

} // namespace ringdown::sim
