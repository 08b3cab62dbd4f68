// What the verbs for operators make of the admin port's answers: right ones, refusals, and what is
// none of its own.
#include "client/cli/admin_port.hpp"
#include "tests/client/cli_run.hpp"
#include "tests/client/on_terminal.hpp"
#include "tests/client/scripted_http.hpp"
#include "tests/client/test_certificates.hpp"
#include "tests/client/tls_relay.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

using namespace ringdown;
using namespace ringdown::cli;
using namespace ringdown::test;

namespace {

http_result answered(unsigned status, std::string body, std::string type = "application/json") {
  return {{status, std::move(type), std::move(body)}, {}};
}

bool says(const admin_answer& answer, std::string_view words) {
  UNSCOPED_INFO(answer.problem);
  return answer.problem.find(words) != std::string::npos;
}

/// A port with so many DNs, named by their numbers, and what it was asked.
struct paged_port {
  std::size_t dns;
  std::vector<std::string> asked;

  admin_port port() {
    return {[this](const http_request& request) { return page(request.target); }, "a:1"};
  }
  http_result page(const std::string& target) {
    asked.push_back(target);
    auto number_behind = [&](const std::string& name) -> std::size_t {
      auto at = target.find(name);
      return at == std::string::npos ? 0 : std::stoul(target.substr(at + name.size()));
    };
    auto next = number_behind("after=");
    auto limit = number_behind("limit=");
    json page{{"dns", json::array()}, {"next", nullptr}};
    for (std::size_t i = 0; i < limit && next < dns; ++i)
      page["dns"].push_back({{"dn", std::to_string(++next)}});
    if (next < dns)
      page["next"] = std::to_string(next);
    return answered(200, page.dump());
  }
};

} // namespace

TEST_CASE("an answer is the object that the port said") {
  auto answer = read_answer(answered(202, R"({"done":"drain"})"), "admin_write", "a:1");
  CHECK(answer.problem.empty());
  CHECK(answer.status == all_well);
  CHECK(text_of(answer.body, "done") == "drain");
}

TEST_CASE("a refusal says which right is missing") {
  auto unknown = read_answer(answered(401, R"({"error":"a bearer token is wanted",
      "field":"Authorization","accepted":"Bearer"})"),
                             "admin_read", "a:1");
  CHECK(unknown.status == refused);
  CHECK(says(unknown, "the admin port at a:1 answered 401: a bearer token is wanted "
                      "(Authorization; accepted: Bearer); this takes a token with the right "
                      "admin_read: --token-file FILE"));
  auto forbidden =
    read_answer(answered(403, R"({"error":"the token does not give this right","field":null})"),
                "admin_write", "a:1");
  CHECK(forbidden.status == refused);
  CHECK(says(forbidden, "answered 403: the token does not give this right; this takes the right "
                        "admin_write"));
  auto gone = read_answer(answered(404, R"({"error":"gone"})"), "admin_read", "a:1");
  CHECK(gone.is_not_there);
  CHECK_FALSE(forbidden.is_not_there);
}

TEST_CASE("what is no broker's answer is told as such, and shows nothing of itself") {
  auto wrong =
    GENERATE(answered(200, "<html>\x1b[2J", "text/html"), answered(200, "{", "application/json"),
             answered(200, "[1]"), answered(502, "", ""));
  auto answer = read_answer(std::move(wrong), "admin_read", "a:1");
  CHECK(answer.status == usage);
  CHECK(says(answer, " without a JSON object: is it a broker's?"));
  CHECK_FALSE(says(answer, "\x1b"));
}

TEST_CASE("control characters of a refusal do not reach the terminal") {
  auto answer = read_answer(answered(400, R"({"error":"\u001b[2Jno"})"), "admin_read", "a:1");
  CHECK(says(answer, R"(answered 400: \u001b[2Jno)"));
}

TEST_CASE("a list is read page by page, up to what is wanted") {
  paged_port fake{2500, {}};
  auto some = fake.port().rows("/x?light=off", "dns", 1200);
  CHECK(some.rows.size() == 1200);
  CHECK(some.has_more);
  CHECK(text_of(some.rows.back(), "dn") == "1200");
  CHECK(fake.asked ==
        std::vector<std::string>{"/x?light=off&limit=1000", "/x?light=off&limit=201&after=1000"});
  CHECK_FALSE(fake.port().rows("/x", "dns", 2500).has_more);
  CHECK(fake.port().rows("/x", "dns", 9999).rows.size() == 2500);
}

TEST_CASE("a list whose pages never end is ended") {
  std::size_t asked = 0;
  admin_port port{[&](const http_request&) {
                    ++asked;
                    return answered(200, R"({"dns":[],"next":"7001"})");
                  },
                  "a:1"};
  CHECK(port.rows("/x", "dns", 10).has_more);
  CHECK(asked == 1000);
}

TEST_CASE("fields that are absent or of another kind are empty") {
  auto odd = json::parse(R"({"text":7,"number":"7","flag":null,"list":{},"object":[]})");
  for (auto* suffix : {"", "absent"}) {
    auto key = [&](const char* name) { return std::string{name} + suffix; };
    CHECK(text_of(odd, key("text").c_str()).empty());
    CHECK(number_of(odd, key("number").c_str()) == 0);
    CHECK_FALSE(flag_of(odd, key("flag").c_str()));
    CHECK(list_of(odd, key("list").c_str()).empty());
    CHECK(object_of(odd, key("object").c_str()).is_object());
  }
  CHECK(text_of(json{}, "text").empty());
}

TEST_CASE("a verb finds the admin port by flag, variable or context, and shows its token there") {
  scripted_http server{{http_text_of(R"({"dns":[],"now_us":1,"next":null})")}};
  scratch_folder folder;
  auto token = folder.write("token", "a-token-of-a-test\n");
  auto home = "XDG_CONFIG_HOME='" + folder.file("home") + "'";
  REQUIRE(run("context add office --connect broker.example --admin " + server.address() +
                " --token-file '" + token + "'",
              nullptr, home)
            .status == 0);
  REQUIRE(run("context add bare --connect broker.example", nullptr, home).status == 0);
  CHECK(run("context show office", nullptr, home).has("  admin             " + server.address()));
  SECTION("a context") {
    CHECK(run("dns --context office", nullptr, home).status == 0);
    CHECK(server.heard().find("Bearer a-token-of-a-test\r\n") != std::string::npos);
  }
  SECTION("a flag, which outweighs the context") {
    CHECK(run("dns --context office --admin 127.0.0.1:1", nullptr, home).status == 2);
    CHECK(run("dns --context bare --admin " + server.address(), nullptr, home).status == 0);
    CHECK(server.heard().find("Bearer") == std::string::npos);
  }
  SECTION("a variable, which a context by flag outweighs") {
    CHECK(run("dns", nullptr, home + " RINGDOWN_ADMIN=" + server.address()).status == 0);
    auto none = run("dns --context bare", nullptr, home + " RINGDOWN_ADMIN=" + server.address());
    CHECK(none.status == 2);
    CHECK(none.has("--context 'bare' has no address of the admin port: accepted is `admin` in it"));
  }
}

TEST_CASE("an admin port that is not there, or is none, is named") {
  auto nowhere = run("why 7001 --admin 127.0.0.1:1");
  CHECK(nowhere.status == 2);
  CHECK(nowhere.has("cannot ask the admin port at 127.0.0.1:1: Connection refused"));
  for (auto* odd : {"tls://", "::1", "host:99999", "tls://host:0"})
    CHECK(
      run(std::string{"why 7001 --admin="} + odd).has(": expected HOST:PORT or tls://HOST:PORT"));
  CHECK(run("context add a --connect x --admin=::1").has("--admin ::1: expected HOST:PORT"));
  scripted_http web{{http_text_of("<html>", "200 OK", "text/html")}};
  auto other = run("top --once --admin " + web.address());
  CHECK(other.status == 2);
  CHECK(other.has("answered 200 without a JSON object: is it a broker's?"));
}

TEST_CASE("a token's file that others may read is not used for the admin port either") {
  scratch_folder folder;
  auto token = folder.write("token", "secret\n");
  REQUIRE(::chmod(token.c_str(), 0644) == 0);
  auto o = run("drain --yes --admin 127.0.0.1:1 --token-file '" + token + "'");
  CHECK(o.status == 2);
  CHECK(o.has("others may read or write it"));
}

TEST_CASE("nobody is disconnected by what is no id, and nothing is drained unasked") {
  auto wrong = run("disconnect 'xyz'");
  CHECK(wrong.status == 2);
  CHECK(wrong.has("disconnect 'xyz': expected a client's id"));
  CHECK(run("disconnect 0").status == 2);
  scripted_http server{{http_text_of(R"({"done":"drain"})", "202 Accepted")}};
  auto unasked = run("drain --admin " + server.address() + " </dev/null");
  CHECK(unasked.status == 2);
  CHECK(unasked.has("accepted is --yes"));
  CHECK(server.heard().empty());
}

TEST_CASE("on a terminal the broker is drained only if a person says yes") {
  auto said = GENERATE(std::string{"y\n"}, std::string{"n\n"}, std::string{"\n"});
  scripted_http server{{http_text_of(R"({"name":"office","connections":17,"done":"drain"})")}};
  on_terminal drain{{"drain", "--admin=" + server.address()}};
  CHECK(drain.await("Drain and end the broker office at " + server.address() +
                    ", with 17 connections? [y/N] "));
  drain.say(said);
  CHECK(drain.end() == (said == "y\n" ? 0 : 2));
  bool is_drained = server.heard().find("POST /api/v1/drain ") != std::string::npos;
  CHECK(is_drained == (said == "y\n"));
}

TEST_CASE("the screen of top is shown until q or a signal, and the terminal is as it was") {
  bool by_key = GENERATE(true, false);
  scripted_http server{{http_text_of(R"({"name":"office","version":"1"})")}};
  on_terminal top{{"top", "--admin=" + server.address()}};
  CHECK(top.await("\x1b[?1049h"));
  CHECK(top.await("office 1"));
  CHECK(top.await("q ends"));
  if (by_key)
    top.say("q");
  else
    top.signal(SIGTERM);
  CHECK(top.end() == 0);
  CHECK(top.text().ends_with("\x1b[?25h\x1b[?1049l"));
}

TEST_CASE("a screen without a terminal is refused, and one of a port that is not there not begun") {
  auto piped = run("top --admin 127.0.0.1:1");
  CHECK(piped.status == 2);
  CHECK(piped.has("accepted is --once"));
  on_terminal top{{"top", "--admin=127.0.0.1:1"}};
  CHECK(top.end() == 2);
  CHECK(top.text().find("Connection refused") != std::string::npos);
  CHECK(top.text().find('\x1b') == std::string::npos);
}

TEST_CASE("an admin port behind TLS is asked by TLS, and only if its certificate is good") {
  scripted_http server{{http_text_of(R"({"dns":[],"now_us":1,"next":null})")}};
  scratch_folder folder;
  test_authority authority{folder};
  tls_relay relay{{.own = authority.issue("proxy"), .protocol = "http/1.1"}, server.where.port};
  auto token = folder.write("token", "a-token-of-a-test\n");
  auto at =
    "dns --admin tls://127.0.0.1:" + std::to_string(relay.port()) + " --token-file '" + token + "'";
  SECTION("trusted") {
    CHECK(run(at + " --tls-ca '" + authority.file() + "'").status == 0);
    CHECK(server.heard().find("Bearer a-token-of-a-test\r\n") != std::string::npos);
    CHECK(relay.handshakes == 2); // the list, and the summary
  }
  SECTION("of a stranger, who is shown no token") {
    auto refused = run(at);
    CHECK(refused.status == 2);
    CHECK(refused.has("cannot ask the admin port at tls://127.0.0.1:"));
    CHECK(server.heard().empty());
  }
  SECTION("which speaks no TLS") {
    auto plain = run("dns --timeout 2 --admin tls://" + server.address());
    CHECK(plain.status == 2);
    CHECK(plain.has("cannot ask the admin port at tls://" + server.address()));
  }
}

TEST_CASE("a trace shows lines and what was lost until it is over, and gives its place back") {
  scripted_http server{{http_text_of(R"({"trace":"3","until_us":1,"lost":2,"over":true,"next":"4",
    "lines":[{"time_us":1,"direction":"in","client":"00000000000001f4","role":"desktop",
    "application":"desk","kind":"RequestSendEvent","dn":"7001","dns":1,"verb":"pause",
    "light":null,"reference":12,"command":null,"result":null,"bytes":9}]})")}};
  auto shown = run("trace --dn 70/01 --for 2m --admin " + server.address());
  CHECK(shown.status == 0);
  CHECK(shown.has("-- 2 lines were lost"));
  CHECK(shown.has("in  desktop desk (00000000000001f4) RequestSendEvent 7001 pause ref 12\n"));
  auto& heard = server.heard();
  auto order = {heard.find("POST /api/v1/traces?for=120&dn=70%2F01 "),
                heard.find("GET /api/v1/traces/3?limit=1000 "),
                heard.find("POST /api/v1/traces/3/close ")};
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(heard.find("POST /api/v1/traces/3/close ") != std::string::npos);
}

TEST_CASE("a trace as JSON is an object a line") {
  scripted_http server{{http_text_of(
    R"({"trace":"3","lost":2,"over":true,"next":"4","lines":[{"kind":"EventACK"}]})")}};
  auto shown = run("trace --json --client 1F4 --admin " + server.address());
  CHECK(shown.status == 0);
  CHECK(shown.text == "{\"lost\":2}\n{\"kind\":\"EventACK\"}\n");
  CHECK(server.heard().find("?for=30&client=00000000000001f4 ") != std::string::npos);
}

TEST_CASE("a signal ends a trace, and its place is given back all the same") {
  scripted_http server{{http_text_of(R"({"trace":"3","over":false,"next":"4","lines":[{}]})")}};
  on_terminal trace{{"trace", "--dn=7001", "--admin=" + server.address()}};
  CHECK(trace.await(".000000"));
  trace.signal(SIGINT);
  CHECK(trace.end() == 0);
  CHECK(server.heard().find("POST /api/v1/traces/3/close ") != std::string::npos);
}

TEST_CASE("what is no trace is refused, with what is accepted") {
  CHECK(run("trace").has("accepted is --dn or --client"));
  CHECK(run("trace --dn 7001 --client 1").status == 2);
  CHECK(run("trace --client xyz").has("--client 'xyz': expected a client's id"));
  for (auto* time : {"0", "11m", "601", "-1", "1h", "s", "99999999999"}) {
    auto wrong = run(std::string{"trace --dn 7001 --for="} + time);
    CHECK(wrong.status == 2);
    CHECK(wrong.has("expected 1s to 600s, or 1m to 10m"));
  }
  scripted_http full{{http_text_of(
    R"({"error":"there are as many traces as there may be at once"})", "429 Too Many Requests")}};
  auto refused = run("trace --dn 7001 --admin " + full.address());
  CHECK(refused.status == 1);
  CHECK(refused.has("answered 429: there are as many traces as there may be at once"));
}

TEST_CASE("keys filter the screen of top and open what is so of a DN") {
  scripted_http server{{http_text_of(
    R"({"name":"office","version":"1","dn":"7001","light":"paused","now_us":1,
        "dns":[{"dn":"7001","light":"paused"},{"dn":"7002","light":"paused"}]})")}};
  on_terminal top{{"top", "--admin=" + server.address()}};
  CHECK(top.await("7002"));
  top.say("/7001\r");
  CHECK(top.await("filter: 7001  (escape drops it)"));
  top.say("\x1b[B");
  CHECK(top.await("> 7001"));
  top.say("\r");
  CHECK(top.await("enter goes back"));
  top.say("q");
  CHECK(top.end() == 0);
}
