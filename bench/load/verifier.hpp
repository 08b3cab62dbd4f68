// Checks that a broker under load kept its word: for each accepted event one delivery to each of
// the DN's receivers (its "copies"), none for a refused one, in the order in which one sender sent
// for a DN, with rising sequences, and the sequence of the ACK is that of the delivery; what a slow
// receiver did not get must have been told by EventMissed. ACKs and deliveries come over different
// sockets, in any order against each other; the verifier takes them as they come. Pure; not
// thread-safe; 40 bytes a DN, 40 for each copy, and some more for each gap that is still open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace ringdown::bench {

/// What was found; all zero but for the first five is what one hopes for.
struct findings {
  std::uint64_t sent = 0;
  std::uint64_t acked = 0;
  std::uint64_t refused = 0;
  std::uint64_t delivered = 0;   ///< copies
  std::uint64_t told_missed = 0; ///< copies that EventMissed stands for

  std::uint64_t lost = 0;           ///< accepted, never delivered and not told (`finish` counts)
  std::uint64_t never_accepted = 0; ///< delivered and never answered (`finish` counts)
  std::uint64_t duplicated = 0;
  std::uint64_t misordered = 0; ///< a delivery behind a later one of its DN
  std::uint64_t corrupted = 0;  ///< not what was sent, byte for byte
  std::uint64_t never_sent = 0; ///< well formed, but nobody sent it
  std::uint64_t delivered_though_refused = 0;
  std::uint64_t answers_misordered = 0; ///< of requests for one DN
  std::uint64_t sequence_faults = 0;    ///< not rising, or the ACK names another

  std::uint64_t faults() const noexcept {
    return lost + never_accepted + duplicated + misordered + corrupted + never_sent +
           delivered_though_refused + answers_misordered + sequence_faults;
  }
  bool operator==(const findings&) const = default;
};

class delivery_verifier {
public:
  /// Each DN has so many receivers. Without `sequenced` the broker numbers no events, and the order
  /// of arrival is all there is.
  explicit delivery_verifier(std::size_t dns, std::size_t copies = 1, bool sequenced = true)
    : dns_(dns), copies_(dns * copies), copies_of_dn_(copies), sequenced_(sequenced) {}

  /// An event is sent for this DN; returns its number, which it must carry.
  std::uint64_t send(std::uint32_t dn) noexcept;
  void acked(std::uint32_t dn, std::uint64_t number, std::uint64_t sequence) noexcept;
  /// `at_once`: answered before what was sent for the DN earlier, as a broker may that says no
  /// before it asks the DN.
  void refused(std::uint32_t dn, std::uint64_t number, bool at_once = false);
  void delivered(std::uint32_t dn, std::size_t copy, std::uint64_t number, std::uint64_t sequence);
  /// One receiver was told that it has missed so many events of a DN.
  void missed(std::uint32_t dn, std::size_t copy, std::uint64_t events) noexcept;
  /// One receiver was disconnected and hears so: what it lacks is told.
  void excuse(std::uint32_t dn, std::size_t copy) noexcept;
  /// A delivery that is none of ours, or no longer what was sent.
  void corrupted() noexcept { ++found_.corrupted; }

  /// Everything sent is answered and everything accepted has arrived, or was told as missed.
  bool drained() const noexcept {
    return answered_all() && found_.delivered + found_.told_missed >= found_.acked * copies_of_dn_;
  }
  bool answered_all() const noexcept { return found_.acked + found_.refused == found_.sent; }
  const findings& so_far() const noexcept { return found_; }
  /// At the end, when nothing more will come.
  findings finish() const;

private:
  struct dn_state {
    std::uint64_t next_number = 0;
    std::uint64_t next_answer = 0;
    std::uint64_t last_sequence = 0;
    std::uint64_t acked = 0;
    /// Sum over mixed (number, sequence) pairs; equal to a copy's if both sides saw the same pairs.
    std::uint64_t sum = 0;
  };
  struct copy_state {
    std::uint64_t next_delivery = 0;
    std::uint64_t last_sequence = 0;
    std::uint64_t delivered = 0;
    std::uint64_t sum = 0;
    std::uint64_t missed = 0;
  };
  using event_name = std::pair<std::size_t, std::uint64_t>; // copy and number

  void answered(std::uint32_t dn, std::uint64_t number) noexcept;
  void jump(std::size_t copy, std::uint64_t from, std::uint64_t to);

  std::vector<dn_state> dns_;
  std::vector<copy_state> copies_; // those of one DN side by side
  std::size_t copies_of_dn_;
  bool sequenced_;
  /// Numbers that a delivery jumped over and that were not refused (yet).
  std::set<event_name> skipped_;
  /// Numbers refused that no delivery has jumped over yet.
  std::set<event_name> refused_;
  /// DN and number of refusals that came at once, until the answers come to their place.
  std::set<event_name> refused_at_once_;
  findings found_;
};

} // namespace ringdown::bench
