#include "actors/published_instance.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <new>
#include <string>

namespace ringdown {

instance_id published_instance(const instance_secret& secret, std::string_view application,
                               const instance_id& instance, std::string_view principal) {
  std::string program{instance.view()}; // of one length: what follows is the names alone
  program += application;
  if (!principal.empty())
    program.append(1, '\n').append(principal); // no name has a line's end in it
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(program.data()), program.size(), digest.data(),
           &size) == nullptr)
    throw std::bad_alloc{}; // it has no other reason to fail
  instance_id published;
  std::copy_n(digest.begin(), published.bytes.size(), published.bytes.begin());
  return published;
}

} // namespace ringdown
