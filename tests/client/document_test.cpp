// The programs in docs/client.md are those that are built and run.
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace {

std::string content(const std::string& path) {
  std::ifstream in{RINGDOWN_SOURCE_DIR "/" + path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

} // namespace

TEST_CASE("the document's programs are the examples, each of under 40 lines") {
  auto document = content("docs/client.md");
  for (auto* path : {"examples/desktop.cpp", "examples/recorder.cpp"}) {
    auto program = content(path);
    INFO(path);
    CHECK_FALSE(program.empty());
    CHECK(std::count(program.begin(), program.end(), '\n') < 40);
    CHECK(document.find("```cpp\n" + program + "```") != std::string::npos);
  }
}
