// One T-Client program over all its connections, and what it may rely on. What it hears is held
// against the history.
#pragma once

#include "tests/actors/office.hpp"
#include "tests/simulation/chance.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/plants.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

using test::office;
using test::party;

/// A sum of all that it was given, in order (FNV-1a).
class history_hash {
public:
  void add(std::string_view text) {
    for (unsigned char c : text)
      value_ = (value_ ^ c) * 0x100000001b3;
    value_ = (value_ ^ 0xff) * 0x100000001b3; // no letter of UTF-8
  }
  std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

/// What the members of one run share.
struct surroundings {
  office& o;
  chance& luck;
  history& past;
  plant planted;
  bool is_tight; ///< outboxes are small
  rarities& seen;
  std::vector<std::string>& steps; ///< what happened, for people
  history_hash heard{};            ///< and all that was said and heard

  std::int64_t now_us() const { return o.context.utc_now(); }
  void note(const std::string& what);
};

struct member_options {
  std::string name;
  v1::Role role = v1::ROLE_DESKTOP;
  test::capabilities abilities{};
  std::vector<std::string> dns{};
  bool standby = false;
  bool hear_outcomes = false;
};

class member {
public:
  member(surroundings& around, member_options how);
  virtual ~member() = default;
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  /// Signs on, the same program again, and registers. An older connection is taken over.
  void connect();
  /// The link breaks.
  void lose();
  bool is_connected() const { return link_ != nullptr; }
  const std::string& name() const { return how_.name; }
  const std::vector<std::string>& dns() const { return how_.dns; }
  party& link() { return *link_; }

  /// It sends a request for one DN; `what` describes it.
  void ask(const std::string& dn, v1::Frame request, const std::string& what);
  void register_again(const std::string& dn, bool leave_first);

  /// Reads what was sent to it, or until `us` a few bytes at a time.
  void reads_slowly_until(std::int64_t us) { slow_until_us_ = us; }
  void hear();
  /// Before anybody hears: who reads again is read again, too, and causes what the witness must
  /// hear first.
  void wake_up();
  /// Who missed something asks for the snapshot: a command may be among it, and the light is old.
  void catch_up();
  /// After all were heard: nothing is left unanswered, nothing of a DN unheard.
  void check_complete();
  void overhear(const v1::Frame& frame);

  /// The last snapshot of a DN that it got.
  const v1::Snapshot& snapshot(const std::string& dn) { return snapshots_[dn]; }
  v1::CaptureState light(const std::string& dn) { return lights_[dn]; }
  /// What it shows, if it is registered and has heard all.
  std::optional<v1::CaptureState> shown(const std::string& dn) {
    if (link_ == nullptr || is_slow() || !is_registered(dn) || missed_.contains(dn))
      return std::nullopt;
    return lights_[dn];
  }
  /// It is an active recorder of this DN.
  bool counts_on(const std::string& dn) const {
    return !how_.standby && is_connected() && is_registered(dn);
  }

protected:
  virtual void before(const v1::Frame&) {}
  virtual void on_snapshot(const std::string&, const v1::Snapshot&) {}
  virtual void on_event(const v1::EventUserEvent&) {}
  virtual void on_outcome(const v1::EventOutcome&) {}
  virtual void on_lost() {}
  bool is_recorder() const { return how_.role == v1::ROLE_RECORDER; }
  bool is_registered(const std::string& dn) const { return heard_to_.contains(dn); }

  surroundings& around_;
  const member_options how_;

private:
  struct request_sent {
    std::string dn;
    v1::Frame frame;
    bool is_known; ///< its command id had been heard of
  };

  request_sent answered(const v1::Frame& frame);
  void heed(const v1::Frame& frame);
  void heed_ack(const v1::Frame& frame);
  void heed_error(const v1::Frame& frame);
  void heed_event(const v1::EventUserEvent& event);
  void heed_missed(const v1::EventMissed& missed);
  void heed_outcome(const v1::EventOutcome& outcome);
  void heed_snapshot(const std::string& dn, const v1::Snapshot& snapshot);
  bool is_left_out(const v1::EventUserEvent& event) const;
  bool may_miss(const v1::EventUserEvent& event) const;
  bool is_unwitnessed(const std::string& dn, std::uint64_t sequence) const;
  void walk(const std::string& dn, std::uint64_t until);
  bool is_slow() const { return around_.now_us() < slow_until_us_; }
  void register_on(const std::string& dn);

  party* link_ = nullptr;
  planted_wire wire_;
  std::vector<party*> former_;
  std::uint32_t references_ = 1;
  std::int64_t slow_until_us_ = 0;
  // Of the connection that stands.
  std::map<std::uint32_t, request_sent> outstanding_;
  std::map<std::string, std::uint64_t> heard_to_;
  std::map<std::string, std::uint64_t> missed_to_;
  std::set<std::string> missed_; ///< DNs to be asked for
  bool was_slow_ = false;
  bool has_heard_goodbye_ = false; ///< the broker shuts down and has ended its link
  std::map<place, std::size_t> acknowledged_;
  std::map<place, std::size_t> outcomes_heard_;
  // Of the program.
  std::map<std::string, std::string> answers_; // of a command id
  std::set<std::uint64_t> ids_;                // its connections'
  std::map<std::string, v1::Snapshot> snapshots_;
  std::map<std::string, v1::CaptureState> lights_;
};

} // namespace ringdown::sim
