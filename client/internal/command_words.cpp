#include "client/internal/command_words.hpp"

#include "messages/nearest.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <string_view>

namespace ringdown::client {

std::string verb_problem(const std::vector<verb_words>& verbs,
                         const std::vector<std::string>& words) {
  std::vector<std::string_view> names;
  std::string list;
  for (auto& verb : verbs) {
    names.push_back(verb.name);
    auto name = verb.name;
    name.resize(std::max<std::size_t>(name.size() + 2, 12), ' ');
    list += "\n  " + name + verb.description;
  }
  std::string first; // word that is no flag; its value may be one too
  for (auto& word : words) {
    if (word.starts_with('-'))
      continue;
    if (auto meant = nearest(word, names); !meant.empty())
      return "unknown verb '" + printable(word) + "'; did you mean '" + std::string{meant} + "'?";
    if (first.empty())
      first = word;
  }
  auto problem =
    first.empty() ? std::string{"a verb is missing"} : "unknown verb '" + printable(first) + "'";
  return problem + "; accepted:" + list;
}

} // namespace ringdown::client
