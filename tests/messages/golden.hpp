// Committed text files that a test compares with what the code makes now. With the environment
// variable RINGDOWN_UPDATE_GOLDEN=1 the tests write what is new into them; a change of what stands
// there already fails with and without it.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

inline bool updating_golden() {
  auto* wanted = std::getenv("RINGDOWN_UPDATE_GOLDEN");
  return wanted != nullptr && std::string_view{wanted} == "1";
}

inline std::string read_text_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_text_file(const std::string& path, std::string_view text) {
  std::ofstream out{path, std::ios::binary};
  out << text;
  if (!out.flush())
    throw std::runtime_error("cannot write " + path);
}

/// A file of lines `key = value`; `#` begins a comment line.
struct golden_file {
  using entries = std::vector<std::pair<std::string, std::string>>;

  static entries read(const std::string& path) {
    entries lines;
    std::istringstream in{read_text_file(path)};
    for (std::string line; std::getline(in, line);) {
      auto equals = line.find(" = ");
      if (!line.starts_with('#') && equals != std::string::npos)
        lines.emplace_back(line.substr(0, equals), line.substr(equals + 3));
    }
    return lines;
  }

  static void write(const std::string& path, std::string_view heading, const entries& lines) {
    std::string text{heading};
    for (auto& [key, value] : lines)
      text += key + " = " + value + "\n";
    write_text_file(path, text);
  }
};

} // namespace ringdown::test
