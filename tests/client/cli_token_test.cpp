// `ringdown token new` as its user meets it.
#include "tests/client/cli_run.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

using ringdown::test::run;

namespace {

/// A folder that is removed with its content.
struct folder {
  folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "ringdown-token-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string content(const char* name) const {
    std::ifstream in{path / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  std::filesystem::path path;
};

/// With the two outputs apart, which `run` puts together.
ringdown::test::cli_result run_apart(const std::string& arguments, const std::string& redirected) {
  return run(arguments + " " + redirected + "; }", nullptr, "{");
}

const std::regex one_token{"rdt_[A-Za-z0-9_-]{43}\n"};
const std::regex one_entry{"\\[\\[token\\]\\]\nname = \"video-1\"\nsha256 = \"[0-9a-f]{64}\"\n"
                           "groups = \\[\"recorders\", \"night\"\\]\n"
                           "expires = 2099-06-30T00:00:00Z\n"};
const std::string usual =
  "token new --name video-1 --group recorders --group night --expires 2099-06-30";

} // namespace

TEST_CASE("the token alone is on standard output, its entry on standard error") {
  const folder f;
  auto o =
    run_apart(usual, "2>" + (f.path / "entry").string() + " >" + (f.path / "token").string());
  CHECK(o.status == 0);
  CHECK(o.text.empty());
  CHECK(std::regex_match(f.content("token"), one_token));
  CHECK(std::regex_match(f.content("entry"), one_entry));
}

TEST_CASE("each token is another") {
  std::set<std::string> seen;
  for (int i = 0; i < 5; ++i)
    CHECK(seen.insert(run_apart("token new --name a --group b", "2>/dev/null").text).second);
}

TEST_CASE("an entry is appended to a file whose last line has no end") {
  const folder f;
  std::ofstream{f.path / "access.toml"} << "# mine";
  const auto append = " --append " + (f.path / "access.toml").string();
  auto o = run(usual + append);
  CHECK(o.status == 0);
  CHECK(std::regex_match(o.text, one_token));
  CHECK(run(usual + append).status == 0);
  auto text = f.content("access.toml");
  CHECK(text.starts_with("# mine\n[[token]]\n"));
  CHECK(text.find("\n\n[[token]]\n") != text.npos);
  CHECK(text.find("rdt_") == text.npos);
}

TEST_CASE("a file that is not there is made, for its owner and his group") {
  const folder f;
  const auto path = (f.path / "access.toml").string();
  const auto mask = ::umask(0);
  CHECK(run(usual + " --append " + path).status == 0);
  ::umask(mask);
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0640);
}

TEST_CASE("where the entry cannot be written there is no token") {
  const folder f;
  for (auto& path : {f.path.string(), std::string{"/dev/full"}, f.path.string() + "/none/x"}) {
    auto o = run(usual + " --append " + path);
    CHECK(o.status == 2);
    CHECK(o.has("cannot be written: "));
    CHECK_FALSE(o.has("rdt_"));
  }
  auto o = run_apart(usual, "2>/dev/null >/dev/full");
  CHECK(o.status == 2);
}

TEST_CASE("what the access file would refuse is refused, and no token made") {
  for (auto* arguments :
       {"token", "token old --name a --group b", "token new --group b", "token new --name a",
        "token new --name '' --group b", "token new --name a:b --group b",
        "token new --name a --group ''", "token new --name a --group b --expires tomorrow",
        "token new --name a --group b --expires 2027-02-30"}) {
    auto o = run(arguments);
    CHECK(o.status == 2);
    CHECK_FALSE(o.text.empty());
    CHECK_FALSE(o.has("rdt_"));
  }
  CHECK(run("token new --name a --group b --expires 2001-01-01")
          .has("--expires 2001-01-01T00:00:00Z is in the past"));
}

TEST_CASE("for machines the token is an object") {
  auto o = run_apart("token new --name a --group b --json", "2>/dev/null");
  CHECK(o.status == 0);
  const std::regex object{
    "\\{\"token\":\"rdt_[A-Za-z0-9_-]{43}\",\"sha256\":\"[0-9a-f]{64}\"\\}\n"};
  CHECK(std::regex_match(o.text, object));
}
