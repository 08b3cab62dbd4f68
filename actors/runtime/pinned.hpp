// Actors that always run on one loop, their home, and delivery to them without a mailbox.
//
// On a scheduler without loops (CAF's own, or the testing one) a home is empty, a pinned actor is
// an ordinary one, and `deliver` enqueues: the same results in the same order, not the same speed.
#pragma once

#include "actors/runtime/loop_scheduler.hpp"
#include "actors/runtime/prefetch.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/response_type.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ringdown::runtime {

/// Where a pinned actor runs: a loop, or empty where there are none. A value; valid as long as the
/// actor system.
class home {
public:
  home() = default;
  explicit home(actor_loop& loop) : loop_(&loop) {}

  /// The calling loop, if it belongs to `system`, else empty.
  static home here(caf::actor_system& system) noexcept;

  /// The loop with this index, modulo their number: the same index, the same home. Empty on a
  /// system without loops.
  static home at(caf::actor_system& system, size_t index) noexcept;

  /// The loops in turn. Empty on a system without loops.
  static home next(caf::actor_system& system) noexcept;

  actor_loop* loop() const noexcept { return loop_; }
  explicit operator bool() const noexcept { return loop_ != nullptr; }

  /// Whether the calling thread runs this home. False for an empty one.
  bool is_current() const noexcept { return loop_ != nullptr && loop_->is_current(); }

  friend bool operator==(home, home) = default;

private:
  actor_loop* loop_ = nullptr;
};

/// What all pinned actors have in common. Users want `pinned_actor` and `deliver`.
class pinned_base {
public:
  pinned_base(const pinned_base&) = delete;
  pinned_base& operator=(const pinned_base&) = delete;

  /// The actor's home. Fixed at its construction. Any thread.
  home where() const noexcept { return home_; }

  /// Its kind, and which one it is if it has a name: "dn 7001". The home's thread.
  std::string full_name() const;

  /// Whether a message may be given to the actor at once: its home is the calling loop, its mailbox
  /// is blocked and empty and it has put nothing aside (so there is nothing to overtake), it is not
  /// on the call stack, and the nesting is not too deep. Any thread.
  bool may_activate_in_place() const noexcept;

  /// Gives `element` to the actor now. Returns whether the actor took it; if not, it must go
  /// through the mailbox. Does not throw: an exception in the handler ends the actor. When it
  /// returns, the actor may have ended; the caller must hold a reference. Precondition:
  /// may_activate_in_place().
  bool activate_in_place(caf::mailbox_element& element) noexcept;

  /// Calls `call()` as if it were one of the actor's handlers, if the actor may run in place now
  /// and has begun. Returns whether it was called. Does not throw: an exception ends the actor.
  /// When it returns, the actor may have ended; the caller must hold a reference.
  template <class Call>
  bool call_in_place(Call call) noexcept {
    if (!may_be_called())
      return false;
    in_place_scope scope{*this};
    try {
      call();
      if (!self_.has_behavior())
        end_after_quit();
    } catch (...) {
      end_after_throw();
    }
    return true;
  }

protected:
  /// The actor whose handler begins, for handlers that all actors of a class share: a behavior of
  /// CAF's takes 40 bytes for each handler, which are the same but for the actor. For a handler's
  /// first step only, before it has given anybody a message.
  static pinned_base& handling() noexcept { return *handling_; }

  /// An empty `wanted` on a system with loops becomes the loop of the spawning actor or thread,
  /// else the next. Throws `std::logic_error` if `wanted` belongs to another actor system.
  pinned_base(caf::scheduled_actor& self, caf::actor_config& config, home wanted);
  ~pinned_base() = default;

  /// The execution unit to enqueue with: home, or `offered` unless it is of another actor system.
  caf::execution_unit* unit(caf::execution_unit* offered) const noexcept;

  /// Whether its loop is looked at closely.
  bool is_timed() const noexcept { return home_ && home_.loop()->is_watched_; }

  /// Ends the actor after an exception that CAF let through (on_exit or an exception handler
  /// threw).
  void end_after(caf::execution_unit* unit) noexcept;

  /// Marks the actor as being on the call stack.
  class running_scope {
  public:
    explicit running_scope(pinned_base& actor) : actor_(actor) { actor_.running_ = true; }
    ~running_scope() { actor_.running_ = false; }
    running_scope(const running_scope&) = delete;
    running_scope& operator=(const running_scope&) = delete;

  private:
    pinned_base& actor_;
  };

  /// Marks the actor as the one to which CAF gives messages on this thread.
  class handling_scope {
  public:
    explicit handling_scope(pinned_base& actor) : before_(handling_) { handling_ = &actor; }
    ~handling_scope() { handling_ = before_; }
    handling_scope(const handling_scope&) = delete;
    handling_scope& operator=(const handling_scope&) = delete;

  private:
    pinned_base* before_;
  };

private:
  /// A turn of the actor within somebody else's.
  class in_place_scope {
  public:
    explicit in_place_scope(pinned_base& actor) noexcept;
    ~in_place_scope();
    in_place_scope(const in_place_scope&) = delete;
    in_place_scope& operator=(const in_place_scope&) = delete;

  private:
    running_scope running_;
    actor_loop& loop_;
    timed_activation timed_;
  };

  /// Whether the actor is at home, neither on the call stack nor with mail, and the nesting is not
  /// too deep.
  bool is_free() const noexcept;
  bool may_be_called() const noexcept { return is_free() && self_.has_behavior(); }
  void end_after_quit();
  void end_after_throw() noexcept;

  inline static thread_local pinned_base* handling_ = nullptr;

  caf::scheduled_actor& self_;
  home home_;
  bool running_ = false; // home's thread only
};

/// `Base`, a CAF actor class, pinned to a home. Constructor: `(caf::actor_config&, home = {})`.
/// A detached actor has no home.
template <class Base>
class pinned_to_home : public Base, public pinned_base {
public:
  explicit pinned_to_home(caf::actor_config& config, home where = {})
    : Base(config), pinned_base(static_cast<caf::scheduled_actor&>(*this), config, where) {}

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* offered) override {
    Base::enqueue(std::move(element), unit(offered));
  }

  void launch(caf::execution_unit* offered, bool lazy, bool hide) override {
    Base::launch(unit(offered), lazy, hide);
  }

  caf::resumable::resume_result resume(caf::execution_unit* context, size_t messages) override {
    running_scope running{*this};
    handling_scope handling{*this};
    const timed_activation timed{is_timed(), where().loop(), *this};
    try {
      return Base::resume(context, messages);
    } catch (...) {
      end_after(context);
      return caf::resumable::done;
    }
  }
};

/// Base class of a typed pinned actor; `Handle` is a `caf::typed_actor<...>`. Derive from it, or
/// from `caf::stateful_actor<State, pinned_actor<Handle>>`, and override `make_behavior`; or write
/// a function of a pointer to it and spawn that with `spawn_at`.
template <class Handle>
using pinned_actor = pinned_to_home<typename Handle::base>;

/// Base class of an untyped pinned actor.
using pinned_event_based_actor = pinned_to_home<caf::event_based_actor>;

/// Pointer type of the first parameter of a function that implements a stateful typed pinned actor.
template <class Handle, class State>
using pinned_pointer = caf::stateful_actor<State, pinned_actor<Handle>>*;

/// Spawns a function-based pinned actor: `fun(self, args...)` makes its behavior, where `self`
/// points to `pinned_actor<Handle>`, `pinned_event_based_actor` or a `caf::stateful_actor` of them.
/// Any thread. `Options` as with `caf::actor_system::spawn`.
template <caf::spawn_options Options = caf::no_spawn_options, class Actor, class Result,
          class... Params, class... Ts>
auto spawn_at(caf::actor_system& system, home where, Result (*fun)(Actor*, Params...), Ts&&... xs) {
  caf::actor_config config{where.loop()};
  auto args = std::make_tuple(std::forward<Ts>(xs)...);
  auto init = [fun, args = std::move(args)](caf::local_actor* self) mutable -> caf::behavior {
    auto call = [&](auto&... ys) { return fun(static_cast<Actor*>(self), std::move(ys)...); };
    return std::move(std::apply(call, args).unbox());
  };
  config.init_fun = caf::actor_config::init_fun_type{std::move(init)};
  return system.spawn_class<Actor, Options>(config, where);
}

/// A handle that also knows whether its actor is pinned: what `deliver` needs per message, looked
/// up once. Keeps the actor alive like any handle. May point to an actor that is not pinned (a
/// mock, a proxy) or to none.
template <class Handle>
class pinned_ref {
public:
  pinned_ref() = default;
  pinned_ref(Handle handle) // NOLINT: a handle is one
    : handle_(std::move(handle)),
      pinned_(dynamic_cast<pinned_base*>(caf::actor_cast<caf::abstract_actor*>(handle_))) {}
  /// The same where it is known that the actor is pinned: `actor` is the handle's.
  pinned_ref(Handle handle, pinned_base& actor) : handle_(std::move(handle)), pinned_(&actor) {}

  const Handle& handle() const noexcept { return handle_; }
  pinned_base* pinned() const noexcept { return pinned_; }
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

private:
  Handle handle_;
  pinned_base* pinned_ = nullptr;
};

/// Gives the actor a message: at once if it may run in place, else through its mailbox. Returns
/// whether it ran in place. The contract, whichever way it goes:
/// - messages of one caller to one actor are handled in the order of the calls, mixed with `send`;
/// - a handler is never entered again while it runs;
/// - the actor may have ended when the call returns, never by an exception into the caller;
/// - there is no sender and no answer.
/// In place, handlers and what they deliver in place run before the call returns, so the caller
/// must be ready for calls back into whatever it shares with them. Any thread.
template <class Handle, class... Ts>
bool try_deliver_in_place(const pinned_ref<Handle>& to, Ts&&... xs) {
  using types = caf::detail::type_list<caf::detail::strip_and_convert_t<Ts>...>;
  static_assert(caf::response_type_unbox<caf::signatures_of_t<Handle>, types>::valid,
                "receiver does not accept given message");
  if (!to)
    return false;
  auto* actor = caf::actor_cast<caf::abstract_actor*>(to.handle());
  auto* pinned = to.pinned();
  if (pinned == nullptr || !pinned->may_activate_in_place()) {
    actor->enqueue(
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::forward<Ts>(xs)...),
      nullptr);
    return false;
  }
  // The handler may drop `to` itself, so hold on to the actor.
  const caf::strong_actor_ptr keep{actor->ctrl()};
  caf::mailbox_element_vals<
    typename caf::unbox_message_element<caf::detail::strip_and_convert_t<Ts>>::type...>
    element{nullptr, caf::make_message_id(), {}, std::forward<Ts>(xs)...};
  if (pinned->activate_in_place(element))
    return true;
  actor->enqueue(
    caf::make_mailbox_element(nullptr, element.mid, {}, element.move_content_to_message()),
    nullptr);
  return false;
}

/// Base class of an actor that takes messages of one kind without a mailbox and without CAF's
/// matching, for the path of every event: in place it is called like an object, and CAF is not
/// asked for anything. Such an actor neither skips messages nor awaits responses (`await`), and
/// what it does here does not ask for the sender or the message.
template <class Message>
class callable_in_place : public has_a_name {
public:
  /// What the actor's handler of this message does. An exception ends the actor.
  virtual void handle(Message& message) = 0;
  /// A step towards `handle` of this message, which may come soon or never: fetches memory that it
  /// will need, found by what earlier steps fetched. Changes nothing but what the message itself
  /// keeps of it. Where `handle` would run in place only.
  virtual void fetch_ahead(Message&, unsigned /*step*/) const noexcept {}

protected:
  ~callable_in_place() = default;
};

/// A handle for calls in place, with messages of some kinds. Keeps the actor alive like any handle.
/// May point to an actor that cannot be called (a mock, a proxy) or to none.
template <class Handle, class... Messages>
class callable_ref {
public:
  callable_ref() = default;
  explicit callable_ref(pinned_ref<Handle> to) : to_(std::move(to)) {
    auto* actor = caf::actor_cast<caf::abstract_actor*>(to_.handle());
    if (to_.pinned() == nullptr)
      return;
    ((std::get<callable<Messages>>(callable_) = dynamic_cast<callable<Messages>>(actor)), ...);
  }
  /// The same where the actor's class is known, because it has just been made: to look among all of
  /// CAF's bases for what an actor is takes 2,000 instructions each time.
  template <class Actor>
  static callable_ref of(Handle handle) {
    auto* actor = static_cast<Actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
    callable_ref made;
    made.to_ = pinned_ref<Handle>{std::move(handle), *actor};
    made.callable_ = {static_cast<callable<Messages>>(actor)...};
    return made;
  }

  const pinned_ref<Handle>& ref() const noexcept { return to_; }
  const Handle& handle() const noexcept { return to_.handle(); }
  explicit operator bool() const noexcept { return static_cast<bool>(to_); }

  /// Gives the message to the actor at once, if it may run in place; else returns false, and the
  /// message must be delivered. The same contract as `try_deliver_in_place`; this handle must stand
  /// until the call returns.
  template <class Message>
  bool try_call(Message& message) const noexcept {
    auto* actor = callable_for<Message>();
    return actor != nullptr &&
           to_.pinned()->call_in_place([&message, actor] { actor->handle(message); });
  }

  /// Fetches what a call touches of the actor, and `lines` cache lines of its own state. Over
  /// 10,000 cold actors the misses are most of an event's cost; a hint for memory that is not
  /// needed costs little. Nothing of the actor is read for it.
  void prefetch(std::size_t lines) const noexcept {
    if (std::get<0>(callable_) == nullptr)
      return;
    // Whatever is pinned is one.
    auto* actor =
      static_cast<caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(to_.handle()));
    runtime::prefetch(&actor->mailbox());
    auto* behaviors = reinterpret_cast<const char*>(&actor->bhvr_stack());
    runtime::prefetch(behaviors); // its end may stand in the next line
    runtime::prefetch(behaviors + sizeof(void*));
    runtime::prefetch(to_.pinned(), lines * cache_line_bytes);
  }

  /// Steps in which memory is fetched for a call: the actor first, then what it knows of.
  static constexpr unsigned fetch_steps = 4;
  /// Fetches for a call that will be made soon, in `fetch_steps` steps from 0 on, with some time
  /// between. A hint: any of them may be left out, and the call too. The actor's home only.
  template <class Message>
  void fetch_ahead(Message& message, unsigned step) const noexcept {
    auto* actor = callable_for<Message>();
    if (actor == nullptr || !to_.pinned()->where().is_current())
      return;
    if (step == 0)
      prefetch(fetched_lines);
    else
      actor->fetch_ahead(message, step - 1);
  }

private:
  template <class Message>
  using callable = callable_in_place<Message>*;

  /// A message that is only read may be given as one that could be changed.
  template <class Message>
  auto* callable_for() const noexcept {
    constexpr bool is_same = (std::is_same_v<Message, Messages> || ...);
    return std::get<callable<std::conditional_t<is_same, Message, const Message>>>(callable_);
  }

  /// Of an actor's own state.
  static constexpr std::size_t fetched_lines = 5;

  pinned_ref<Handle> to_;
  std::tuple<callable<Messages>...> callable_{};
};

/// `try_deliver_in_place` for callers who do not care which way it went.
template <class Handle, class... Ts>
void deliver(const pinned_ref<Handle>& to, Ts&&... xs) {
  static_cast<void>(try_deliver_in_place(to, std::forward<Ts>(xs)...));
}

} // namespace ringdown::runtime
