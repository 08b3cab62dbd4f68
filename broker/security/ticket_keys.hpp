// The keys that session tickets are sealed with. They outlive the contexts that use them: a client
// that comes back behind a reload resumes its session. Two generations: a ticket is good for at
// least one, and nobody who learns a key reads more than two of them.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace ringdown::security {

class ticket_keys {
public:
  /// How long a generation seals new tickets.
  static constexpr std::int64_t generation_us = 12LL * 60 * 60 * 1'000'000;
  static constexpr std::size_t name_bytes = 16;

  /// Random ones. Throws `std::bad_alloc` if the system has no randomness to give.
  ticket_keys();
  ~ticket_keys();
  ticket_keys(const ticket_keys&) = delete;
  ticket_keys& operator=(const ticket_keys&) = delete;

  /// A new generation if the present one's time is over; the first call begins it. Any thread.
  void renew_if_due(std::int64_t now_us);

  /// What OpenSSL's ticket callback has to do: 1, it is set up; 2, the same and the ticket is to be
  /// renewed; 0, of no key that is known; -1, it failed. Any thread.
  int set_up(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX& cipher, EVP_MAC_CTX& mac,
             bool seals);

private:
  struct generation {
    std::array<unsigned char, name_bytes> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };

  void forget(generation& old) noexcept;

  std::mutex mutex_;
  std::array<generation, 2> keys_; ///< the present one, the one before
  std::size_t generations_ = 1;
  std::int64_t since_us_ = 0; ///< 0: nobody has said what time it is
};

} // namespace ringdown::security
