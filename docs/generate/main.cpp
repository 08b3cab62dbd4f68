// ringdown-docs: writes the pages and files that are made from the code's own tables, so that they
// cannot say anything else than the code. Not installed.
//
//   ringdown-docs --write ROOT   writes them under the repository's root
//   ringdown-docs --check ROOT   compares; exit status 1 names each file that differs
#include "broker/config/config.hpp"
#include "docs/generate/cli_page.hpp"
#include "docs/generate/errors_page.hpp"
#include "docs/generate/metrics_page.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct page {
  std::filesystem::path path; ///< below the repository's root
  std::string text;
};

std::vector<page> pages() {
  using namespace ringdown;
  return {{"docs/cli.md", docs::cli_page()},
          {"docs/configuration.md", configuration::manual()},
          {"docs/errors.md", docs::errors_page()},
          {"docs/metrics.md", docs::metrics_page()},
          {"broker/config/ringdownd.example.toml", configuration::example()}};
}

std::optional<std::string> content(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

int check(const std::filesystem::path& root) {
  int status = 0;
  for (const auto& p : pages()) {
    const auto committed = content(root / p.path);
    if (committed == p.text)
      continue;
    std::cerr << p.path.string() << (committed ? " differs from" : " is missing; it is made from")
              << " the code's tables: run ringdown-docs --write\n";
    status = 1;
  }
  return status;
}

int write(const std::filesystem::path& root) {
  for (const auto& p : pages()) {
    std::ofstream out{root / p.path, std::ios::binary};
    out << p.text;
    out.close();
    if (!out) {
      std::cerr << (root / p.path).string() << " cannot be written\n";
      return 2;
    }
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments{argv + 1, argv + argc};
  if (arguments.size() == 2 && arguments[0] == "--check")
    return check(arguments[1]);
  if (arguments.size() == 2 && arguments[0] == "--write")
    return write(arguments[1]);
  std::cerr << "usage: ringdown-docs --check|--write <root of the repository>\n";
  return 2;
}
