#include "client/internal/awaited_answers.hpp"

namespace ringdown::client {

reference_id awaited_answers::next_reference() {
  do
    ++last_reference_;
  while (last_reference_ == 0 || requests_.contains(last_reference_));
  return {last_reference_};
}

void awaited_answers::add(reference_id reference, std::size_t answers, std::size_t bytes) {
  requests_[reference.value] = {answers, bytes};
  answers_ += answers;
  bytes_ += bytes;
}

/// An EventError without a DN settles a request about several DNs as a whole.
void awaited_answers::settle(const event& e) {
  auto found = requests_.find(reference_of(e).value);
  if (found == requests_.end())
    return;
  auto& request = found->second;
  auto* error = std::get_if<event_error>(&e);
  std::size_t settled = error != nullptr && !error->this_dn ? request.answers : 1;
  request.answers -= settled;
  answers_ -= settled;
  if (request.answers > 0)
    return;
  bytes_ -= request.bytes;
  requests_.erase(found);
}

std::size_t awaited_answers::answers_to(reference_id reference) const {
  auto found = requests_.find(reference.value);
  return found == requests_.end() ? 0 : found->second.answers;
}

std::vector<reference_id> awaited_answers::references() const {
  std::vector<reference_id> all;
  for (auto& [reference, request] : requests_)
    all.push_back({reference});
  return all;
}

} // namespace ringdown::client
