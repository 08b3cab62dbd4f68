// What a party has heard, each line by its beginning: for what a test passes on its way to what it
// is about. What it is about it says word for word.
#pragma once

#include "tests/actors/party.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <string>
#include <utility>

namespace ringdown::test {

/// So many lines, each with this beginning, which ends where a word ends: "ACK 3" does not begin
/// "ACK 31: ...".
///
///   CHECK_THAT(desk.hears(), in_brief({"ACK 3", "event 7001 #2: paused"}));
class in_brief final : public Catch::MatcherBase<lines> {
public:
  in_brief(std::initializer_list<std::string> beginnings) : beginnings_(beginnings) {}
  explicit in_brief(lines beginnings) : beginnings_(std::move(beginnings)) {}

  bool match(const lines& heard) const override;
  std::string describe() const override;

private:
  const lines beginnings_;
};

} // namespace ringdown::test
