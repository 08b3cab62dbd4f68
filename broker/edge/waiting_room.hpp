// Who has come in and not signed on yet. There is little room: when it is full, somebody is turned
// out for each newcomer, so that those who only connect cannot keep the others out.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ringdown::edge {

/// Any thread. Lives longer than its guests' places.
class waiting_room {
public:
  class place;

  using time_point = std::chrono::steady_clock::time_point;

  /// One more has come, from this source (for a socket, its address).
  std::unique_ptr<place> enter(std::string source, time_point now);
  /// Turns one out: of the source that has the most in here, who came first; of several such
  /// sources, too. So a source has its share, and a newcomer some time, however many come from
  /// elsewhere. Not who came last. False if there is nobody else.
  bool turn_one_out();
  /// The same for one who is not in yet, and gently: of a source that has the most, who stalls or
  /// has been in since `latest`; who came first, whatever it does, only for one of a source that
  /// has less even with the newcomer. False if nobody gives way.
  bool make_place_for(const std::string& source, time_point latest);
  std::size_t size() const;

private:
  struct guest {
    std::string source;
    time_point since;
    std::function<void()> turn_out;
    bool is_in = true;
    bool is_stalling = false;
  };
  using guests = std::list<std::shared_ptr<guest>>; // the oldest first

  // With mutex_ held.
  void remove(guests::iterator who);
  std::size_t most_of_a_source() const;

  mutable std::mutex mutex_;
  guests guests_;
  std::unordered_map<std::string, std::size_t> of_source_;
};

/// A guest's own end. One thread at a time.
class waiting_room::place {
public:
  place(waiting_room& room, guests::iterator who) : room_(room), at_(who), who_(*who) {}
  /// Leaves, if it has not been turned out.
  ~place();
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  /// Called once if it is turned out, on any thread; at once if it has been.
  void when_turned_out(std::function<void()> what);
  /// Whether it is on no good way: then it gives way to others of its own source, too.
  void stalls(bool does);

private:
  waiting_room& room_;
  guests::iterator at_; // while it is in
  std::shared_ptr<guest> who_;
};

} // namespace ringdown::edge
