// A connection's room for its client's credentials: who it is, what it may do, for how long, and
// what follows when that changes. Made at sign-on where somebody asks. Part of the actor.
#pragma once

#include "actors/connection/proof.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ringdown {

class connection_impl;

class connection_access {
public:
  /// `of` outlives it.
  explicit connection_access(connection_impl& of) noexcept : of_(of) {}

  /// Asks who the client is; `proven` hears the answer. One question at a time.
  void prove(std::string credentials, const proof_question& question);
  /// The answer to this question.
  void proven(letter_number which, const authenticated& found);
  /// RequestRenewCredentials.
  void renew(const frame_view& frame);
  /// The client is in: its time runs.
  void signed_on();
  /// A time has come: of an answer that was not given, or is held back, or of the credentials.
  void due();
  /// The access list has changed. Who has the same rights as before notices nothing.
  void changed();

  /// They are over, and were not renewed yet.
  bool has_expired() const noexcept { return has_expired_; }
  /// UTC; 0: never.
  std::int64_t expires_us() const noexcept { return expires_us_; }

private:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr auto never = time_point::max();

  void tell_of_refusal(const std::optional<authenticated>& found);
  void conclude(const std::optional<authenticated>& found);
  void refuse(const proof_question& question, const fault& why);
  void take(const authenticated& found);
  void sign_on(const proof_question& question, const authenticated& found);
  void renewed(const proof_question& question, const authenticated& found);
  void look();
  void arm();
  void end_watch();
  void grant(std::shared_ptr<const grants> may);

  connection_impl& of_;
  std::shared_ptr<const standing> rests_on_;
  std::int64_t expires_us_ = 0;
  std::optional<proof_question> asked_;
  letter_number last_proof_;
  std::optional<authenticated> held_back_; ///< a refusal, for its time
  time_point proof_due_;                   ///< of what is asked
  time_point look_due_ = never;            ///< at the time of the credentials
  bool has_expired_ = false;
};

} // namespace ringdown
