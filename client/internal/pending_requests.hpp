// The requests that a program was promised a completion for: exactly one for each, whatever
// becomes of the link. Also what may be sent again after a loss, and nothing else ever is. Pure:
// no clock, no I/O.
#pragma once

#include "client/t_client_values.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace ringdown::client {

/// Roughly the bytes that user data takes in memory; for bounds.
std::size_t content_bytes(const user_data& data) noexcept;

/// A completion with the handler that it is for.
struct finished_request {
  completion_handler done;
  completion what;
};

class pending_requests {
public:
  enum class kind : std::uint8_t { send, query, list };

  struct request {
    kind what = kind::send;
    completion_handler done;
    steady_time deadline;
    std::string this_dn;
    /// Kept only for a request that may be sent again.
    std::optional<outgoing_event> again;
    bool distribute = false;
  };

  explicit pending_requests(const t_client_bounds& limits) : limits_(limits) {}

  /// `accepted`, `window_full` or `buffer_full`: whether there is room for one more.
  send_status room(std::size_t kept_bytes) const noexcept;
  bool has_room_for(std::size_t more) const noexcept {
    return requests_.size() + more <= limits_.requests_max;
  }
  /// A request that was sent under this reference.
  request_id add(request r, reference_id reference);
  /// Some that were sent together under this reference, each answered by its DN: the number of the
  /// first; those of the others follow.
  request_id add_each(std::vector<request> all, reference_id reference);
  std::size_t size() const noexcept { return requests_.size(); }
  std::size_t kept_bytes() const noexcept { return kept_bytes_; }

  /// An answer with this reference came: the end of the request that it is for, if it is one of
  /// these. An error that names no DN is for all that were sent together.
  std::vector<finished_request> on_answer(const event& e);
  /// The DN of the request with this reference; null if it is none of these.
  const std::string* dn_of(reference_id reference) const;

  /// The link is lost. What may be sent again waits for the next link; the rest ends.
  std::vector<finished_request> on_link_lost();
  /// The oldest request that waits to be sent again and whose DN `has_to_wait` does not name;
  /// 0: none.
  template <class HasToWait>
  request_id next_again(HasToWait has_to_wait) const {
    for (auto id : again_)
      if (!has_to_wait(requests_.at(id).r.this_dn))
        return {id};
    return {};
  }
  const request& at(request_id id) const { return requests_.at(id.value).r; }
  /// One of this DN waits to be sent again: nothing may overtake it.
  bool waits_again(const std::string& dn) const;
  /// It was sent, under this reference.
  void sent_again(request_id id, reference_id reference);
  /// It cannot be sent over this link.
  finished_request not_sent_again(request_id id);

  /// The requests whose time is over, and all of them.
  std::vector<finished_request> on_time(steady_time now);
  std::vector<finished_request> end_all(doubt_reason why);
  steady_time next_deadline() const;

private:
  struct entry {
    request r;
    std::uint32_t reference = 0; ///< 0: waits to be sent again
    bool by_dn = false;          ///< sent with others
    std::size_t times_sent = 1;
    std::size_t bytes = 0;
  };
  using entries = std::map<std::uint64_t, entry>;

  finished_request finish(entries::iterator which, completion what);
  finished_request doubt(entries::iterator which, doubt_reason why);
  request_id enter(request r, std::uint32_t reference, bool by_dn);
  void unlist(const entry& e, std::uint64_t id);

  t_client_bounds limits_;
  entries requests_; // by number, so in the order of sending
  std::unordered_map<std::uint32_t, std::uint64_t> by_reference_;
  std::multimap<std::pair<std::uint32_t, std::string>, std::uint64_t> by_dn_;
  std::set<std::pair<steady_time, std::uint64_t>> deadlines_;
  std::set<std::uint64_t> again_;
  std::size_t kept_bytes_ = 0;
  std::uint64_t last_id_ = 0;
};

} // namespace ringdown::client
