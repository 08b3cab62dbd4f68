#include "broker/security/authenticator.hpp"

#include "broker/security/authenticate.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::security {
namespace {

/// When one that nobody has looked at may come again: the queue is empty by then.
constexpr std::chrono::milliseconds come_again{1'000};

/// Whether rights are the same, for many who share them: each two are looked into once.
class rights_compared {
public:
  bool are_same(const std::shared_ptr<const grants>& a, const std::shared_ptr<const grants>& b) {
    if (!a || !b)
      return a == b;
    const auto [found, is_new] = known_.try_emplace({a, b}, false);
    if (is_new)
      found->second = *a == *b;
    return found->second;
  }

private:
  std::map<std::pair<std::shared_ptr<const grants>, std::shared_ptr<const grants>>, bool> known_;
};

/// What a client that was let in rests on: what was proven, and what that comes to by the list in
/// use. It is derived where the list is changed, once for each list: loops only look at it.
class place_in_list final : public standing {
public:
  place_in_list(std::uint64_t number, std::shared_ptr<const proof> proven, authenticated now)
    : number_{number}, proven_{std::move(proven)}, now_{std::move(now)} {}

  authenticated again() const override {
    const std::lock_guard lock{mutex_};
    return now_;
  }
  std::uint64_t number() const noexcept { return number_; }
  /// By this list. Who has the same rights keeps the object that they are: that they are the same
  /// is seen without a look into them.
  authenticated by(const access_list& list, rights_compared& rights) const {
    auto next = rederive(list, *proven_).answer;
    auto before = again().may;
    if (rights.are_same(next.may, before))
      next.may = std::move(before);
    return next;
  }
  void take(authenticated& next) noexcept {
    const std::lock_guard lock{mutex_};
    std::swap(now_, next); // what was here goes behind the lock
  }

private:
  const std::uint64_t number_;
  const std::shared_ptr<const proof> proven_;
  mutable std::mutex mutex_; // of what follows, for a moment
  authenticated now_;
};

using place_ptr = std::shared_ptr<place_in_list>;

} // namespace

/// The list, and those who were let in.
struct list_in_use {
  mutable std::mutex mutex; ///< held while one is answered; of what follows
  std::shared_ptr<const access_list> list;
  std::vector<std::weak_ptr<place_in_list>> places;
  std::uint64_t last = 0;           ///< number of a place
  std::size_t forgotten_at = 1'024; ///< as many places: those that are gone are looked for

  std::shared_ptr<const access_list> now() const {
    const std::lock_guard lock{mutex};
    return list;
  }

  // ---- with the mutex held

  place_ptr make(std::shared_ptr<const proof> proven, const authenticated& now) {
    if (places.size() >= forgotten_at) {
      std::erase_if(places, [](auto& each) { return each.expired(); });
      forgotten_at = std::max<std::size_t>(1'024, 2 * places.size());
    }
    auto made = std::make_shared<place_in_list>(last + 1, std::move(proven), now);
    places.push_back(made);
    ++last;
    return made;
  }
  std::vector<place_ptr> behind(std::uint64_t number) const {
    std::vector<place_ptr> living;
    for (auto& each : places)
      if (auto one = each.lock(); one && one->number() > number)
        living.push_back(std::move(one));
    return living;
  }
};

authenticator::authenticator(std::shared_ptr<const access_list> list, options how, clocks time)
  : how_{how}, time_{std::move(time)}, failures_{how.failures, how.seed},
    list_{std::make_unique<list_in_use>()}, waiting_{how.waiting_max, how.seed} {
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

/// Most are worked out while others are answered by the list before, who comes in meanwhile behind
/// them. Without memory nothing has changed.
void authenticator::use(std::shared_ptr<const access_list> list) {
  std::vector<place_ptr> places;
  std::vector<authenticated> next;
  rights_compared rights;
  auto work_out = [&] {
    next.reserve(places.size());
    while (next.size() < places.size())
      next.push_back(places[next.size()]->by(*list, rights));
  };
  std::uint64_t last = 0;
  {
    const std::lock_guard lock{list_->mutex};
    places = list_->behind(0);
    last = list_->last;
  }
  work_out();
  const std::lock_guard lock{list_->mutex};
  const auto newcomers = list_->behind(last);
  places.insert(places.end(), newcomers.begin(), newcomers.end());
  work_out();
  for (std::size_t i = 0; i < places.size(); ++i)
    places[i]->take(next[i]);
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
    now.answer.rests_on = list_->make(std::move(now.kept), now.answer);
  std::exchange(one.answer, nullptr)(std::move(now.answer)); // once, even if it throws
  return true;
}

} // namespace ringdown::security
