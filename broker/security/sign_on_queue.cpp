#include "broker/security/sign_on_queue.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::security {

namespace {

/// Of so many turns one begins with the sign-ons, and one with those that fail.
constexpr unsigned turns_of_a_round = 8;

} // namespace

bool sign_on_queue::is_shorter::operator()(const line* a, const line* b) const noexcept {
  if (a->waiting.size() != b->waiting.size())
    return a->waiting.size() < b->waiting.size();
  if ((a->in == renewals) != (b->in == renewals))
    return a->in == renewals;
  return std::less<>{}(a, b);
}

sign_on_queue::sign_on_queue(std::size_t questions_max, std::uint64_t seed)
  : questions_max_{std::max<std::size_t>(questions_max, 1)},
    by_source_{table{0, source_hash{keyed_hash{seed}}}, table{0, source_hash{keyed_hash{seed}}}} {}

// ---- in ------------------------------------------------------------------------------------

/// By two, or the next would only take the place back; a renewal takes it of a sign-on by one.
bool sign_on_queue::must_yield(const line& longest, lane newcomer,
                               std::size_t newcomers_line) const noexcept {
  const std::size_t by = newcomer == renewals && longest.in != renewals ? 1 : 2;
  return longest.waiting.size() >= newcomers_line + by;
}

std::optional<sign_on_queue::question> sign_on_queue::push(question one) {
  const auto in = one.asked.is_renewal ? renewals : sign_ons;
  auto& known = lines_like(in);
  const auto own = known.find(one.asked.peer.source);
  std::list<question> added;
  added.push_back(std::move(one));
  auto* longest = size_ < questions_max_ ? nullptr : *by_length_.rbegin();
  if (longest != nullptr &&
      !must_yield(*longest, in, own == known.end() ? 0 : own->second->waiting.size()))
    return std::move(added.front());
  if (own == known.end()) {
    const auto source = added.front().asked.peer.source;
    open_line(source, in, std::move(added));
  } else {
    auto& there = *own->second;
    auto place = by_length_.extract(&there);
    there.waiting.splice(there.waiting.end(), added);
    by_length_.insert(std::move(place));
  }
  ++size_;
  if (longest == nullptr)
    return std::nullopt;
  return remove(*longest, std::prev(longest->waiting.end()));
}

/// What can throw comes first.
void sign_on_queue::open_line(std::string_view source, lane in, std::list<question> first) {
  lines fresh;
  fresh.push_back({std::string{source}, in, std::move(first)});
  std::set<line*, is_shorter> place{&fresh.front()};
  lines_like(in).emplace(fresh.front().source, fresh.begin());
  by_length_.insert(place.extract(place.begin()));
  turns_[in].splice(turns_[in].end(), fresh);
}

// ---- out -----------------------------------------------------------------------------------

/// A line that is empty then is gone.
sign_on_queue::question sign_on_queue::remove(line& from, std::list<question>::iterator which) {
  auto place = by_length_.extract(&from);
  auto one = std::move(*which);
  from.waiting.erase(which);
  --size_;
  if (!from.waiting.empty()) {
    by_length_.insert(std::move(place));
    return one;
  }
  auto& known = lines_like(from.in);
  const auto entry = known.find(from.source);
  const auto empty = entry->second;
  known.erase(entry);
  turns_[empty->in].erase(empty);
  return one;
}

/// The line whose turn it is; the end if there is none. Those of sign-ons that have no credit any
/// more are moved away.
sign_on_queue::lines::iterator sign_on_queue::next_in(lane in, const credit_function& has_credit) {
  auto& all = turns_[in];
  while (in == sign_ons && !all.empty() && !has_credit(all.front().source)) {
    all.front().in = failing;
    turns_[failing].splice(turns_[failing].end(), all, all.begin());
  }
  return all.begin();
}

std::optional<sign_on_queue::question> sign_on_queue::take(const credit_function& has_credit) {
  if (size_ == 0)
    return std::nullopt;
  turn_ = (turn_ + 1) % turns_of_a_round;
  const auto begins = turn_ == 0 ? sign_ons : turn_ == 1 ? failing : renewals;
  for (const auto in : {begins, renewals, sign_ons, failing}) {
    const auto next = next_in(in, has_credit);
    if (next == turns_[in].end())
      continue;
    // To the end of its lane; one that fails is looked at anew there.
    const auto back = in == failing ? sign_ons : in;
    next->in = back;
    turns_[back].splice(turns_[back].end(), turns_[in], next);
    return remove(*next, next->waiting.begin());
  }
  return std::nullopt;
}

std::list<sign_on_queue::question> sign_on_queue::take_all() {
  std::list<question> all;
  for (auto& some : turns_) {
    for (auto& each : some)
      all.splice(all.end(), each.waiting);
  }
  for (auto& known : by_source_)
    known.clear();
  by_length_.clear();
  turns_ = {};
  size_ = 0;
  return all;
}

} // namespace ringdown::security
