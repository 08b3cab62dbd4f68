// What several conversations begin with: clients that register, a question and its answer, a
// desktop and a recorder on one DN.
#pragma once

#include "tests/actors/office.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace ringdown::test {

/// Registers in turn; each hears its answer and nothing else.
void register_all(std::string_view dn, std::initializer_list<party*> clients);

/// Says it and hears the one answer.
std::string ask(party& who, const v1::Frame& request);

/// A confirming desktop and a plain recorder on 7001; what they hear is read by the test.
struct pair_on_7001 {
  office o;
  party& desk;
  party& recorder;

  explicit pair_on_7001(const limits& bounds = {}, stage where = {});
  /// An indication; what the recorder has heard and its ACK are passed over.
  void recorder_says(std::uint32_t reference, std::string_view verb, std::uint64_t call = 0);
};

} // namespace ringdown::test
