// Which DNs a program wants to be registered on, and how far that is: kept as a wish, so that each
// new link is brought to it (level-triggered), and not as a history of calls. It also remembers
// the place of each DN's last event, and so finds what was missed over a loss. Pure: no clock, no
// I/O; t_client_impl carries out what it says.
#pragma once

#include "client/t_client_values.hpp"

#include <deque>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

namespace ringdown::client {

class registration_table {
public:
  /// One request to be made: to register on these DNs, all in the same way, or to unregister.
  struct batch {
    std::optional<registration> how; ///< none: unregister
    std::vector<std::string> dns;

    /// `every_dn`, and nothing beside it.
    bool every() const { return dns.size() == 1 && dns.front() == every_dn; }
  };
  /// What a program is to be told.
  using notices = std::vector<notice>;

  explicit registration_table(const t_client_bounds& limits) : limits_(limits) {}

  // ---- the program's wishes

  registering want(const std::string& dn, const registration& how);
  void leave(const std::string& dn);
  registration_phase phase(const std::string& dn) const;
  bool wanted(const std::string& dn) const { return phase(dn) != registration_phase::none; }
  /// It is still to be asked for on this link, or again after a refusal that may pass: what needs
  /// it has to wait.
  bool to_be_asked(const std::string& dn) const;
  std::size_t size() const noexcept { return entries_.size(); }

  // ---- the link

  /// A link opens or stands: what is wanted is to be asked for on it. Once for each link, or more
  /// often.
  void link_up();
  void link_down();
  /// What to ask for now, at most `dns_max` DNs; then either `asked` or `not_asked` must follow.
  std::optional<batch> next_batch(std::size_t dns_max);
  void asked(reference_id reference, batch what, steady_time now);
  void not_asked(batch what); ///< no room: the same again later
  /// DNs that were asked for and have no answer yet.
  std::size_t unanswered() const noexcept { return unanswered_; }
  /// True if something is to be asked for, as soon as there is room.
  bool has_more() const noexcept { return !queue_.empty(); }

  // ---- what the broker says; answers that nobody asked for change nothing

  notices on_registered(const event_registered& e);
  notices on_unregistered(const event_unregistered& e, steady_time now);
  /// Only for an error whose reference is one of a batch.
  notices on_error(const event_error& e, steady_time now);
  notices on_missed(const event_missed& e);
  /// An event, an ACK or a snapshot of a DN was seen.
  void seen(const std::string& dn, dn_epoch epoch, dn_sequence sequence);

  // ---- time

  /// Batches without an answer, and retries that are due.
  notices on_time(steady_time now);
  steady_time next_deadline() const;

private:
  struct entry {
    std::optional<registration> desired;
    registration_phase phase = registration_phase::wanted;
    bool queued = false;
    /// The broker has it registered, or may have: a request that was not refused, whose answer
    /// came, is late or does not count any more.
    bool may_stand = false;
    std::uint32_t reference = 0; ///< of the batch that asks for it
    bool known = false;          ///< epoch and sequence were seen
    dn_epoch epoch;
    dn_sequence sequence;
  };
  struct pending_batch {
    std::vector<std::string> dns;
    bool registers = false;
    std::size_t waiting = 0; ///< of them without an answer
    steady_time deadline;
  };
  using entries = std::unordered_map<std::string, entry>;

  void enqueue(const std::string& dn, entry& e);
  void settle(entry& e);
  void retry(const std::string& dn, entry& e, steady_time when);
  entry* asked_with(const std::string& dn, reference_id reference);
  bool registers(const entry& e) const;
  void refuse(const std::string& dn, const event_error* error, steady_time now, notices& out);

  t_client_bounds limits_;
  entries entries_;
  std::deque<std::string> queue_;
  std::map<std::uint32_t, pending_batch> batches_;
  std::set<std::pair<steady_time, std::uint32_t>> deadlines_;
  std::set<std::pair<steady_time, std::string>> retries_;
  std::size_t unanswered_ = 0;
  bool up_ = false;
};

} // namespace ringdown::client
