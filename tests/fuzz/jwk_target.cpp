// The keys of an identity provider (JWKS).
//
// Input: a byte whose bits are the accepted algorithms, then the file.
#include "broker/security/jwk.hpp"
#include "tests/fuzz/promise.hpp"

using namespace ringdown::fuzz;
using namespace ringdown::security;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in{data, size};
  const auto accepted = static_cast<algorithm_set>(in.byte());
  const auto text = in.rest();
  if (text.size() > jwks_bytes_max)
    return 0;
  const auto set = read_jwks(text, accepted);
  if (!set.fault.empty()) {
    promise(is_one_line(set.fault), "a fault may be shown to people as one line");
    return 0;
  }
  promise(!set.keys.empty(), "a set without a fault has a key");
  for (auto& key : set.keys) {
    promise(key.key != nullptr, "a key is there");
    promise((accepted & bit_of(key.by)) != 0, "a key is of an accepted algorithm");
    promise(!key.id.empty() || set.keys.size() == 1, "one of several keys has a name");
    for (auto bytes : {0u, 64u, 96u, 256u})
      promise(!key.verify("said", std::string(bytes, '\x01')), "a guess is no signature");
  }
  return 0;
}
