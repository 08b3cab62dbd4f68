#include "actors/runtime/long_turn.hpp"

#include "actors/runtime/pinned.hpp"

#include <mutex>
#include <utility>

namespace ringdown::runtime {

namespace {

uint64_t as_us(clock_type::duration time) noexcept {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

} // namespace

// -- an actor's turn
// --------------------------------------------------------------------------------

void timed_activation::begin(actor_loop& loop, const pinned_base& actor) noexcept {
  loop_ = &loop;
  actor_ = &actor;
  outer_ = std::exchange(loop.timed_, this);
  began_ = loop.scheduler().read_clock();
  called_ = {};
}

void timed_activation::end() noexcept {
  const auto took = loop_->scheduler().read_clock() - began_;
  loop_->timed_ = outer_;
  if (outer_ != nullptr)
    outer_->called_ += took;
  loop_->has_run(*actor_, took - called_);
}

// -- the loop's
// -------------------------------------------------------------------------------------

/// By itself, without what it called.
void actor_loop::has_run(const pinned_base& actor, clock_type::duration took) noexcept {
  if (took < defaults::named_activation || took <= longest_activation_)
    return;
  try {
    longest_actor_ = actor.full_name();
    longest_activation_ = took;
  } catch (...) { // for want of memory; then it has no name
  }
}

/// Of a turn that took long, or while the loop is looked at closely.
void actor_loop::look_back(clock_type::duration took) noexcept {
  if (took > defaults::long_turn) {
    is_watched_ = true;
    watched_until_ = turn_end_ + defaults::watched_for;
    note_long_turn(took);
  } else if (turn_end_ >= watched_until_) {
    is_watched_ = false;
  }
  longest_activation_ = {};
  longest_actor_.clear();
}

void actor_loop::note_long_turn(clock_type::duration took) noexcept {
  const std::lock_guard lock{long_turn_mutex_};
  if (long_turn_ && long_turn_->took_us >= as_us(took))
    return;
  const auto in_place = in_place_.load(std::memory_order_relaxed) - in_place_before_;
  long_turn_ = long_turn{
    as_us(took), as_us(now_ - turn_start_),         handlers_of_turn_,         resumes_of_turn_,
    in_place,    std::exchange(longest_actor_, {}), as_us(longest_activation_)};
}

std::optional<long_turn> actor_loop::take_long_turn() {
  const std::lock_guard lock{long_turn_mutex_};
  return std::exchange(long_turn_, std::nullopt);
}

} // namespace ringdown::runtime
