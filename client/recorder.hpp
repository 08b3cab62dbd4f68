// A screen recorder: orders come in, words go out.
//
//   t_client client{{.who = recorder_identity("recorder")}};
//   recorder screen{client, [](const recorder::order& o) -> recorder::answer {
//     if (!make_it_so(o.screen))
//       return recorder_failure{17, "the disk is full"};
//     return o.screen; // said to the DN: it is so
//   }};
//   (void)screen.record("7001");
//   client.start();
//
// There is one screen for each DN, and one stream of orders for it: each says what the screen is to
// be, all calls and pauses of the agent taken together, so a program that makes it so cannot record
// where a pause stands. What was commanded stands beside it for people only. An order may ask for
// what is so already.
//
// What the handler returns is said to the DN, with the order's version and id if the client signs
// on with EXACT_VERSIONS (`recorder_identity` does). It returns what is so now, a failure
// (`failed`: told to who commanded it at once; what is so stays what was last said), both, or
// `later`, and says it with `say`. A `query` is answered with what was last said. After each
// (re)registration, and each gap, the DN's snapshot brings the order that was missed. One that has
// no answer yet comes again with it; one that has is only said again, if the broker does not know.
// What the broker holds, or has for another recorder, is no order.
//
// A recorder that really records calls apart signs on with PER_CALL (`recorded::per_call`): what it
// says is about the order's `connection` (0: all its calls), and it keeps a state for each. Its
// orders come per call as they are commanded, `verb` and `connection` saying which one was meant,
// and `of_call` what its recording is to be. `screen` binds all of its calls none the less: while
// it is `paused` none may go on, and `paused` in answer says so of all.
//
// A standby recorder gets all orders and says nothing. Over a `background_client` every call may be
// made by any thread. Handlers are called where the client calls its own. The client must outlive
// the recorder; what the handler captures must outlive the client's last handler.
#pragma once

#include "client/any_t_client.hpp"
#include "client/recorder_model.hpp"

namespace ringdown::client {

/// What a recorder keeps apart.
enum class recorded : std::uint8_t {
  one_screen, ///< what the agent's screen shows, whatever the call
  per_call,   ///< a recording for each call
};

/// A recorder with what this library makes use of: exact versions, directed answers.
identity recorder_identity(std::string application_name, recorded what = recorded::one_screen);

/// A screen recorder. Over a `background_client` every call may be made by any thread; over a
/// `t_client` by that client's.
class recorder {
public:
  /// Words that wait for room in the window. Far above what a person's commands can cause; past it
  /// the oldest is given up and counted.
  static constexpr std::size_t unsaid_max = 10'000;
  /// After so long they are tried again, if no answer of their own made room before; so are those
  /// that the broker had no room for, unless it asks for longer.
  static constexpr std::chrono::milliseconds say_retry{100};

  using order = recorder_order;
  using answer = recorder_answer;
  /// A throw counts as `later` and is reported (`t_client_options::on_handler_failure`).
  using order_handler = std::function<answer(const order&)>;

  recorder(any_t_client& client, order_handler on_order, const registration& how = {});
  /// Unregisters from all DNs. A handler that runs on the client's thread may still be at it.
  ~recorder();
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  /// Registers on the DN, now or with the next link. `bad_dn`, or `too_many` DNs or listeners, and
  /// nothing has changed; again: nothing changes either.
  [[nodiscard]] registering record(const std::string& dn);
  /// Unregisters and forgets the DN's state. Of one that is not recorded: nothing.
  void leave(const std::string& dn);

  /// What became of an order. If it cannot be sent for want of room, here or at the broker's, or
  /// without a link, it is said later. Nothing is said, or changed, if there was a newer order for
  /// the screen: that one's answer counts.
  void say(const order& done, const answer& what);
  /// The same of one that could not be done.
  void fail(const order& done, recorder_failure why) { say(done, answer{std::move(why)}); }
  /// The recorder's own: its state has changed without an order. To be called before the client
  /// starts by a program that records already then.
  void say(const std::string& dn, capture_state state, conn_id call = {});

  /// What was last said; disabled before that.
  capture_state state(const std::string& dn, conn_id call = {}) const;
  /// Words given up because too many waited.
  std::size_t given_up() const;

private:
  struct shared;
  any_t_client& client_;
  std::shared_ptr<shared> shared_;
};

} // namespace ringdown::client
