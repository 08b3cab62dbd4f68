// One T-Client program over all its connections. What it hears is held against what it may rely on.
#pragma once

#include "tests/simulation/expectations.hpp"
#include "tests/simulation/surroundings.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ringdown::sim {

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
  /// Not so long that the broker would have to take it for one that does not read at all.
  void reads_slowly_until(std::int64_t us) {
    slow_until_us_ = std::min(us, heard_at_us_ + unread_max_us);
  }
  void hear();
  /// Before anybody hears: who reads again is read again, too, and causes what the witness must
  /// hear first.
  void wake_up();
  /// Who missed something asks for the snapshot: a command may be among it, and the light is old.
  void catch_up();
  /// After all were heard.
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
  bool is_registered(const std::string& dn) const { return relies_.is_registered(dn); }

  surroundings& around_;
  const member_options how_;

private:
  void heed(const v1::Frame& frame);
  void heed_snapshot(const std::string& dn, const v1::Snapshot& snapshot);
  bool is_slow() const { return around_.now_us() < slow_until_us_; }
  void register_on(const std::string& dn);
  void stands(const std::string& dn, std::uint64_t from);

  expectations relies_;
  party* link_ = nullptr;
  planted_wire wire_;
  std::vector<party*> former_;
  std::uint32_t references_ = 1;
  /// Below `slow_consumer_timeout`, also where the broker's process stands still meanwhile.
  static constexpr std::int64_t unread_max_us = 5'000'000;
  std::int64_t slow_until_us_ = 0;
  std::int64_t heard_at_us_ = 0; // when it last read
  std::set<std::string> missed_; ///< DNs to be asked for
  std::map<std::string, v1::Snapshot> snapshots_;
  std::map<std::string, v1::CaptureState> lights_;
};

} // namespace ringdown::sim
