// What waits for the authenticator, so that no source of clients takes the time or the room of
// another: each has a line of its own, and another one for renewals.
//
//   renewals:          a b        most turns: their clients are in, and in the middle of a call
//   sign-ons:          c d e      by turns, one of each line
//   the same, failing: f          sources without credit for failures: last
//
// Whoever is first in the order is served before the others; but one turn in eight begins with the
// sign-ons and one with those that fail, so that nobody waits for ever. One thread at a time.
#pragma once

#include "actors/authorize.hpp"
#include "actors/keyed_hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ringdown::security {

class sign_on_queue {
public:
  struct question {
    sign_on_facts asked;
    std::function<void(authenticated)> answer;
  };
  /// Whether this source may still fail and be answered at once.
  using credit_function = std::function<bool(std::string_view source)>;

  /// `questions_max`: so many wait at most. `seed`: of the hash of sources, random in a broker.
  sign_on_queue(std::size_t questions_max, std::uint64_t seed);

  /// Puts it at the end of its source's line. Returns what has no room: without any left, the
  /// newest of the longest line if this one's is shorter, else this one. So one source may have all
  /// the room as long as no other wants it, and then yields. If it throws, nothing has changed.
  std::optional<question> push(question one);
  /// The next; none if none waits. Asks for the credit of each source that it comes to.
  std::optional<question> take(const credit_function& has_credit);
  /// All that wait, in no order; none waits then.
  std::list<question> take_all();

  std::size_t size() const noexcept { return size_; }

private:
  enum lane : std::uint8_t { renewals, sign_ons, failing, lanes };
  struct line {
    std::string source;
    lane in;
    std::list<question> waiting; ///< never empty outside of the functions
  };
  /// The longest last, and of equal ones a sign-on's: it can come again better than a renewal.
  struct is_shorter {
    bool operator()(const line* a, const line* b) const noexcept;
  };
  struct source_hash {
    keyed_hash hash;
    std::size_t operator()(std::string_view source) const noexcept { return hash(source); }
  };
  using lines = std::list<line>;
  using table = std::unordered_map<std::string_view, lines::iterator, source_hash>;

  table& lines_like(lane in) noexcept { return by_source_[in == renewals ? 0 : 1]; }
  void open_line(std::string_view source, lane in, std::list<question> first);
  bool must_yield(const line& longest, lane newcomer, std::size_t newcomers_line) const noexcept;
  question remove(line& from, std::list<question>::iterator which);
  lines::iterator next_in(lane in, const credit_function& has_credit);

  const std::size_t questions_max_;
  std::size_t size_ = 0;
  unsigned turn_ = 0;
  std::array<lines, lanes> turns_; ///< whose turn it is in front
  std::array<table, 2> by_source_; ///< of renewals, of sign-ons
  std::set<line*, is_shorter> by_length_;
};

} // namespace ringdown::security
