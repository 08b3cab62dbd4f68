// Who takes part in a run: desktops that command, recorders that do as told or do not, a call
// source, and a witness that hears everything.
#pragma once

#include "tests/simulation/member.hpp"

namespace ringdown::sim {

/// Hears every event and outcome of all DNs, and is never in trouble. The history is its word: it
/// hears before the others, who are held against it.
class witness final : public member {
public:
  witness(surroundings& around, std::vector<std::string> dns);
  /// Orders that no recorder may hear, since it was last asked.
  std::vector<v1::Frame> take_held() { return std::exchange(held_, {}); }

private:
  void before(const v1::Frame& frame) override;

  std::vector<v1::Frame> held_;
};

class desktop final : public member {
public:
  using member::member;

  /// A command of any kind, on any of its DNs.
  void command_something();
  void command(const std::string& dn, const std::string& verb, const test::send_options& options);
  /// Sends a command again under its id: what it got no answer to, or any.
  void repeat_something();
  void ask_address(const std::string& dn);
  /// Something without `screen-capture`.
  void chat();
  /// The outcome of its last command on a DN, if it is known.
  v1::Outcome last_outcome(const std::string& dn) { return last_outcomes_[dn]; }

private:
  void on_outcome(const v1::EventOutcome& outcome) override;

  struct sent {
    std::string dn;
    v1::Frame frame;
  };
  std::deque<sent> sent_; ///< the last commands with an id
  std::uint64_t ids_made_ = 0;
  std::map<std::string, std::uint64_t> versions_;
  std::map<std::string, v1::Outcome> last_outcomes_;
};

class recorder final : public member {
public:
  using member::member;

  enum class mood : std::uint8_t { honest, late, lying, silent, refusing };
  void is_for(mood how, std::int64_t until_us) {
    mood_ = how;
    until_us_ = until_us;
  }
  /// What kind of a program it is: whether it does what a snapshot says, and whether its words have
  /// a ConnID.
  void is_made(bool heeds_snapshots, bool tells_calls) {
    heeds_snapshots_ = heeds_snapshots;
    tells_calls_ = tells_calls;
  }
  /// Says what is due.
  void work();
  /// It forgets what it did, too.
  void crash();
  /// Its screen does something that nobody asked for.
  void drift();
  /// What its screen does.
  std::string state(const std::string& dn) {
    return states_.try_emplace(dn, "disabled").first->second;
  }

private:
  struct job {
    std::int64_t due_us = 0;
    std::uint64_t call = 0;
    std::string wanted; ///< empty: say what is so
    std::uint64_t version = 0;
  };

  void on_snapshot(const std::string& dn, const v1::Snapshot& snapshot) override;
  void on_event(const v1::EventUserEvent& event) override;
  void on_lost() override { jobs_.clear(); }
  void plan(const std::string& dn, job what);
  void do_job(const std::string& dn, const job& what);
  void say(const std::string& dn, std::uint64_t call, const std::string& state,
           std::uint64_t version);
  mood mood_now() const { return around_.now_us() < until_us_ ? mood_ : mood::honest; }

  mood mood_ = mood::honest;
  std::int64_t until_us_ = 0;
  bool heeds_snapshots_ = true;
  bool tells_calls_ = true;
  std::map<std::string, std::deque<job>> jobs_;
  std::map<std::string, std::string> states_; // there is one screen
};

/// Tells of calls that become one, and that end.
class call_source final : public member {
public:
  using member::member;
  mishap tell_something();
};

/// The ConnIDs of a run: none, and some calls.
inline constexpr std::uint64_t calls_max = 3;

} // namespace ringdown::sim
