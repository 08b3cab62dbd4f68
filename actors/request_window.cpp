#include "actors/request_window.hpp"

#include "messages/ensure.hpp"

#include <utility>

namespace ringdown {

std::size_t spread(reference_id reference) noexcept {
  // The low bits of a product know the low bits of its factors alone.
  return (reference.value * std::uint64_t{0x9e3779b97f4a7c15u}) >> 32;
}

/// The slot that holds `reference`, or the free one where it would go.
std::size_t request_window::place_of(std::uint32_t reference) const noexcept {
  auto mask = slots_.size() - 1;
  auto place = spread({reference}) & mask;
  while (slots_[place].answers != 0 && slots_[place].reference != reference)
    place = (place + 1) & mask;
  return place;
}

void request_window::grow() {
  auto old = std::exchange(slots_, std::vector<slot>(slots_.empty() ? 2 : slots_.size() * 2));
  for (auto& s : old)
    if (s.answers != 0)
      slots_[place_of(s.reference)] = s;
}

request_window::admission request_window::admit(reference_id reference, std::size_t bytes,
                                                bool safety, std::uint32_t answers) {
  std::lock_guard lock{mutex_};
  if ((count_ + 1) * 2 > slots_.size())
    grow();
  auto place = place_of(reference.value);
  if (slots_[place].answers != 0)
    return admission::reused;
  auto requests_max =
    bounds_.requests_outstanding_max + (safety ? bounds_.requests_outstanding_reserve : 0);
  auto bytes_max = bounds_.request_bytes_outstanding_max +
                   (safety ? bounds_.request_bytes_outstanding_reserve : 0);
  if (count_ >= requests_max || bytes_ + bytes > bytes_max)
    return admission::full;
  slots_[place] = {reference.value, answers, static_cast<std::uint32_t>(bytes)};
  ++count_;
  bytes_ += bytes;
  return admission::accepted;
}

void request_window::answered(reference_id reference) {
  std::lock_guard lock{mutex_};
  auto place = slots_.empty() ? 0 : place_of(reference.value);
  bool is_outstanding = !slots_.empty() && slots_[place].answers != 0;
  debug_ensure(is_outstanding, "credit is given back once");
  if (!is_outstanding || --slots_[place].answers != 0)
    return;
  bytes_ -= slots_[place].bytes;
  --count_;
  erase(place);
}

/// Closes the hole, so that every search still ends at a free slot behind its start.
void request_window::erase(std::size_t hole) noexcept {
  auto mask = slots_.size() - 1;
  slots_[hole] = {};
  for (auto next = (hole + 1) & mask; slots_[next].answers != 0; next = (next + 1) & mask) {
    auto home = spread({slots_[next].reference}) & mask;
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      slots_[hole] = std::exchange(slots_[next], {});
      hole = next;
    }
  }
}

std::size_t request_window::outstanding() const {
  std::lock_guard lock{mutex_};
  return count_;
}

} // namespace ringdown
