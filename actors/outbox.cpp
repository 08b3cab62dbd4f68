#include "actors/outbox.hpp"

#include "messages/send_event.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

/// A buffer larger than this is given back when it was used to less than an eighth.
constexpr std::size_t spare_capacity_max = 4096;
/// So often in a row an outbox with such a buffer is taken without it being looked at. The copies
/// of one in so many are nothing; a burst's memory goes with two of them at most.
constexpr std::uint8_t shared_takes_max = 16;
/// No EventMissed frame is longer: a DN at its longest and three numbers.
constexpr std::size_t missed_frame_bytes_max = dn_bytes_max + 64;

/// What an open gap takes, with its place in the list and the table.
constexpr std::size_t gap_memory_bytes = 160;

} // namespace

outbox::outbox(const limits& bounds, memory_budget& budget, std::shared_ptr<edge_signal> signal,
               threads users)
  : bounds_(bounds), mutex_(users), signal_(std::move(signal)), memory_(budget) {}

// ---- admission -----------------------------------------------------------------------------

/// Whether a gap of this DN is open.
bool outbox::misses(const dn_identity& dn) noexcept {
  std::lock_guard lock{mutex_};
  return gaps_ != nullptr && gaps_->of.contains(&dn);
}

// ---- writing -------------------------------------------------------------------------------

void outbox::append(std::string_view head, std::string_view tail) {
  if (!run_.empty())
    copy_run();
  if (waiting_.make_room(head.size() + tail.size()))
    recount_memory();
  waiting_.append(head);
  waiting_.append(tail);
  ++waiting_frames_;
}

/// What comes behind the end goes nowhere.
bool outbox::append_if_open(std::string_view head, std::string_view tail) {
  if (closed()) [[unlikely]] {
    unreserve(head.size() + tail.size());
    return false;
  }
  append(head, tail);
  return true;
}

void outbox::copy_run() {
  if (waiting_.make_room(run_.size()))
    recount_memory();
  waiting_.append(std::exchange(run_, {}));
}

void outbox::recount_memory() noexcept {
  auto holds = waiting_.capacity() + taken_capacity_;
  if (gaps_ != nullptr)
    holds += gaps_->kept_bytes + gaps_->open.size() * gap_memory_bytes;
  memory_.holds(holds);
}

bool outbox::mark_dirty() noexcept {
  return !std::exchange(dirty_, true);
}

void outbox::write(std::string_view head, std::string_view tail) {
  bool was_clean;
  {
    std::lock_guard lock{mutex_};
    was_clean = append_if_open(head, tail) && mark_dirty();
  }
  if (was_clean)
    signal_->outbox_ready();
}

void outbox::write_event(const dn_identity& dn, std::string_view head, std::string_view tail) {
  bool was_clean;
  {
    std::lock_guard lock{mutex_};
    if (gaps_ != nullptr && !closed())
      close_gap_of(dn);
    was_clean = append_if_open(head, tail) && mark_dirty();
  }
  if (was_clean)
    signal_->outbox_ready();
}

void outbox::write_shared_event(const dn_identity& dn, std::string_view frame) {
  if (!is_taken_in_time_ || gaps_ != nullptr || closed())
    return write_event(dn, frame, {});
  bool follows = run_.data() + run_.size() == frame.data();
  if (!run_.empty() && !follows)
    copy_run();
  run_ = run_.empty() ? frame : std::string_view{run_.data(), run_.size() + frame.size()};
  ++waiting_frames_;
  if (mark_dirty())
    signal_->outbox_ready();
}

bool outbox::answer(std::string_view frame) {
  switch (reserve(frame.size(), traffic::reserved)) {
  case room::accepted: write(frame); return true;
  case room::full:
    overrun_.store(true, std::memory_order_relaxed);
    close();
    return false;
  case room::closed: return false;
  }
  return false;
}

// ---- what a slow client missed -------------------------------------------------------------

/// Its event comes next, so what is missing stands before it.
void outbox::close_gap_of(const dn_identity& dn) {
  auto open = gaps_->of.find(&dn);
  if (open == gaps_->of.end())
    return;
  tell_gap(*open->second);
  close_gap(open->second);
  if (gaps_->open.empty())
    forget_gaps();
}

outbox::gap_list::iterator outbox::close_gap(gap_list::iterator told) {
  gaps_->of.erase(told->dn.get());
  return gaps_->open.erase(told);
}

void outbox::forget_gaps() noexcept {
  gaps_ = nullptr;
  has_gaps_.store(false, std::memory_order_release);
}

void outbox::note_missed(const dn_identity_ptr& dn, dn_sequence sequence, conn_id session,
                         std::string_view newest) {
  missed_.fetch_add(1, std::memory_order_relaxed);
  bool was_clean;
  {
    std::lock_guard lock{mutex_};
    if (gaps_ == nullptr)
      gaps_ = std::make_unique<gap_book>();
    auto [place, is_new] = gaps_->of.try_emplace(dn.get());
    if (is_new) {
      place->second = gaps_->open.insert(gaps_->open.end(), {dn, sequence, sequence, {}});
      has_gaps_.store(true, std::memory_order_release);
      recount_memory();
    }
    auto open = place->second;
    open->to = sequence;
    if (!newest.empty()) {
      auto same = [&](const kept_indication& k) { return k.session == session; };
      auto old = std::find_if(open->newest.begin(), open->newest.end(), same);
      if (old != open->newest.end()) {
        gaps_->kept_bytes -= old->frame.size();
        open->newest.erase(old);
      }
      if (gaps_->kept_bytes + newest.size() <= bounds_.coalesced_bytes_max) {
        open->newest.push_back({session, std::string{newest}});
        gaps_->kept_bytes += newest.size();
      }
      recount_memory();
    }
    // The client may have read everything in the meantime: then nobody would close the gap.
    was_clean = mark_dirty();
  }
  if (was_clean)
    signal_->outbox_ready();
}

/// Writes EventMissed and what was kept. Not refused by the bound: it is one short frame a DN and
/// at most coalesced_bytes_max in all, which the outbox's reserve covers.
void outbox::tell_gap(const gap& missed) {
  auto add = [this](std::string_view frame) {
    count(frame.size() + one_frame);
    append(frame, {});
  };
  add(encode_missed(missed.dn->name, missed.dn->epoch, missed.from, missed.to));
  for (auto& kept : missed.newest) {
    gaps_->kept_bytes -= kept.frame.size();
    add(kept.frame);
  }
}

void outbox::close_gaps() {
  if (closed())
    return; // nothing follows the last word
  // As many as fit below the mark: a client with 10,000 DNs may have as many gaps.
  auto next = gaps_->open.begin();
  while (next != gaps_->open.end() &&
         bytes() + missed_frame_bytes_max < bounds_.outbox_low_water_bytes) {
    tell_gap(*next);
    next = close_gap(next);
  }
  if (gaps_->open.empty())
    forget_gaps();
  recount_memory();
}

// ---- the edge's side -----------------------------------------------------------------------

std::size_t outbox::take(byte_buffer& into) {
  std::lock_guard lock{mutex_};
  if (gaps_ != nullptr && bytes() < bounds_.outbox_low_water_bytes)
    close_gaps();
  if (!run_.empty())
    copy_run();
  swap(into, waiting_); // the edge's old buffer is filled next
  if (waiting_.capacity() > spare_capacity_max && into.size() < waiting_.capacity() / 8)
    waiting_.release();
  taken_capacity_ = into.capacity();
  recount_memory();
  dirty_ = false;
  is_taken_in_time_ = true;
  return std::exchange(waiting_frames_, 0);
}

outbox::shared_bytes outbox::take_shared() noexcept {
  if (run_.empty() || !waiting_.empty() || gaps_ != nullptr)
    return {};
  // Buffers of a burst go with takes of the other kind: as long as there are any, some are.
  if (std::max(taken_capacity_, waiting_.capacity()) > spare_capacity_max &&
      ++shared_takes_ % shared_takes_max == 0)
    return {};
  dirty_ = false;
  return {std::exchange(run_, {}), std::exchange(waiting_frames_, 0)};
}

void outbox::copy_shared(std::size_t edge_capacity) {
  std::lock_guard lock{mutex_};
  is_taken_in_time_ = false;
  taken_capacity_ = edge_capacity;
  if (!run_.empty())
    copy_run();
  recount_memory();
}

void outbox::trim() {
  std::lock_guard lock{mutex_};
  if (waiting_.empty())
    waiting_.release();
  taken_capacity_ = 0;
  recount_memory();
}

void outbox::discard() noexcept {
  std::lock_guard lock{mutex_};
  waiting_.release();
  run_ = {};
  waiting_frames_ = 0;
  taken_capacity_ = 0;
  forget_gaps();
  recount_memory();
}

void outbox::sent(std::size_t bytes, std::size_t frames) {
  uncount(bytes + frames * one_frame);
  if (!has_gaps_.load(std::memory_order_acquire) || this->bytes() >= bounds_.outbox_low_water_bytes)
    return;
  bool was_clean;
  {
    std::lock_guard lock{mutex_};
    if (gaps_ != nullptr)
      close_gaps();
    was_clean = !waiting_.empty() && mark_dirty();
  }
  if (was_clean)
    signal_->outbox_ready();
}

void outbox::close() noexcept {
  {
    std::lock_guard lock{mutex_};
    if (closed_.exchange(true, std::memory_order_acq_rel))
      return;
  }
  signal_->outbox_ready();
}

void outbox::close_with(std::string_view last) {
  auto got = reserve(last.size(), traffic::reserved);
  {
    std::lock_guard lock{mutex_};
    if (closed()) {
      if (got == room::accepted)
        unreserve(last.size());
      return;
    }
    if (got == room::accepted)
      append(last, {});
    closed_.store(true, std::memory_order_release);
  }
  signal_->outbox_ready();
}

} // namespace ringdown
