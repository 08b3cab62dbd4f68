#include "broker/security/authenticator.hpp"

#include "broker/security/authenticate.hpp"

#include <pthread.h>

#include <csignal>
#include <optional>
#include <string_view>
#include <utility>

namespace ringdown::security {
namespace {

/// When one that nobody has looked at may come again: the queue is empty by then.
constexpr std::chrono::milliseconds come_again{1'000};

} // namespace

/// Clients that are in ask it for as long as they are, whatever became of the authenticator.
struct list_in_use {
  mutable std::mutex mutex; ///< held while one is answered; of what follows
  std::shared_ptr<const access_list> list;

  std::shared_ptr<const access_list> now() const {
    const std::lock_guard lock{mutex};
    return list;
  }
};

namespace {

/// What a client that was let in rests on: what was proven, by the list in use.
class place_in_list final : public standing {
public:
  place_in_list(std::shared_ptr<const list_in_use> list, std::shared_ptr<const proof> proven)
    : list_{std::move(list)}, proven_{std::move(proven)} {}

  authenticated again() const override { return rederive(*list_->now(), *proven_).answer; }

private:
  const std::shared_ptr<const list_in_use> list_;
  const std::shared_ptr<const proof> proven_;
};

} // namespace

authenticator::authenticator(std::shared_ptr<const access_list> list, options how, clocks time)
  : how_{how}, time_{std::move(time)}, failures_{how.failures, how.seed},
    list_{std::make_shared<list_in_use>()}, waiting_{how.waiting_max, how.seed} {
  list_->list = std::move(list);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); // signals are the program's business
  try {
    thread_ = std::thread{[this] { run(); }};
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread_.native_handle(), "authenticator");
}

authenticator::~authenticator() {
  stop();
}

void authenticator::stop() {
  if (!thread_.joinable())
    return;
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
  for (const auto& one : waiting_.take_all())
    refuse_unseen(one.answer, cause::stopping);
}

void authenticator::authenticate(sign_on_facts asked, answer_function answer) {
  question one{std::move(asked), std::move(answer)};
  auto why = cause::too_many_waiting;
  std::optional<question> left;
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) {
      why = cause::stopping;
      left = std::move(one);
    } else {
      left = waiting_.push(std::move(one));
    }
  }
  work_.notify_one();
  if (left)
    refuse_unseen(left->answer, why);
}

void authenticator::use(std::shared_ptr<const access_list> list) {
  const std::lock_guard lock{list_->mutex};
  list_->list.swap(list); // the old one goes behind the lock
}

std::shared_ptr<const access_list> authenticator::list() const {
  return list_->now();
}

void authenticator::refuse_unseen(const answer_function& answer, cause why) {
  authenticated refusal;
  refusal.refused = to_string(why);
  refusal.retry_after_ms = come_again.count();
  refusal.overloaded = true;
  answer(std::move(refusal));
}

// ---- the thread ----------------------------------------------------------------------------

void authenticator::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || waiting_.size() != 0; });
    if (stopping_)
      return;
    auto one = waiting_.take([this, now = time_.now()](std::string_view source) {
      return failures_.has_credit(source, now);
    });
    lock.unlock();
    if (one)
      answer(*one);
    one.reset();
    lock.lock();
  }
}

/// Without memory for one the thread goes on with the next, as everybody else's does.
void authenticator::answer(question& one) noexcept {
  try {
    while (!answer_by(list(), one)) {
      // There is another list by now. It cannot go on so: reloads are seconds apart.
    }
  } catch (...) {
    try {
      if (one.answer)
        refuse_unseen(one.answer, cause::too_many_waiting);
    } catch (...) { // whoever asked does not wait for ever
    }
  }
}

/// False, and nothing is said, if this is no longer the list.
bool authenticator::answer_by(const std::shared_ptr<const access_list>& list, question& one) {
  auto now = security::authenticate(*list, one.asked, time_.utc_now());
  const std::lock_guard lock{list_->mutex};
  if (list != list_->list)
    return false;
  if (now.why != cause::none)
    now.answer.retry_after_ms = failures_.note_failure(one.asked.peer.source, time_.now()).count();
  else
    now.answer.rests_on = std::make_shared<place_in_list>(list_, std::move(now.kept));
  std::exchange(one.answer, nullptr)(std::move(now.answer)); // once, even if it throws
  return true;
}

} // namespace ringdown::security
