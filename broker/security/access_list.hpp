// Who may come in and what their groups may do: an access file, read and checked. Immutable and
// shared; a reload makes another one. Thread-safe.
#pragma once

#include "actors/grants.hpp"
#include "actors/keyed_hash.hpp"
#include "broker/security/jwt.hpp"
#include "broker/security/patterns.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ringdown::security {

using sha256_digest = std::array<std::uint8_t, 32>;
sha256_digest sha256(std::string_view bytes) noexcept;

/// A token that the operator gave out. It is random and long, so that a quick hash is enough: there
/// is nothing to guess, and a slow one would be a login storm.
struct static_token {
  std::string name; ///< the principal
  sha256_digest digest{};
  std::vector<std::string> groups;
  std::int64_t expires_us = 0; ///< UTC; 0: never
};

/// Whom a client certificate speaks for.
struct certificate_entry {
  certificate_pattern pattern;
  std::string name; ///< with at most one `{1}`, which is what `*` stands for
  std::vector<std::string> groups;
};

/// What one group may do.
struct group_rights {
  std::vector<group_grant> all;
  /// Whether one member has other DNs than the next.
  bool is_personal() const noexcept;
};

class access_list {
public:
  struct content {
    std::vector<static_token> tokens; ///< names and digests differ
    std::vector<certificate_entry> certificates;
    std::vector<issuer> issuers;
    std::map<std::string, group_rights, std::less<>> groups;
  };
  explicit access_list(content all);

  /// The token with this digest; null if there is none.
  const static_token* find_token(const sha256_digest& digest) const noexcept;
  std::span<const certificate_entry> certificates() const noexcept { return all_.certificates; }
  std::span<const issuer> issuers() const noexcept { return all_.issuers; }
  /// What a member of these groups may do; those that the list does not know give nothing. Members
  /// of the same groups share one object where none has DNs of its own.
  std::shared_ptr<const grants> grants_of(std::span<const std::string> groups,
                                          std::string_view name,
                                          std::span<const dn_pattern> dns) const;

private:
  struct digest_hash {
    keyed_hash hash;
    std::size_t operator()(const sha256_digest& digest) const noexcept;
  };
  using known_groups = std::vector<const group_rights*>;

  content all_;
  std::unordered_map<sha256_digest, std::size_t, digest_hash> tokens_; ///< to their place
  mutable std::mutex mutex_;                                           // of what follows
  mutable std::map<known_groups, std::shared_ptr<const grants>> shared_;
};

} // namespace ringdown::security
