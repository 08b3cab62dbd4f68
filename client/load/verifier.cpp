#include "client/load/verifier.hpp"

namespace ringdown::load {

namespace {

/// Mixes a pair so that sums of different sets of pairs differ (splitmix64's finish).
std::uint64_t mixed(std::uint64_t number, std::uint64_t sequence) noexcept {
  auto z = number * 0x9e3779b97f4a7c15u ^ sequence;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

} // namespace

std::uint64_t delivery_verifier::send(std::uint32_t dn) noexcept {
  ++found_.sent;
  return dns_[dn].next_number++;
}

void delivery_verifier::answered(dn_state& dn, std::uint64_t number) noexcept {
  if (number != dn.next_answer)
    ++found_.answers_misordered;
  dn.next_answer = number + 1;
}

void delivery_verifier::acked(std::uint32_t dn, std::uint64_t number,
                              std::uint64_t sequence) noexcept {
  auto& state = dns_[dn];
  answered(state, number);
  ++found_.acked;
  ++state.acked;
  if (sequence <= state.last_acked_sequence)
    ++found_.sequence_faults;
  state.last_acked_sequence = sequence;
  state.acked_sum += mixed(number, sequence);
}

void delivery_verifier::refused(std::uint32_t dn, std::uint64_t number) {
  auto& state = dns_[dn];
  answered(state, number);
  ++found_.refused;
  if (number >= state.next_delivery)
    refused_.insert({dn, number});
  else if (skipped_.erase({dn, number}) == 0)
    ++found_.delivered_though_refused;
}

void delivery_verifier::delivered(std::uint32_t dn, std::uint64_t number, std::uint64_t sequence) {
  auto& state = dns_[dn];
  if (number >= state.next_number) {
    ++found_.never_sent;
    return;
  }
  if (number < state.next_delivery) {
    if (skipped_.erase({dn, number}) == 0) {
      ++found_.duplicated;
      return;
    }
    ++found_.misordered;
  } else {
    for (auto n = state.next_delivery; n < number; ++n)
      if (refused_.erase({dn, n}) == 0)
        skipped_.insert({dn, n});
    state.next_delivery = number + 1;
    if (refused_.erase({dn, number}) != 0)
      ++found_.delivered_though_refused;
    if (sequence <= state.last_delivered_sequence)
      ++found_.sequence_faults;
    state.last_delivered_sequence = sequence;
  }
  ++found_.delivered;
  ++state.delivered;
  state.delivered_sum += mixed(number, sequence);
}

findings delivery_verifier::finish() const {
  auto result = found_;
  for (auto& dn : dns_) {
    if (dn.acked > dn.delivered)
      result.lost += dn.acked - dn.delivered;
    else if (dn.delivered > dn.acked)
      result.never_accepted += dn.delivered - dn.acked;
    else if (dn.acked_sum != dn.delivered_sum)
      ++result.sequence_faults;
  }
  return result;
}

} // namespace ringdown::load
