// Learns a DN's present state after a gap: asks the broker for the DN's snapshot, and again for as
// long as the question finds no room, no answer or a refusal. Internal: what desktop.hpp and
// recorder.hpp have in common. Its calls are made where the client calls handlers, and there only.
//
//   known --seek--> asked --answer--> known
//                     | ^
//     no room, no answer, refused; its time
//                     v |
//                   waiting
//
// A DN that is not registered (any more) is let be: its registration brings a snapshot.
#pragma once

#include "client/any_t_client.hpp"

namespace ringdown::client {

class snapshot_seeker : public std::enable_shared_from_this<snapshot_seeker> {
public:
  /// Before the second question; doubled with each failure. A light is unknown so long.
  static constexpr std::chrono::milliseconds retry_first{250};
  /// The longest wait, also if the broker asks for more: a recorder may have missed a pause.
  static constexpr std::chrono::milliseconds retry_max{15'000};
  using found_handler = std::function<void(const dn_snapshot&)>;

  snapshot_seeker(any_t_client& client, std::string dn, found_handler found);

  /// Events were missed. Above `timers_max` it is let be after a failure, until the next gap.
  void seek();

private:
  enum class stage : std::uint8_t {
    known,
    asked,
    asked_before_gap, ///< the answer may be older than the last gap
    waiting,          ///< to ask again
  };

  void ask();
  void on_answer(const completion& c);
  void wait(const event_error* refusal);

  any_t_client& client_;
  const std::string dn_;
  const found_handler found_;
  stage stage_ = stage::known;
  std::chrono::milliseconds next_wait_ = retry_first;
};

} // namespace ringdown::client
