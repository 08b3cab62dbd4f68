#include "broker/admin_walk.hpp"

#include <algorithm>
#include <new>
#include <unordered_set>

namespace ringdown {

// ---- a walk --------------------------------------------------------------------------------

void walk::begin() {
  loop_.host().post([self = shared_from_this()] {
    self->below_ = self->loop_.connections();
    self->step();
  });
}

void walk::step() try {
  below_ = loop_.visit_some(below_, connections_of_a_slice, visit_);
  if (below_ == 0)
    return done_();
  loop_.host().post([self = shared_from_this()] { self->step(); });
} catch (const std::bad_alloc&) { // an operator's question must not end the broker
}

// ---- rows ----------------------------------------------------------------------------------

admin::connection_row row_of(edge::client_link& link, std::chrono::steady_clock::time_point now) {
  auto& client = *link.client();
  auto& who = client.who;
  admin::connection_row row;
  row.id = who.id;
  row.role = who.role;
  row.application = who.application;
  row.principal = who.principal;
  row.peer = who.peer.name;
  row.is_encrypted = who.peer.is_encrypted;
  row.outbox_bytes = client.box.bytes();
  row.outbox_frames = client.box.frames();
  row.is_above_high_water = client.box.above_high_water();
  row.has_gap = client.box.has_gap();
  row.missed = client.box.missed_total();
  row.requests_outstanding = client.window.outstanding();
  row.outcomes_owed = client.outcomes_owed();
  row.silent_ms =
    std::chrono::duration_cast<std::chrono::milliseconds>(link.watch().silence(now)).count();
  return row;
}

void best_rows::offer(const admin::connection_query& wanted, admin::connection_row row) {
  rows_.push_back(std::move(row));
  if (rows_.size() >= 2 * wanted.limit)
    cut(wanted);
}

std::vector<admin::connection_row> best_rows::take(const admin::connection_query& wanted) {
  std::unordered_set<std::uint64_t> seen;
  std::erase_if(rows_, [&](auto& row) { return !seen.insert(row.id.value).second; });
  cut(wanted);
  return std::move(rows_);
}

void best_rows::cut(const admin::connection_query& wanted) {
  std::sort(rows_.begin(), rows_.end(), [&](auto& a, auto& b) {
    if (wanted.slow_first && a.outbox_bytes != b.outbox_bytes)
      return a.outbox_bytes > b.outbox_bytes;
    return a.id < b.id;
  });
  if (rows_.size() > wanted.limit)
    rows_.resize(wanted.limit);
}

// ---- sums ----------------------------------------------------------------------------------

void waiting_sums::add(const t_client& client) {
  auto bytes = client.box.bytes();
  outbox_bytes += bytes;
  outbox_bytes_most = std::max(outbox_bytes_most, bytes);
  outbox_frames_most = std::max(outbox_frames_most, client.box.frames());
  outstanding_most = std::max(outstanding_most, client.window.outstanding());
  above_high_water += client.box.above_high_water() ? 1 : 0;
}

void waiting_sums::add(const waiting_sums& other) noexcept {
  outbox_bytes += other.outbox_bytes;
  outbox_bytes_most = std::max(outbox_bytes_most, other.outbox_bytes_most);
  outbox_frames_most = std::max(outbox_frames_most, other.outbox_frames_most);
  outstanding_most = std::max(outstanding_most, other.outstanding_most);
  above_high_water += other.above_high_water;
}

waiting_sums sum_of(const std::vector<waiting_sums>& parts) noexcept {
  waiting_sums all;
  for (auto& part : parts)
    all.add(part);
  return all;
}

} // namespace ringdown
