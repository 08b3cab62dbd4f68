// The programs that are signed on. A program is its application and its instance id; it has one
// connection, the newest.
//
// Two programs that were given one instance id would take over from each other for ever. So from
// the fourth take-over in a row on, each within `calm_after` of the one before, the newcomer waits,
// longer each time.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/keyed_hash.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <caf/actor_clock.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace ringdown {

/// A program's connection.
struct signed_on_program {
  client_ptr client;
  connection_actor connection;
};

/// One thread at a time.
class program_register {
public:
  using time_point = caf::actor_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  /// A take-over so long after the last one is the first again.
  static constexpr milliseconds calm_after{10'000};
  /// What the first one that must wait waits; each further one twice as long.
  static constexpr milliseconds first_wait{100};
  /// Below what a connection waits for the directory.
  static constexpr milliseconds longest_wait{3'000};
  /// The take-over in a row from which on it is no unstable network any more.
  static constexpr unsigned fight_from = 4;

  explicit program_register(const keyed_hash& hash)
    : programs_(0, hash_of_program{hash}, same_program{}) {}

  /// What this program has to wait before it signs on.
  milliseconds wait_of(const client_ptr& client, time_point now) const;
  /// What a sign-on took over from.
  struct taken_over {
    signed_on_program older; ///< no longer the program's connection
    bool is_fight = false;   ///< the take-over that makes a fight of it: once for each
  };
  std::optional<taken_over> sign_on(signed_on_program newest, time_point now);
  /// Only if this is the program's connection still.
  void sign_off(const client_ptr& client);
  void clear() noexcept { programs_.clear(); }

  /// Where a program stands among the others: by all that a client chooses of it, and the secret.
  static std::size_t place_of(const client_identity& who, const keyed_hash& hash);

private:
  struct row : signed_on_program {
    time_point taken_over_at{}; ///< last
    unsigned in_a_row = 0;      ///< take-overs
  };
  class hash_of_program {
  public:
    using is_avalanching = void;
    explicit hash_of_program(const keyed_hash& hash) noexcept : hash_(&hash) {}
    std::size_t operator()(const row& one) const { return place_of(one.client->who, *hash_); }

  private:
    const keyed_hash* hash_;
  };
  struct same_program {
    bool operator()(const row& a, const row& b) const noexcept;
  };

  static bool is_calm(const row& one, time_point now) noexcept {
    return one.in_a_row == 0 || now - one.taken_over_at >= calm_after;
  }

  boost::unordered_flat_set<row, hash_of_program, same_program> programs_;
};

} // namespace ringdown
