// A link's requests that have not all of their answers: what of the window is spent. Pure.
#pragma once

#include "client/events.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace ringdown::client {

class awaited_answers {
public:
  /// The next number that no request carries; never 0.
  reference_id next_reference();
  void add(reference_id reference, std::size_t answers, std::size_t bytes);
  /// Gives the window back what this answer settles.
  void settle(const event& e);

  /// All that are awaited, and the bytes of their requests.
  std::size_t answers() const noexcept { return answers_; }
  std::size_t bytes() const noexcept { return bytes_; }

  bool has(reference_id reference) const { return requests_.contains(reference.value); }
  std::size_t answers_to(reference_id reference) const;
  std::vector<reference_id> references() const;

private:
  struct open_request {
    std::size_t answers = 0;
    std::size_t bytes = 0;
  };

  std::map<std::uint32_t, open_request> requests_;
  std::uint32_t last_reference_ = 0;
  std::size_t answers_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace ringdown::client
