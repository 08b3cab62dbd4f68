#include "bench/load/verifier.hpp"

namespace ringdown::bench {

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

void delivery_verifier::answered(std::uint32_t dn, std::uint64_t number) noexcept {
  auto& next = dns_[dn].next_answer;
  while (!refused_at_once_.empty() && refused_at_once_.erase({dn, next}) != 0)
    ++next;
  if (number != next)
    ++found_.answers_misordered;
  next = number + 1;
}

void delivery_verifier::acked(std::uint32_t dn, std::uint64_t number,
                              std::uint64_t sequence) noexcept {
  auto& state = dns_[dn];
  answered(dn, number);
  ++found_.acked;
  ++state.acked;
  if (!sequenced_)
    sequence = number + 1;
  if (sequence <= state.last_sequence)
    ++found_.sequence_faults;
  state.last_sequence = sequence;
  state.sum += mixed(number, sequence);
}

void delivery_verifier::refused(std::uint32_t dn, std::uint64_t number, bool at_once) {
  if (at_once)
    refused_at_once_.insert({dn, number});
  else
    answered(dn, number);
  ++found_.refused;
  for (auto copy = dn * copies_of_dn_; copy < (dn + 1) * copies_of_dn_; ++copy)
    if (number >= copies_[copy].next_delivery)
      refused_.insert({copy, number});
    else if (skipped_.erase({copy, number}) == 0)
      ++found_.delivered_though_refused;
}

/// A delivery passed over the numbers from `from` to before `to`.
void delivery_verifier::jump(std::size_t copy, std::uint64_t from, std::uint64_t to) {
  for (auto n = from; n < to; ++n)
    if (refused_.erase({copy, n}) == 0)
      skipped_.insert({copy, n});
}

void delivery_verifier::delivered(std::uint32_t dn, std::size_t copy_of_dn, std::uint64_t number,
                                  std::uint64_t sequence) {
  if (number >= dns_[dn].next_number) {
    ++found_.never_sent;
    return;
  }
  if (!sequenced_)
    sequence = number + 1;
  auto copy = dn * copies_of_dn_ + copy_of_dn;
  auto& state = copies_[copy];
  if (number < state.next_delivery) {
    if (skipped_.erase({copy, number}) == 0) {
      ++found_.duplicated;
      return;
    }
    ++found_.misordered;
  } else {
    jump(copy, state.next_delivery, number);
    state.next_delivery = number + 1;
    if (!refused_.empty() && refused_.erase({copy, number}) != 0)
      ++found_.delivered_though_refused;
    if (sequence <= state.last_sequence)
      ++found_.sequence_faults;
    state.last_sequence = sequence;
  }
  ++found_.delivered;
  ++state.delivered;
  state.sum += mixed(number, sequence);
}

void delivery_verifier::missed(std::uint32_t dn, std::size_t copy_of_dn,
                               std::uint64_t events) noexcept {
  copies_[dn * copies_of_dn_ + copy_of_dn].missed += events;
  found_.told_missed += events;
}

void delivery_verifier::excuse(std::uint32_t dn, std::size_t copy_of_dn) noexcept {
  auto& state = copies_[dn * copies_of_dn_ + copy_of_dn];
  auto has = state.delivered + state.missed;
  if (has < dns_[dn].acked)
    missed(dn, copy_of_dn, dns_[dn].acked - has);
}

findings delivery_verifier::finish() const {
  auto result = found_;
  for (std::size_t copy = 0; copy < copies_.size(); ++copy) {
    auto& dn = dns_[copy / copies_of_dn_];
    auto& state = copies_[copy];
    if (dn.acked > state.delivered + state.missed)
      result.lost += dn.acked - state.delivered - state.missed;
    else if (state.delivered > dn.acked)
      result.never_accepted += state.delivered - dn.acked;
    else if (state.missed == 0 && dn.sum != state.sum)
      ++result.sequence_faults;
  }
  return result;
}

} // namespace ringdown::bench
