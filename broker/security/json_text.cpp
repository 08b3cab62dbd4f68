#include "broker/security/json_text.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::security {

json_result parse_object(std::string_view text) {
  using nlohmann::json;
  std::vector<std::set<std::string>> names; // of the objects that are open
  bool is_twice = false;
  bool is_deep = false;
  auto look = [&](int depth, json::parse_event_t event, json& parsed) {
    switch (event) {
    case json::parse_event_t::object_start:
      names.emplace_back();
      is_deep = is_deep || depth >= json_depth_max;
      break;
    case json::parse_event_t::array_start: is_deep = is_deep || depth >= json_depth_max; break;
    case json::parse_event_t::object_end:
      if (!names.empty())
        names.pop_back();
      break;
    case json::parse_event_t::key:
      if (!names.empty() && !names.back().insert(parsed.get_ref<const std::string&>()).second)
        is_twice = true;
      break;
    case json::parse_event_t::array_end:
    case json::parse_event_t::value: break;
    }
    return true;
  };
  auto object = json::parse(text, look, false);
  if (!object.is_object() || is_deep)
    return {{}, json_fault::malformed};
  if (is_twice)
    return {{}, json_fault::duplicate_key};
  return {std::move(object), json_fault::none};
}

const std::string* string_at(const nlohmann::json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

} // namespace ringdown::security
