// Answers who clients are, on a thread of its own: a signature takes up to 0.7 ms, which on a loop
// would be everybody's time.
//
//   a loop                   queue (bounded)             thread
//     | authenticate(asked) --> |                          |
//     |                         | -- sources by turns ---> | authenticate(list, asked, now)
//     |                         |                          | refused: failure_limiter
//     | <-------------------------------- answer(...) ---- |
//
// What finds no room is answered at once: nobody looked at it. No source of clients takes the room
// or the time of another (sign_on_queue). Every function may be called from any thread.
#pragma once

#include "actors/authorize.hpp"
#include "broker/security/access_list.hpp"
#include "broker/security/cause.hpp"
#include "broker/security/failure_limiter.hpp"
#include "broker/security/sign_on_queue.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace ringdown::security {

struct list_in_use;

class authenticator {
public:
  using answer_function = std::function<void(authenticated)>;

  struct options {
    /// Sign-ons and renewals that wait. 4,096 of the slowest kind take 3 s, which is less than
    /// `control_timeout`; with the longest credentials they hold 36 MiB.
    std::size_t waiting_max = 4'096;
    failure_limiter::rules failures = {};
    /// Of the tables of sources; random in a broker.
    std::uint64_t seed = 0;
  };
  struct clocks {
    std::function<std::int64_t()> utc_now; ///< microseconds; credentials expire by it
    std::function<failure_limiter::clock::time_point()> now;
  };

  /// Begins the thread; throws std::system_error without one. `list` is never null.
  authenticator(std::shared_ptr<const access_list> list, options how, clocks time);
  /// As `stop`.
  ~authenticator();
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;

  /// Ends the thread, and answers what waits, and who is asked about from now on, with `stopping`.
  /// However often, by one thread at a time.
  void stop();

  /// An `authenticate_function`: answers once, on the thread; if too many wait, another or this
  /// one at once; without memory it is as if too many waited. An answer must not throw, block or
  /// call back: it posts to whom it concerns.
  void authenticate(sign_on_facts asked, answer_function answer);

  /// Once this returns nobody is answered by an earlier list: whoever is told of the new one then
  /// has heard all answers by the old. Works out here what each who is in may by it: not on a loop,
  /// where those who are told only look at it. One thread at a time.
  void use(std::shared_ptr<const access_list> list);
  std::shared_ptr<const access_list> list() const;

private:
  using question = sign_on_queue::question;

  void run();
  void answer(question& one) noexcept;
  bool answer_by(const std::shared_ptr<const access_list>& list, question& one);
  void refuse_unseen(const answer_function& answer, cause why);

  const options how_;
  const clocks time_;
  failure_limiter failures_; ///< the thread's own

  const std::unique_ptr<list_in_use> list_;

  std::mutex mutex_; // of what follows
  std::condition_variable work_;
  sign_on_queue waiting_;
  bool stopping_ = false;

  std::thread thread_; // last: it uses the rest
};

} // namespace ringdown::security
