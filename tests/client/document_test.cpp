// The programs in the documents are those that are built and run.
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::string content(const std::string& path) {
  std::ifstream in{RINGDOWN_SOURCE_DIR "/" + path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Without how it is indented.
std::string in_one_line(const std::string& text) {
  std::istringstream words{text};
  std::string out;
  for (std::string word; words >> word;)
    out += " " + word;
  return out;
}

/// The C++ of a document, piece by piece.
std::vector<std::string> pieces_of(const std::string& document) {
  const std::string begin = "```cpp\n";
  std::vector<std::string> all;
  for (auto at = document.find(begin); at != std::string::npos; at = document.find(begin, at)) {
    at += begin.size();
    all.push_back(document.substr(at, document.find("```", at) - at));
  }
  return all;
}

} // namespace

TEST_CASE("each piece of C++ in the client's document stands in a source that is compiled") {
  std::string compiled;
  for (auto* path :
       {"examples/desktop.cpp", "examples/desktop_in_a_loop.cpp", "examples/recorder.cpp",
        "examples/secure_light.cpp", "tests/client/document_snippets.cpp"})
    compiled += in_one_line(content(path));
  auto pieces = pieces_of(content("docs/client.md"));
  CHECK(pieces.size() >= 6);
  for (auto& piece : pieces) {
    INFO(piece);
    CHECK(compiled.find(in_one_line(piece)) != std::string::npos);
  }
}

TEST_CASE("the documents' programs are the examples, each shorter than it may be") {
  struct program {
    const char* document;
    const char* path;
    int lines_max;
  };
  for (auto& [document, path, lines_max] :
       {program{"docs/client.md", "examples/desktop.cpp", 40},
        {"docs/client.md", "examples/recorder.cpp", 40},
        {"docs/client.md", "examples/secure_light.cpp", 40},
        {"docs/embedding.md", "examples/embedded_broker.cpp", 60}}) {
    auto code = content(path);
    INFO(path);
    CHECK_FALSE(code.empty());
    CHECK(std::count(code.begin(), code.end(), '\n') < lines_max);
    CHECK(content(document).find("```cpp\n" + code + "```") != std::string::npos);
  }
}
