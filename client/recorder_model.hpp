// What a recorder knows of its DNs' screens, as a pure state machine: no clock, no I/O. It makes
// one stream of orders for each DN's one screen of what is heard, and says which words are due.
// Not thread-safe; a value otherwise.
#pragma once

#include "client/events.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::client {

/// What a recorder is told: what the DN's screen is to be now, all calls and pauses taken together.
/// It may be so already.
struct recorder_order {
  std::string this_dn;
  capture_state screen = capture_state::disabled;
  /// What was commanded, for people; `none`: a snapshot asks for it.
  capture_verb verb = capture_verb::none;
  conn_id connection = {}; ///< the call that the command is about; 0: none
  command_version version = {};
  command_id command = {};
  dn_epoch epoch = {};                              ///< the one that `version` counts in
  broker_reason cause = broker_reason::unspecified; ///< of an order of the broker's own
  std::string reason = {};                          ///< as given with the command
  std::string agent_id = {};
  client_id for_recorder = {}; ///< the one recorder's connection that got it; 0: every one's

  /// For a recorder that records calls apart: what the recording of `connection` is to be. Never
  /// nearer to recording than the screen.
  capture_state of_call() const noexcept;

  bool operator==(const recorder_order&) const = default;
};

/// What became of an order: what is so now, that it failed, both, or nothing yet (`later`).
/// `capture_state::unknown` is nothing that a recorder may say, and counts as `later`.
struct recorder_answer {
  std::optional<capture_state> is_so = {};
  std::optional<recorder_failure> failure = {};

  recorder_answer() = default;
  recorder_answer(capture_state state) : is_so(state) {} // a handler returns what it knows
  recorder_answer(recorder_failure why) : failure(std::move(why)) {}
  recorder_answer(capture_state state, recorder_failure why)
    : is_so(state), failure(std::move(why)) {}

  bool operator==(const recorder_answer&) const = default;
};
/// It will be said when it is known.
inline const recorder_answer later{};

/// What a recorder says to a DN.
struct indication {
  std::string this_dn;
  conn_id connection = {};                    ///< what it answers; 0: no call, or all
  capture_verb verb = capture_verb::disabled; ///< enabled, disabled, paused or failed
  std::optional<recorder_failure> failure = {};
  // What it answers, for a recorder that echoes exactly.
  command_version version = {};
  command_id command = {};
  client_id asked_by = {}; ///< of a query; else 0
  dn_epoch epoch = {};
  client_id for_recorder = {}; ///< as of the order that it answers

  bool operator==(const indication&) const = default;
};

/// There is one screen, and so one state for each DN: what the program last said of it.
///
/// Versions of a DN rise within its epoch, so what comes twice or late is no order; one without a
/// version always is. What the broker keeps from recorders, or has for another recorder, is none
/// either. A `query` asks for what is so and orders nothing.
///
/// A recorder that really records calls apart (capability PER_CALL) has a state for each ConnID,
/// and what it says of one is about that call. Its orders are the same: as there is one screen,
/// `screen` binds all of its calls, while `verb` and `connection` say which one was meant. So its
/// answer that the screen is paused, or disabled, as ordered is about all of its calls.
class recorder_model {
public:
  /// Calls kept for one DN, where there are any; above it a disabled one goes first, else the
  /// oldest.
  static constexpr std::size_t calls_max = 16;

  explicit recorder_model(bool per_call = false) : per_call_(per_call) {}

  /// What follows from something heard.
  struct reaction {
    std::optional<recorder_order> order; ///< to be done, and then answered
    std::vector<indication> words;       ///< what is so, to be said
  };
  /// `self`: this client, where an event may be for one recorder alone.
  reaction on_event(const event_user_event& e, client_id self);
  /// Takes a DN's snapshot at registration, or after missed events. What it asks for is an order
  /// if it is new, or has no answer yet; what is so is said first, if it is something else and the
  /// broker has no word of this link. Without an order it is said again, unless the broker knows.
  reaction on_snapshot(const std::string& dn, const dn_snapshot& snapshot, client_id self);

  /// What is to be said. Nothing: there was a newer order, whose answer counts instead; the DN is
  /// no longer this recorder's; or it will be known later. Of an order that the broker does not
  /// know any more, for it has restarted, what is so is said, as an answer to none.
  std::optional<indication> answer(const recorder_order& done, const recorder_answer& what);
  /// The state has changed without an order. Answers none.
  indication set(const std::string& dn, conn_id call, capture_state state);
  /// What was said is still what there is to say.
  bool still_so(const indication& said) const;

  /// The broker has restarted: the DN counts anew, in an epoch that is still to be told.
  void on_restart(const std::string& dn);
  /// The DN is no longer this recorder's.
  void forget(const std::string& dn);

  /// What the program last said; disabled before it has said anything.
  capture_state state(const std::string& dn, conn_id call = {}) const;
  std::size_t calls(const std::string& dn) const;

private:
  struct call_state {
    conn_id connection;
    capture_state state;
  };
  struct screen {
    dn_epoch epoch;
    command_version version; ///< of its last order
    bool ordered = false;    ///< anything, in this epoch
    bool answered = true;    ///< its last order
    bool told = false;       ///< the program has said something
    capture_state state = capture_state::disabled;
    std::vector<call_state> calls = {}; ///< oldest first; of a per-call recorder

    void count_in(dn_epoch now);
    void count_anew();
    capture_state state_of(conn_id call) const;
    void set(conn_id call, capture_state to);
    void make_room();
  };

  conn_id key_of(conn_id call) const { return per_call_ ? call : conn_id{}; }
  std::vector<indication> words(const std::string& dn, const screen& of,
                                const indication& as) const;
  std::vector<indication> words_before(const std::string& dn, const screen& of,
                                       const dn_snapshot& snapshot, client_id self) const;

  std::map<std::string, screen, std::less<>> dns_;
  bool per_call_;
};

} // namespace ringdown::client
