// The programs in the documents are those that are built and run.
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

TEST_CASE("the documents' programs are the examples, each shorter than it may be") {
  struct program {
    const char* document;
    const char* path;
    int lines_max;
  };
  for (auto& [document, path, lines_max] :
       {program{"docs/client.md", "examples/desktop.cpp", 40},
        {"docs/client.md", "examples/recorder.cpp", 40},
        {"docs/embedding.md", "examples/embedded_broker.cpp", 60}}) {
    auto code = content(path);
    INFO(path);
    CHECK_FALSE(code.empty());
    CHECK(std::count(code.begin(), code.end(), '\n') < lines_max);
    CHECK(content(document).find("```cpp\n" + code + "```") != std::string::npos);
  }
}
