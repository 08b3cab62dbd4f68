// docs/openapi.json says what is served, and no more.
#include "broker/admin/routes.hpp"
#include "tests/broker/admin/watched_broker.hpp"

#include <fstream>
#include <set>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;
using nlohmann::json;

namespace {

json document() {
  std::ifstream in{RINGDOWN_SOURCE_DIR "/docs/openapi.json"};
  REQUIRE(in);
  return json::parse(in);
}

/// Follows a reference within the document.
const json& resolved(const json& all, const json& one) {
  if (!one.contains("$ref"))
    return one;
  auto path = one.at("$ref").get<std::string>();
  REQUIRE(path.starts_with("#/"));
  return all.at(json::json_pointer{path.substr(1)});
}

bool is_of(const json& value, const std::string& type) {
  return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
         (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
         (type == "integer" && value.is_number_integer()) ||
         (type == "number" && value.is_number()) || (type == "null" && value.is_null());
}

/// What of a value the schema does not say, or says otherwise.
std::string difference(const json& all, const json& schema, const json& value,
                       const std::string& at) {
  auto& own = resolved(all, schema);
  if (own.contains("oneOf")) {
    std::string last;
    for (auto& one : own.at("oneOf"))
      if (last = difference(all, one, value, at); last.empty())
        return {};
    return last;
  }
  auto types = own.at("type").is_array() ? own.at("type").get<std::vector<std::string>>()
                                         : std::vector{own.at("type").get<std::string>()};
  if (std::none_of(types.begin(), types.end(), [&](auto& type) { return is_of(value, type); }))
    return at + ": is " + value.dump() + ", and the schema says " + own.at("type").dump();
  if (own.contains("enum") && !value.is_null() &&
      std::find(own.at("enum").begin(), own.at("enum").end(), value) == own.at("enum").end())
    return at + ": " + value.dump() + " is not one of " + own.at("enum").dump();
  if (value.is_array())
    for (auto& each : value)
      if (auto wrong = difference(all, own.at("items"), each, at + "[]"); !wrong.empty())
        return wrong;
  if (!value.is_object())
    return {};
  auto& properties = own.at("properties");
  for (auto& [name, each] : value.items()) {
    if (!properties.contains(name))
      return at + "." + name + ": is served, and the schema does not have it";
    if (auto wrong = difference(all, properties.at(name), each, at + "." + name); !wrong.empty())
      return wrong;
  }
  for (auto& [name, each] : properties.items())
    if (!value.contains(name))
      return at + "." + name + ": the schema has it, and it is not served";
  return {};
}

const json& schema_of(const json& all, const std::string& path, const std::string& method,
                      int status) {
  auto& operation = all.at("paths").at(path).at(method);
  auto& response = resolved(all, operation.at("responses").at(std::to_string(status)));
  return response.at("content").at("application/json").at("schema");
}

} // namespace

TEST_CASE("the document has the paths, methods and parameters that are served, and no others") {
  auto all = document();
  CHECK(all.at("openapi") == "3.1.0");
  std::set<std::string> served;
  std::set<std::string> written;
  for (auto& one : admin::routes()) {
    std::string row{one.method};
    row.append(" ").append(one.path);
    for (auto& each : one.parameters)
      row.append(" ").append(each.name);
    served.insert(std::move(row));
  }
  for (auto& [path, methods] : all.at("paths").items())
    for (auto& [method, operation] : methods.items()) {
      std::string row = method == "get" ? "GET " : method == "post" ? "POST " : "? ";
      row += path;
      if (operation.contains("parameters"))
        for (auto& parameter : operation.at("parameters"))
          if (auto& own = resolved(all, parameter); own.at("in") == "query")
            row.append(" ").append(own.at("name").get<std::string>());
      written.insert(std::move(row));
    }
  CHECK(written == served);
}

TEST_CASE("each answer has the fields that the document tells of, and no others") {
  auto all = document();
  watched_broker b{way::one_loop, two_tokens()};
  auto desk = registered(*b, role::desktop, "7001");
  auto recorder = registered(*b, role::recorder, "7001");
  answer_to<event_ack>(desk, send(desk, "7001", capture_verb::pause));
  answer_to<event_ack>(recorder, send(recorder, "7001", capture_verb::enabled)); // an alarm, later
  answer_to<event_ack>(desk, send(desk, "7001", capture_verb::start));           // is held
  auto id = ask(b.port(), "GET", "/api/v1/connections", "look")
              .json()
              .at("connections")
              .at(0)
              .at("id")
              .get<std::string>();
  auto check = [&](const std::string& path, const std::string& target, int status,
                   const std::string& method = "get") {
    auto answer = ask(b.port(), method == "post" ? "POST" : "GET", target, "all");
    INFO(target << " " << answer.body);
    REQUIRE(answer.status == status);
    CHECK(difference(all, schema_of(all, path, method, status), answer.json(), "") == "");
    return answer.json();
  };
  check("/livez", "/livez", 200);
  check("/readyz", "/readyz", 200);
  for (auto* path : {"/api/v1/summary", "/api/v1/connections", "/api/v1/dns", "/api/v1/queues",
                     "/api/v1/limits", "/api/v1/alarms", "/api/v1/config"})
    check(path, path, 200);
  check("/api/v1/connections/{id}", "/api/v1/connections/" + id, 200);
  check("/api/v1/connections/{id}", "/api/v1/connections/99", 404);
  check("/api/v1/dns/{dn}", "/api/v1/dns/7001", 200);
  check("/api/v1/dns/{dn}", "/api/v1/dns/7002", 404);
  check("/api/v1/dns", "/api/v1/dns?light=red", 400);
  for (int i = 0; i < 4; ++i)
    check("/api/v1/traces", "/api/v1/traces?dn=7001", 201, "post");
  check("/api/v1/traces", "/api/v1/traces?dn=7001", 429, "post");
  check("/api/v1/traces", "/api/v1/traces", 400, "post");
  answer_to<event_ack>(desk, send(desk, "7001", capture_verb::pause));
  auto page = check("/api/v1/traces/{id}", "/api/v1/traces/1", 200);
  CHECK(page.at("lines").size() >= 2);
  check("/api/v1/traces/{id}", "/api/v1/traces/9", 404);
  check("/api/v1/traces/{id}/close", "/api/v1/traces/1/close", 202, "post");
  check("/api/v1/traces/{id}/close", "/api/v1/traces/1/close", 404, "post");
  check("/api/v1/connections/{id}/disconnect", "/api/v1/connections/" + id + "/disconnect", 202,
        "post");
}
