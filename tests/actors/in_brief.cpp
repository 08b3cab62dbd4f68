#include "tests/actors/in_brief.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace ringdown::test {

namespace {

bool begins(std::string_view line, std::string_view beginning) {
  if (!line.starts_with(beginning))
    return false;
  line.remove_prefix(beginning.size());
  return line.empty() || std::isalnum(static_cast<unsigned char>(line.front())) == 0;
}

} // namespace

bool in_brief::match(const lines& heard) const {
  return std::equal(heard.begin(), heard.end(), beginnings_.begin(), beginnings_.end(), begins);
}

std::string in_brief::describe() const {
  return "is in brief " + Catch::Detail::stringify(beginnings_);
}

} // namespace ringdown::test
