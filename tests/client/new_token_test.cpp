// A token and its entry, made from given bytes.
#include "client/cli/new_token.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::cli;

namespace {

std::array<std::uint8_t, 32> counted() {
  std::array<std::uint8_t, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

} // namespace

TEST_CASE("a token is its mark and all of the random bytes, in letters that need no quotes") {
  CHECK(make_token(counted()).text == "rdt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
  std::array<std::uint8_t, 32> all_set{};
  all_set.fill(0xff);
  CHECK(make_token(all_set).text == "rdt___________________________________________8");
  all_set.fill(0xfb);
  CHECK(make_token(all_set).text == "rdt_-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
}

TEST_CASE("the entry has the token's digest and not the token") {
  const auto token = make_token(counted());
  const auto entry = token_entry(token, {"video-1", {"recorders", "night \"shift\""}, {}});
  CHECK(entry == "[[token]]\nname = \"video-1\"\nsha256 = \"" + token.sha256 +
                   "\"\ngroups = [\"recorders\", \"night \\\"shift\\\"\"]\n");
  // By sha256sum of that text.
  CHECK(token.sha256 == "9461af96882e18e96c191ab452480ce198876eb9b6a2759bfd52984cfce3bdf4");
  CHECK(token_entry(token, {"a", {"b"}, "2027-06-30T00:00:00Z"})
          .ends_with("groups = [\"b\"]\nexpires = 2027-06-30T00:00:00Z\n"));
}

TEST_CASE("an expiry is a day of the calendar, or a second of it") {
  using namespace std::chrono;
  auto day_of = [](std::string_view text) {
    auto read = expiry_of(text);
    return read ? read->text : "";
  };
  CHECK(day_of("2027-06-30") == "2027-06-30T00:00:00Z");
  CHECK(day_of("2028-02-29T23:59:59Z") == "2028-02-29T23:59:59Z");
  CHECK(expiry_of("1970-01-02T00:00:01Z")->at == sys_seconds{24h + 1s});
  for (auto* bad : {"",
                    "tomorrow",
                    "2027-06-31",
                    "2027-02-29",
                    "2027-13-01",
                    "2027-00-01",
                    "2027-06-00",
                    "27-06-30",
                    "2027-6-30",
                    "2027/06/30",
                    "2027-06-30T24:00:00Z",
                    "2027-06-30T00:60:00Z",
                    "2027-06-30T00:00:60Z",
                    "2027-06-30T00:00:00",
                    "2027-06-30 00:00:00Z",
                    "2027-06-30T00:00:00+02:00",
                    "2027-06-30Z",
                    "-027-06-30",
                    "2027-+6-30",
                    "2027-06-3x",
                    "2027-06-30T00:00:00Z "})
    CHECK(day_of(bad) == "");
}

TEST_CASE("names and groups are what a log may show, and a name has no colon") {
  CHECK_FALSE(name_fault("video-1"));
  CHECK_FALSE(group_fault("a:b"));
  CHECK(name_fault("cert:video-1")->starts_with("has a colon"));
  for (auto fault : {&name_fault, &group_fault}) {
    CHECK(fault("")->starts_with("has 0 bytes; accepted are 1 to 128"));
    CHECK(fault(std::string(129, 'a')));
    CHECK_FALSE(fault(std::string(128, 'a')));
    for (auto* bad : {"a\nb", "\xff", "a\x1b[2J", "a\xe2\x80\xae"})
      CHECK(fault(bad));
  }
}
