#include "broker/admin/api.hpp"
#include "tests/broker/admin/fake_view.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <optional>

using namespace ringdown;
using namespace ringdown::admin;
using namespace ringdown::test;

namespace {

admin_rights rights_of(std::string_view token) {
  if (token == "reader")
    return {"rita", true, false};
  if (token == "writer")
    return {"wim", true, true};
  if (token == "neither")
    return {"nora", false, false};
  return {};
}

/// The port without its sockets.
struct port {
  explicit port(admin_access_function access = {})
    : answers(broker, std::move(access), "10.1.2.3", [](auto what) { what(); }) {}

  /// The answer, as far as there is one already.
  std::optional<http_response> ask(const std::string& method, const std::string& target,
                                   const std::string& token = {}) {
    http_request request;
    request.method = method;
    request.target = target;
    request.host = host;
    request.is_from_loopback = is_from_loopback;
    request.peer = "192.0.2.1";
    if (!token.empty())
      request.authorization = "Bearer " + token;
    auto got = std::make_shared<std::optional<http_response>>();
    last = answers.handle(request, [got](http_response answer) { *got = std::move(answer); });
    return *got;
  }
  unsigned status(const std::string& method, const std::string& target,
                  const std::string& token = {}) {
    auto answer = ask(method, target, token);
    return answer ? answer->status : 0;
  }
  std::string field_at_fault(const std::string& target) {
    auto answer = ask("GET", target);
    REQUIRE(answer);
    CHECK(answer->status == 400);
    auto told = nlohmann::json::parse(answer->body);
    CHECK(told.size() == 3);
    CHECK_FALSE(told.at("accepted").get<std::string>().empty());
    return told.at("field").get<std::string>();
  }

  fake_view broker;
  api answers;
  std::string host = "localhost:7481";
  bool is_from_loopback = true;
  promised last;
};

} // namespace

TEST_CASE("without an access file who comes from this machine may read, and change nothing") {
  port p;
  CHECK(p.status("GET", "/api/v1/summary") == 200);
  CHECK(p.status("POST", "/api/v1/drain") == 403);
  CHECK(p.broker.drains == 0);
  p.is_from_loopback = false;
  CHECK(p.status("GET", "/api/v1/summary") == 401);
  CHECK(p.status("GET", "/metrics") == 401);
  CHECK(p.status("GET", "/livez") == 200);
}

TEST_CASE("with an access file a token gives its rights, and nothing else does") {
  port p{rights_of};
  CHECK(p.status("GET", "/metrics") == 401);
  CHECK(p.status("GET", "/metrics", "wrong") == 401);
  CHECK(p.status("GET", "/metrics", "neither") == 403);
  CHECK(p.status("GET", "/metrics", "reader") == 200);
  CHECK(p.status("POST", "/api/v1/drain", "reader") == 403);
  CHECK(p.status("POST", "/api/v1/drain", "writer") == 202);
  CHECK(p.broker.drains == 1);
  auto answer = p.ask("GET", "/metrics");
  REQUIRE(answer);
  REQUIRE(answer->fields.size() == 1);
  CHECK(answer->fields.front().first == "WWW-Authenticate");
}

TEST_CASE("whoever asks for health needs no token: what starts the broker has none") {
  port p{rights_of};
  CHECK(p.status("GET", "/livez") == 200);
  CHECK(p.status("GET", "/readyz") == 200);
}

TEST_CASE("a refusal and an order are told in the log, and no token is") {
  port p{rights_of};
  static_cast<void>(p.ask("GET", "/metrics", "wrong-secret"));
  static_cast<void>(p.ask("POST", "/api/v1/drain", "writer"));
  CHECK(p.broker.told ==
        std::vector<std::string>{"admin request refused peer=192.0.2.1 principal= path=/metrics",
                                 "an operator gives an order order=drain principal=wim "
                                 "peer=192.0.2.1"});
}

TEST_CASE("a request for another host is refused before anything else is looked at") {
  port p;
  p.host = "evil.example";
  CHECK(p.status("GET", "/livez") == 403);
  CHECK(p.status("GET", "/nowhere") == 403);
  CHECK(p.broker.probed.empty());
}

TEST_CASE("a broker is ready if nothing speaks against it, and says what does") {
  port p;
  p.broker.checks_now = {{"listens", ""}, {"memory", ""}};
  CHECK(p.status("GET", "/readyz") == 200);
  p.broker.checks_now[1].fault = "spent";
  auto answer = p.ask("GET", "/readyz");
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->body == "{\"ready\":false,\"checks\":[{\"name\":\"listens\",\"ok\":true,\"fault\":"
                        "null},{\"name\":\"memory\",\"ok\":false,\"fault\":\"spent\"}]}\n");
}

TEST_CASE("a broker whose loop stands still is told to be dead, in two seconds") {
  port p;
  p.broker.loops_turn = false;
  CHECK_FALSE(p.ask("GET", "/livez"));
  CHECK(p.last.patience == loop_health::patience);
  CHECK(p.last.when_late().status == 503);
}

TEST_CASE("an answer that does not come is told to be late") {
  port p;
  p.broker.answers = false;
  CHECK_FALSE(p.ask("GET", "/api/v1/connections"));
  CHECK(p.last.when_late().status == 503);
}

TEST_CASE("a page has as many rows as asked for, and says where the next one begins") {
  port p;
  for (std::uint64_t id : {3, 5})
    p.broker.rows.emplace_back().id = {id};
  auto answer = p.ask("GET", "/api/v1/connections?limit=2&after=1&role=recorder");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(p.broker.asked_connections.limit == 2);
  CHECK(p.broker.asked_connections.after == client_id{1});
  CHECK(p.broker.asked_connections.role == role::recorder);
  CHECK(nlohmann::json::parse(answer->body).at("next") == "0000000000000005");
  answer = p.ask("GET", "/api/v1/connections?limit=3");
  REQUIRE(answer);
  CHECK(nlohmann::json::parse(answer->body).at("next").is_null());
}

TEST_CASE("a list is asked for by what it may be filtered by") {
  port p;
  CHECK(p.status("GET", "/api/v1/dns?prefix=70&light=paused&recorder=none&after=7001&limit=7") ==
        200);
  auto& asked = p.broker.asked_dns;
  CHECK(asked.prefix == "70");
  CHECK(asked.light == capture_state::paused);
  CHECK(asked.recorder_missing);
  CHECK(asked.after == "7001");
  CHECK(asked.limit == 7);
  CHECK_FALSE(asked.alarmed);
  CHECK(p.status("GET", "/api/v1/alarms") == 200);
  CHECK(p.broker.asked_dns.alarmed);
  CHECK(p.broker.asked_dns.limit == page_rows_default);
}

TEST_CASE("a parameter out of its range is named, with what is accepted") {
  port p;
  for (auto* limit : {"0", "1001", "-1", "x", "1x", "99999999999999999999"})
    CHECK(p.field_at_fault(std::string{"/api/v1/connections?limit="} + limit) == "limit");
  CHECK(p.field_at_fault("/api/v1/connections?role=agent") == "role");
  CHECK(p.field_at_fault("/api/v1/connections?after=xyz") == "after");
  CHECK(p.field_at_fault("/api/v1/connections?slow=yes") == "slow");
  CHECK(p.field_at_fault("/api/v1/dns?light=red") == "light");
  CHECK(p.field_at_fault("/api/v1/dns?recorder=any") == "recorder");
  CHECK(p.field_at_fault("/api/v1/alarms?limit=0") == "limit");
  CHECK(p.field_at_fault("/livez?verbose=1") == "verbose");
}

TEST_CASE("what is not there is not found") {
  port p{rights_of};
  CHECK(p.status("GET", "/api/v1/nothing", "reader") == 404);
  CHECK(p.status("GET", "/api/v1/dns/7001", "reader") == 404);
  CHECK(p.broker.asked_dn == "7001");
  CHECK(p.status("GET", "/api/v1/connections/12", "reader") == 404);
  CHECK(p.status("GET", "/api/v1/connections/x", "reader") == 404);
  CHECK(p.status("POST", "/api/v1/connections/2/disconnect", "writer") == 404);
  CHECK(p.status("POST", "/api/v1/connections/1/disconnect", "writer") == 202);
  CHECK(p.broker.disconnected == std::vector<client_id>{{2}, {1}});
}

TEST_CASE("a path with another method is answered with its own") {
  port p;
  auto answer = p.ask("DELETE", "/metrics");
  REQUIRE(answer);
  CHECK(answer->status == 405);
  REQUIRE(answer->fields.size() == 1);
  CHECK(answer->fields.front() == std::pair<std::string, std::string>{"Allow", "GET"});
}

TEST_CASE("an order that nobody takes is refused") {
  port p{rights_of};
  p.broker.takes_orders = false;
  CHECK(p.status("POST", "/api/v1/reload", "writer") == 501);
}

TEST_CASE("whoever may look may trace one thing for a bounded time, and the log says who has") {
  port p{rights_of};
  CHECK(p.status("POST", "/api/v1/traces?dn=7001", "neither") == 403);
  CHECK(p.status("POST", "/api/v1/traces?dn=7001&for=5", "reader") == 201);
  CHECK(p.broker.asked_trace.dn == "7001");
  CHECK(p.broker.asked_trace.time == std::chrono::seconds{5});
  CHECK(p.broker.told.back() ==
        "an operator opens a trace dn=7001 client= seconds=5 principal=rita peer=192.0.2.1");
  CHECK(p.status("POST", "/api/v1/traces?client=1f", "reader") == 201);
  CHECK(p.broker.asked_trace.client == client_id{0x1f});
  CHECK(p.broker.asked_trace.dn.empty());
  for (auto* wrong : {"", "?dn=7001&client=1", "?dn=", "?client=0", "?client=x", "?dn=7001&for=0",
                      "?dn=7001&for=601", "?dn=7001&for=x", "?dn=7001&to=5"})
    CHECK(p.status("POST", std::string{"/api/v1/traces"} + wrong, "reader") == 400);
  CHECK(p.status("POST", "/api/v1/traces?dn=" + std::string(256, '7'), "reader") == 400);
}

TEST_CASE("where there are as many traces as there may be, the next hears when to come again") {
  port p;
  p.broker.next_trace = {0, 0, std::chrono::seconds{17}};
  auto answer = p.ask("POST", "/api/v1/traces?dn=7001");
  REQUIRE(answer);
  CHECK(answer->status == 429);
  REQUIRE(answer->fields.size() == 1);
  CHECK(answer->fields.front() == std::pair<std::string, std::string>{"Retry-After", "17"});
}

TEST_CASE("a trace is read on from the page before, and a cursor that is none is refused") {
  port p;
  p.broker.page.next = {20, 41};
  p.broker.page.lost = 3;
  auto& line = p.broker.page.lines.emplace_back();
  line.application = "desk\xff";
  line.frame.kind = "RequestSendEvent";
  line.frame.verb = capture_verb::pause;
  auto answer = p.ask("GET", "/api/v1/traces/1?after=17.40&limit=7");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(p.broker.asked_after == trace_cursor{17, 40});
  CHECK(p.broker.asked_limit == 7);
  auto page = nlohmann::json::parse(answer->body);
  CHECK(page.at("next") == "20.41");
  CHECK(page.at("lost") == 3);
  CHECK(page.at("over") == false);
  CHECK(page.at("lines").at(0).at("verb") == "pause");
  CHECK(page.at("lines").at(0).at("direction") == "out");
  CHECK(page.at("lines").at(0).at("dn").is_null());
  for (auto* after : {".", "1..2", "x", "-1", "99999999999999999999"})
    CHECK(p.field_at_fault(std::string{"/api/v1/traces/1?after="} + after) == "after");
  CHECK(p.field_at_fault("/api/v1/traces/1?limit=1001") == "limit");
  CHECK(p.status("GET", "/api/v1/traces/2") == 404);
  CHECK(p.status("GET", "/api/v1/traces/x") == 404);
  CHECK(p.status("POST", "/api/v1/traces/2/close") == 404);
  CHECK(p.status("POST", "/api/v1/traces/1/close") == 202);
}
