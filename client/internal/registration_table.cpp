#include "client/internal/registration_table.hpp"

#include "messages/send_event.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::client {

namespace {

bool same(const registration& a, const registration& b) {
  return a.mode == b.mode && a.echo == b.echo && a.standby == b.standby &&
         a.hear_outcomes == b.hear_outcomes;
}

bool same(const std::optional<registration>& a, const std::optional<registration>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

/// A refusal that may pass by itself, on the same link.
bool passes(retry_class c) {
  return c == retry_class::overloaded || c == retry_class::unknown_outcome ||
         c == retry_class::disconnected;
}

} // namespace

// ---- the program's wishes ------------------------------------------------------------------

registering registration_table::want(const std::string& dn, const registration& how) {
  if (dn != every_dn && check_dn(dn) != send_fault::none)
    return registering::bad_dn;
  auto found = entries_.find(dn);
  if (found == entries_.end()) {
    if (entries_.size() >= limits_.registrations_max)
      return registering::too_many;
    found = entries_.try_emplace(dn).first;
  }
  auto& e = found->second;
  bool asked = e.phase == registration_phase::wanted && e.reference != 0;
  if ((asked || e.phase == registration_phase::registered) && same(e.desired, how))
    return registering::accepted;
  e.desired = how;
  e.phase = registration_phase::wanted;
  enqueue(dn, e);
  return registering::accepted;
}

void registration_table::leave(const std::string& dn) {
  auto found = entries_.find(dn);
  if (found == entries_.end())
    return;
  auto& e = found->second;
  e.desired.reset();
  e.phase = registration_phase::none;
  if (up_ && (e.may_stand || e.reference != 0))
    enqueue(dn, e);
  else
    entries_.erase(found);
}

registration_phase registration_table::phase(const std::string& dn) const {
  auto found = entries_.find(dn);
  return found == entries_.end() ? registration_phase::none : found->second.phase;
}

bool registration_table::to_be_asked(const std::string& dn) const {
  auto found = entries_.find(dn);
  if (found == entries_.end())
    return false;
  auto& e = found->second;
  return e.queued || (e.phase == registration_phase::wanted && e.reference == 0);
}

// ---- the link ------------------------------------------------------------------------------

void registration_table::enqueue(const std::string& dn, entry& e) {
  if (!up_ || e.queued)
    return;
  e.queued = true;
  queue_.push_back(dn);
}

void registration_table::link_up() {
  if (std::exchange(up_, true))
    return;
  for (auto& [dn, e] : entries_)
    enqueue(dn, e);
  // The same order with every run: a program's log should not depend on a hash.
  std::sort(queue_.begin(), queue_.end());
}

void registration_table::link_down() {
  up_ = false;
  queue_.clear();
  batches_.clear();
  deadlines_.clear();
  retries_.clear();
  unanswered_ = 0;
  for (auto i = entries_.begin(); i != entries_.end();) {
    auto& e = i->second;
    e.queued = false;
    e.may_stand = false;
    e.reference = 0;
    e.phase = registration_phase::wanted;
    i = e.desired ? std::next(i) : entries_.erase(i);
  }
}

std::optional<registration_table::batch> registration_table::next_batch(std::size_t dns_max) {
  batch next;
  while (!queue_.empty() && next.dns.size() < dns_max) {
    auto found = entries_.find(queue_.front());
    if (found == entries_.end() || !found->second.queued) {
      queue_.pop_front(); // left since, or asked for already
      continue;
    }
    auto& e = found->second;
    bool alone = queue_.front() == every_dn; // a request of its own
    if (next.dns.empty())
      next.how = e.desired;
    else if (alone || !same(next.how, e.desired))
      break;
    e.queued = false;
    next.dns.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone)
      break;
  }
  if (next.dns.empty())
    return std::nullopt;
  return next;
}

void registration_table::not_asked(batch what) {
  for (auto dn = what.dns.rbegin(); dn != what.dns.rend(); ++dn) {
    auto found = entries_.find(*dn);
    if (found == entries_.end() || found->second.queued)
      continue;
    found->second.queued = true;
    queue_.push_front(std::move(*dn));
  }
}

void registration_table::asked(reference_id reference, batch what, steady_time now) {
  for (auto& dn : what.dns) {
    auto& e = entries_[dn];
    e.may_stand = e.may_stand || registers(e); // the answer to the earlier request is not awaited
    settle(e);
    e.reference = reference.value;
    ++unanswered_;
  }
  auto deadline = now + limits_.registration_timeout;
  deadlines_.emplace(deadline, reference.value);
  auto count = what.dns.size();
  batches_[reference.value] = {std::move(what.dns), what.how.has_value(), count, deadline};
}

/// Its batch has answered, or a later one asks: the earlier answer does not count any more.
void registration_table::settle(entry& e) {
  if (e.reference == 0)
    return;
  auto reference = e.reference;
  e.reference = 0;
  --unanswered_;
  auto found = batches_.find(reference);
  if (found == batches_.end() || --found->second.waiting > 0)
    return;
  deadlines_.erase({found->second.deadline, reference});
  batches_.erase(found);
}

registration_table::entry* registration_table::asked_with(const std::string& dn,
                                                          reference_id reference) {
  auto found = entries_.find(dn);
  bool asked = found != entries_.end() && reference && found->second.reference == reference.value;
  return asked ? &found->second : nullptr;
}

/// It is asked for by a request to register that has no answer yet.
bool registration_table::registers(const entry& e) const {
  auto found = batches_.find(e.reference);
  return found != batches_.end() && found->second.registers;
}

void registration_table::retry(const std::string& dn, entry& e, steady_time when) {
  e.phase = registration_phase::wanted;
  retries_.emplace(when, dn);
}

// ---- what the broker says ------------------------------------------------------------------

registration_table::notices registration_table::on_registered(const event_registered& e) {
  notices out;
  auto& dn = e.every_dn ? every_dn : e.this_dn;
  auto* found = asked_with(dn, e.reference);
  if (found == nullptr || !registers(*found))
    return out;
  auto& known = *found;
  known.may_stand = true;
  settle(known);
  if (!known.desired || known.queued)
    return out; // the wish has changed since; the next answer counts
  known.phase = registration_phase::registered;
  if (e.every_dn) {
    out.push_back(registration_notice{dn, known.phase, std::nullopt, std::nullopt, false});
    return out;
  }
  auto& s = e.snapshot;
  using cause = gap_notice::cause;
  if (known.known && (s.epoch != known.epoch || s.sequence < known.sequence))
    out.push_back(gap_notice{e.this_dn, cause::new_epoch, {}, s.sequence, s.epoch});
  else if (known.known && s.sequence > known.sequence)
    out.push_back(
      gap_notice{e.this_dn, cause::link, {known.sequence.value + 1}, s.sequence, s.epoch});
  known.known = true;
  known.epoch = s.epoch;
  known.sequence = s.sequence;
  out.push_back(registration_notice{e.this_dn, known.phase, s, std::nullopt, false});
  return out;
}

void registration_table::refuse(const std::string& dn, const event_error* error, steady_time now,
                                notices& out) {
  auto& e = entries_[dn];
  if (error == nullptr && registers(e))
    e.may_stand = true; // the answer may only be late
  settle(e);
  if (e.queued)
    return; // the wish has changed since
  // An older broker refuses so what has not waited for its grant.
  bool was_early =
    error != nullptr && error->code == static_cast<std::uint32_t>(error_code::not_signed_on);
  bool again = error == nullptr || was_early || passes(error->retry);
  auto wait = limits_.registration_retry;
  if (error != nullptr && error->retry_after)
    wait =
      std::clamp(*error->retry_after, std::chrono::milliseconds{1}, limits_.registration_timeout);
  if (!e.desired) { // to unregister was asked
    if (again)
      retries_.emplace(now + wait, dn);
    else
      entries_.erase(dn);
    return;
  }
  if (again)
    retry(dn, e, now + wait);
  else
    e.phase = registration_phase::failed;
  registration_notice told{dn, e.phase, std::nullopt, std::nullopt, again};
  if (error != nullptr)
    told.error = *error;
  out.push_back(std::move(told));
}

registration_table::notices registration_table::on_error(const event_error& e, steady_time now) {
  notices out;
  auto found = batches_.find(e.reference.value);
  if (found == batches_.end())
    return out;
  auto dns = e.this_dn ? std::vector<std::string>{*e.this_dn} : found->second.dns;
  for (auto& dn : dns)
    if (asked_with(dn, e.reference) != nullptr)
      refuse(dn, &e, now, out);
  return out;
}

registration_table::notices registration_table::on_unregistered(const event_unregistered& e,
                                                                steady_time now) {
  notices out;
  auto& dn = e.every_dn ? every_dn : e.this_dn;
  if (e.reference) {
    auto* found = asked_with(dn, e.reference);
    if (found == nullptr || registers(*found))
      return out;
    found->may_stand = false;
    settle(*found);
    if (!found->desired && !found->queued)
      entries_.erase(dn);
    return out;
  }
  auto found = entries_.find(dn);
  if (found == entries_.end() || !found->second.desired)
    return out;
  auto& known = found->second;
  known.may_stand = false;
  if (known.phase != registration_phase::registered)
    return out; // asked for again already
  event_error why;
  why.code = e.code;
  why.text = e.text;
  why.this_dn = dn;
  if (auto* row = find_error(e.code))
    why.retry = row->retry;
  bool again = passes(why.retry);
  if (again)
    retry(dn, known, now + limits_.registration_retry);
  else
    known.phase = registration_phase::failed;
  out.push_back(registration_notice{dn, known.phase, std::nullopt, why, again});
  return out;
}

registration_table::notices registration_table::on_missed(const event_missed& e) {
  notices out;
  auto found = entries_.find(e.this_dn);
  bool is_wanted = found != entries_.end() && found->second.desired;
  if (!is_wanted && !wanted(every_dn))
    return out;
  seen(e.this_dn, e.epoch, e.to);
  out.push_back(gap_notice{e.this_dn, gap_notice::cause::slow, e.from, e.to, e.epoch});
  return out;
}

void registration_table::seen(const std::string& dn, dn_epoch epoch, dn_sequence sequence) {
  auto found = entries_.find(dn);
  if (found == entries_.end() || !sequence)
    return;
  auto& e = found->second;
  if (e.known && e.epoch == epoch && sequence < e.sequence)
    return;
  e.known = true;
  e.epoch = epoch;
  e.sequence = sequence;
}

// ---- time ----------------------------------------------------------------------------------

registration_table::notices registration_table::on_time(steady_time now) {
  notices out;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto reference = deadlines_.begin()->second;
    auto dns = batches_[reference].dns;
    for (auto& dn : dns) // the last one settles the batch
      if (asked_with(dn, {reference}) != nullptr)
        refuse(dn, nullptr, now, out);
  }
  while (!retries_.empty() && retries_.begin()->first <= now) {
    auto dn = retries_.begin()->second;
    retries_.erase(retries_.begin());
    auto found = entries_.find(dn);
    if (found == entries_.end() || found->second.reference != 0)
      continue;
    bool to_register = found->second.phase == registration_phase::wanted;
    if (to_register || !found->second.desired)
      enqueue(dn, found->second);
  }
  return out;
}

steady_time registration_table::next_deadline() const {
  auto next = steady_time::max();
  if (!deadlines_.empty())
    next = deadlines_.begin()->first;
  if (!retries_.empty())
    next = std::min(next, retries_.begin()->first);
  return next;
}

} // namespace ringdown::client
