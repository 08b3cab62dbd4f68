// Bytes as tokens and keys write them.
#include "broker/security/base64url.hpp"

#include "tests/broker/security/signing.hpp"

#include <rapidcheck/catch.h>

#include <set>

using ringdown::security::from_base64url;
using ringdown::test::to_base64url;

TEST_CASE("what is written in base64url is read again") {
  rc::prop("any bytes", [](const std::string& bytes) {
    RC_ASSERT(from_base64url(to_base64url(bytes)) == bytes);
  });
  CHECK(from_base64url("") == "");
  CHECK(from_base64url("_-8") == "\xff\xef"); // RFC 4648, 5
  CHECK(from_base64url("Zm9vYmE") == "fooba");
}

TEST_CASE("padding, other alphabets, blanks and cut texts are no base64url") {
  for (auto* text : {"Zg==", "Zg=", "+/8", "Zm9v ", " Zm9v", "Zm9v\n", "Z", "Zm9vZ", "Zm.v",
                     "Zm9\xc3", "=", "Zm9v===="})
    CHECK_FALSE(from_base64url(text));
  CHECK_FALSE(from_base64url(std::string_view{"Zm\0v", 4}));
}

TEST_CASE("there is one text for the same bytes") {
  CHECK(from_base64url("Zg") == "f");
  CHECK_FALSE(from_base64url("Zh")); // the bits behind the byte are not zero
  CHECK_FALSE(from_base64url("Zm9"));
  constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::set<std::string> two;
  std::set<std::string> three;
  std::size_t read = 0;
  for (char a : letters) {
    for (char b : letters) {
      if (auto bytes = from_base64url(std::string{a, b})) {
        CHECK(two.insert(*bytes).second);
        ++read;
      }
      for (char c : letters)
        if (auto bytes = from_base64url(std::string{a, b, c}); bytes && bytes->size() == 2)
          three.insert(*bytes);
    }
  }
  CHECK(read == 256);
  CHECK(three.size() == 65'536);
}
