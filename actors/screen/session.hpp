// The capture-session actor: owns one DN's screen, and the time of it. Its DN talks to it within
// its own turn, through a `session_turn`; it wakes by itself at its armed tick, and then rings at
// its DN, which takes what has become due before it does anything else. So the DN has all effects
// in their order, and decides about each request by what is so now.
//
//   DN (its turn)                     session                    clock
//    | session_turn (locks) ------------> |                        |
//    | screen(), judge                    |                        |
//    | tell(command_admitted) ----------> | step                   |
//    | <------------------- effects ------| arm_tick ------------> |
//    | (unlocks)                          |                        |
//    |                                    | <---------- tick ------| step
//    | <----------------------- rang -----|                        |
//    | session_turn, take_due ----------> |                        |
//
// On a loop both run on one thread, and the lock is never waited for; on other schedulers it is
// held for a turn of either. Its end is the DN's to decide, when it may end and nobody is
// registered.
#pragma once

#include "actors/context.hpp"
#include "actors/interfaces.hpp"
#include "actors/screen/step.hpp"
#include "actors/thread_share.hpp"

#include <memory>
#include <vector>

namespace ringdown {

/// What its DN sees of a session.
class capture_session {
public:
  virtual ~capture_session() = default;

private:
  friend class session_turn;
  virtual void lock() noexcept = 0;
  virtual void unlock() noexcept = 0;
  virtual const screen& state() const noexcept = 0;
  virtual std::vector<screen_effect> tell(const screen_event& event, moment at) = 0;
  virtual std::vector<screen_effect> take_due() noexcept = 0;
};

/// A DN's hold on its session. Keeps the actor alive like any handle; empty without a session.
class session_ref {
public:
  session_ref() = default;
  session_ref(session_actor handle, capture_session& session)
    : handle_(std::move(handle)), session_(&session) {}

  const session_actor& handle() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return session_ != nullptr; }

private:
  friend class session_turn;
  session_actor handle_;
  capture_session* session_ = nullptr;
};

/// While it lives, nobody else changes the screen. One at a time.
class session_turn {
public:
  explicit session_turn(const session_ref& session) : session_(*session.session_) {
    session_.lock();
  }
  ~session_turn() { session_.unlock(); }
  session_turn(const session_turn&) = delete;
  session_turn& operator=(const session_turn&) = delete;

  const screen& state() const noexcept { return session_.state(); }
  /// What the event makes of the screen; the tick is armed.
  std::vector<screen_effect> tell(const screen_event& event, moment at) {
    return session_.tell(event, at);
  }
  /// What its ticks have brought about since the DN last asked. To be carried out first.
  std::vector<screen_effect> take_due() noexcept { return session_.take_due(); }

private:
  capture_session& session_;
};

/// Makes a session for the DN `owner`, at home where the DN is, of a screen of which so much is
/// known.
session_ref spawn_session(caf::actor_system& system, runtime::home where, broker_context& context,
                          dn_actor owner, screen known);

} // namespace ringdown
