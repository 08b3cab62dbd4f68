#include "broker/security/ticket_keys.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <new>

namespace ringdown::security {

namespace {

template <std::size_t Size>
void fill(std::array<unsigned char, Size>& with_random) {
  if (RAND_bytes(with_random.data(), static_cast<int>(Size)) != 1)
    throw std::bad_alloc{};
}

} // namespace

ticket_keys::ticket_keys() {
  fill(keys_[0].name);
  fill(keys_[0].cipher);
  fill(keys_[0].mac);
}

ticket_keys::~ticket_keys() {
  for (auto& each : keys_)
    forget(each);
}

void ticket_keys::forget(generation& old) noexcept {
  OPENSSL_cleanse(&old, sizeof old);
}

void ticket_keys::renew_if_due(std::int64_t now_us) {
  std::scoped_lock lock{mutex_};
  if (since_us_ == 0)
    since_us_ = now_us;
  if (now_us - since_us_ < generation_us)
    return;
  generation next;
  fill(next.name);
  fill(next.cipher);
  fill(next.mac);
  keys_[1] = keys_[0];
  keys_[0] = next;
  forget(next);
  generations_ = 2;
  since_us_ = now_us;
}

int ticket_keys::set_up(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX& cipher,
                        EVP_MAC_CTX& mac, bool seals) {
  std::scoped_lock lock{mutex_};
  auto* kind = EVP_aes_256_cbc();
  auto end = keys_.begin() + static_cast<std::ptrdiff_t>(generations_);
  auto key = keys_.begin();
  if (seals) {
    std::copy(key->name.begin(), key->name.end(), name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(kind)) != 1)
      return -1;
  } else {
    key = std::find_if(key, end, [name](auto& each) {
      return std::equal(each.name.begin(), each.name.end(), name);
    });
    if (key == end)
      return 0;
  }
  char digest[] = "SHA256";
  OSSL_PARAM settings[] = {
    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
    OSSL_PARAM_construct_end(),
  };
  auto sets_cipher = seals ? EVP_EncryptInit_ex : EVP_DecryptInit_ex;
  if (EVP_MAC_CTX_set_params(&mac, settings) != 1 ||
      sets_cipher(&cipher, kind, nullptr, key->cipher.data(), iv) != 1)
    return -1;
  return key == keys_.begin() ? 1 : 2;
}

} // namespace ringdown::security
