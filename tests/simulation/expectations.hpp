// What one T-Client program may rely on, whatever its connections: each request has its answer, and
// of a DN it hears what the history says, in its order and once.
#pragma once

#include "tests/simulation/surroundings.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace ringdown::sim {

class expectations {
public:
  expectations(surroundings& around, const member_options& who) : around_(around), who_(who) {}

  // ---- what it does --------------------------------------------------------------------------
  /// It has a new connection: of the last one nothing comes any more.
  void begins(std::uint64_t client);
  void has_sent(std::uint32_t reference, const std::string& dn, const v1::Frame& request);
  void reads_slowly() { was_slow_ = true; }

  // ---- what it hears -------------------------------------------------------------------------
  /// The DN of the request that this answers.
  std::string answered(const v1::Frame& frame) { return take_request(frame).dn; }
  void registered(const std::string& dn, std::uint64_t sequence) { heard_to_[dn] = sequence; }
  void unregistered(const std::string& dn) { heard_to_.erase(dn); }
  bool is_registered(const std::string& dn) const { return heard_to_.contains(dn); }
  void ack(const v1::Frame& frame);
  void error(const v1::Frame& frame);
  /// False if the witness's link had ended: then nothing is known of it.
  bool event(const v1::EventUserEvent& event);
  void missed(const v1::EventMissed& missed);
  void outcome(const v1::EventOutcome& outcome);
  /// The broker shuts down and has ended the link.
  void goodbye();
  /// After all were heard: nothing is left unanswered, nothing of a DN unheard.
  void check_complete();

private:
  struct request_sent {
    std::string dn;
    v1::Frame frame;
    bool is_known; ///< its command id had been heard of
  };

  request_sent take_request(const v1::Frame& frame);
  bool is_expected(const v1::EventError& error, const request_sent& request) const;
  void walk(const std::string& dn, std::uint64_t until);
  bool is_left_out(const v1::EventUserEvent& event) const;
  bool is_unwitnessed(const std::string& dn, std::uint64_t sequence) const;
  bool may_miss(const v1::EventUserEvent& event) const;
  void count_outcome(const place& where, std::uint64_t origin, const std::string& words);
  bool is_recorder() const { return who_.role == v1::ROLE_RECORDER; }
  bool wants_outcomes() const;

  surroundings& around_;
  const member_options& who_;
  // Of the connection that stands.
  std::uint64_t client_ = 0;
  std::map<std::uint32_t, request_sent> outstanding_;
  std::map<std::string, std::uint64_t> heard_to_;
  std::map<std::string, std::uint64_t> missed_to_;
  std::map<place, std::size_t> acknowledged_;
  std::map<place, std::size_t> outcomes_heard_;
  std::set<place> unheard_; // acknowledged, and no outcome was heard
  bool was_slow_ = false;
  bool has_heard_goodbye_ = false;
  // Of the program.
  std::map<std::string, std::string> answers_; // of a command id
  std::set<std::uint64_t> clients_;            // its connections'
};

} // namespace ringdown::sim
