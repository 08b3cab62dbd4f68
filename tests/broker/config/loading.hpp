// Helpers of the configuration's tests: files that go away, and loads in one line.
#pragma once

#include "broker/config/config.hpp"

#include <stdlib.h> // mkdtemp

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

/// A folder of its own that is removed with its content.
class folder {
public:
  folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "ringdown-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error{"no folder for temporary files"};
    path_ = pattern;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Writes a file into the folder; returns its path.
  std::string write(std::string_view name, std::string_view text) const {
    const auto path = path_ / name;
    std::ofstream{path, std::ios::binary} << text;
    return path.string();
  }

private:
  std::filesystem::path path_;
};

/// Loads the text as the file "ringdownd.toml" of a folder that is gone afterwards; the folder's
/// path is cut from all sources, so that tests can name places.
inline configuration::load_result load_text(std::string_view text,
                                            std::vector<configuration::name_value> environment = {},
                                            std::vector<configuration::name_value> flags = {}) {
  const folder f;
  configuration::sources from;
  from.file = f.write("ringdownd.toml", text);
  from.environment = std::move(environment);
  from.flags = std::move(flags);
  auto result = configuration::load(from);
  const auto prefix = f.path().string() + '/';
  auto cut = [&](std::string& s) {
    for (auto at = s.find(prefix); at != std::string::npos; at = s.find(prefix))
      s.erase(at, prefix.size());
  };
  for (auto& e : result.errors) {
    cut(e.source);
    cut(e.message);
  }
  for (auto& o : result.value.origins)
    cut(o.source);
  return result;
}

/// All errors, one a line, as an operator sees them.
inline std::string lines(const std::vector<configuration::config_error>& errors) {
  std::string result;
  for (const auto& e : errors)
    result += to_string(e) + '\n';
  return result;
}

/// The errors of a file's text.
inline std::string errors_of(std::string_view text) {
  return lines(load_text(text).errors);
}

} // namespace ringdown::test
