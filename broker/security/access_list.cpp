#include "broker/security/access_list.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <random>
#include <utility>

namespace ringdown::security {
namespace {

/// Sets of groups whose rights are shared. A provider that mixes more has its members' rights made
/// one by one, as all that have DNs of their own.
constexpr std::size_t shared_max = 256;

/// The secret of a table only has to be another in each process.
std::uint64_t table_seed() {
  std::random_device system;
  return std::uint64_t{system()} << 32 | system();
}

} // namespace

sha256_digest sha256(std::string_view bytes) noexcept {
  sha256_digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

bool group_rights::is_personal() const noexcept {
  return std::any_of(all.begin(), all.end(),
                     [](auto& one) { return one.on_own_name || one.on_own_dns; });
}

std::size_t access_list::digest_hash::operator()(const sha256_digest& digest) const noexcept {
  return hash({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

access_list::access_list(content all)
  : all_{std::move(all)}, tokens_{all_.tokens.size(), digest_hash{keyed_hash{table_seed()}}} {
  for (std::size_t i = 0; i < all_.tokens.size(); ++i)
    tokens_.emplace(all_.tokens[i].digest, i);
}

const static_token* access_list::find_token(const sha256_digest& digest) const noexcept {
  // The slot is that of a keyed hash, and within it the comparison takes always the same time: how
  // long a guess is looked at says nothing of how near it is.
  const auto bucket = tokens_.bucket(digest);
  for (auto one = tokens_.begin(bucket); one != tokens_.end(bucket); ++one)
    if (CRYPTO_memcmp(one->first.data(), digest.data(), digest.size()) == 0)
      return &all_.tokens[one->second];
  return nullptr;
}

std::shared_ptr<const grants> access_list::grants_of(std::span<const std::string> groups,
                                                     std::string_view name,
                                                     std::span<const dn_pattern> dns) const {
  known_groups known;
  for (const auto& group : groups)
    if (const auto found = all_.groups.find(group); found != all_.groups.end())
      known.push_back(&found->second);
  std::sort(known.begin(), known.end(), std::less<>{});
  known.erase(std::unique(known.begin(), known.end()), known.end());
  const bool is_personal =
    std::any_of(known.begin(), known.end(), [](auto* group) { return group->is_personal(); });
  if (!is_personal) {
    const std::lock_guard lock{mutex_};
    if (const auto found = shared_.find(known); found != shared_.end())
      return found->second;
  }
  std::vector<grant> all;
  for (const auto* group : known)
    for (const auto& one : group->all)
      all.push_back(grant_of(one, name, dns));
  auto made = std::make_shared<const grants>(all);
  if (is_personal)
    return made;
  const std::lock_guard lock{mutex_};
  if (shared_.size() >= shared_max)
    return made;
  return shared_.try_emplace(std::move(known), std::move(made)).first->second;
}

} // namespace ringdown::security
