// What operators read: tables as wide as the terminal, a DN's light in words, a screen of trouble.
#include "client/cli/operator_tables.hpp"
#include "client/cli/top_screen.hpp"
#include "client/cli/trace_text.hpp"
#include "client/cli/why_text.hpp"
#include "client/words.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

using namespace ringdown;
using namespace ringdown::cli;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t minute_us = 60 * second_us;
constexpr std::int64_t now_us = 1'700'000'000 * second_us;

std::string at(std::int64_t us) {
  return client::clock_text(us);
}

std::size_t widest(const std::string& text) {
  std::istringstream in{text};
  std::size_t most = 0;
  for (std::string line; std::getline(in, line);)
    most = std::max(most, line.size());
  return most;
}

json client_row(const std::string& application, std::int64_t waits = 0) {
  return {{"id", "00000000000001f4"},
          {"role", "call_source"},
          {"application", application},
          {"principal", "jwt:somebody-with-a-long-name"},
          {"peer", "[2001:db8:1:2:3:4:5:6]:50000"},
          {"outbox_bytes", waits},
          {"above_high_water", waits > 1'000'000},
          {"events_missed", 12'345'678},
          {"outcomes_owed", 256},
          {"silent_ms", 61'000}};
}

json dn_row(const std::string& dn, std::int64_t paused_us = 0) {
  return {{"dn", dn},
          {"light", "paused"},
          {"desired", "recording"},
          {"pauses", 1},
          {"paused_since_us", paused_us == 0 ? json{} : json(paused_us)},
          {"waiting", 2},
          {"alarms", 3},
          {"recorders_active", 0},
          {"clients", 4},
          {"changed_us", now_us - 90 * minute_us}};
}

/// A DN that is paused, with all that may stand at one.
json whole_dn() {
  return {{"dn", "7001"},
          {"now_us", now_us},
          {"light", "paused"},
          {"recorders_active", 1},
          {"recorders_standby", 1},
          {"session",
           {{"desired", "recording"},
            {"desired_us", now_us - 9 * minute_us},
            {"desired_by_application", "desk-7"},
            {"changed_us", now_us - 5 * minute_us},
            {"pauses",
             {{{"connection_id", nullptr},
               {"application", "desk-7"},
               {"agent_id", "wim"},
               {"reason", "card number"},
               {"since_us", now_us - 5 * minute_us},
               {"holder_gone", true},
               {"waiting", 1}}}},
            {"recorders",
             {{{"client", "0000000000000009"},
               {"application", "video-3"},
               {"said", "paused"},
               {"said_us", now_us - 5 * minute_us},
               {"owes", 2}},
              {{"client", "000000000000000a"}, {"application", nullptr}, {"said", nullptr}}}},
            {"orders",
             {{{"command", "resume"}, {"connection_id", "0000000000000071"}, {"held", true}},
              {{"command", "pause"}, {"deadline_us", now_us + 2 * second_us}, {"cause", "drift"}}}},
            {"alarms",
             {{{"reason", "drift"},
               {"since_us", now_us - minute_us},
               {"recorder", "0000000000000009"}}}}}},
          {"registrations",
           {{{"client", "0000000000000009"},
             {"role", "recorder"},
             {"mode", "share"},
             {"standby", false},
             {"application", "video-3"},
             {"principal", "cert:video-3"},
             {"peer", "10.0.0.3:50000"}}}},
          {"recent_outcomes",
           {{{"command", "start"}, {"outcome", "timed_out"}, {"told_us", now_us - minute_us}},
            {{"command", "pause"},
             {"outcome", "confirmed"},
             {"application", "desk-7"},
             {"accepted_us", now_us - second_us - 103'000},
             {"told_us", now_us - second_us}}}}};
}

} // namespace

TEST_CASE("a table is no wider than the terminal, and what is spare is left out first") {
  auto rows = json::array({client_row("an application whose name has no end at all", 5'000'000)});
  auto columns = GENERATE(std::size_t{80}, std::size_t{100}, std::size_t{120}, std::size_t{200});
  auto text = table_of_clients(rows).text(columns);
  CHECK(widest(text) <= columns);
  CHECK_THAT(text, Contains("00000000000001f4") && Contains("an application whos...") &&
                     Contains("4.8 MiB!") && Contains("12345678") && Contains("256"));
  CHECK((text.find("PEER") != text.npos) == (columns >= 120));
  auto dns = json::array({dn_row("a DN of very many characters", now_us - 5 * minute_us)});
  auto table = table_of_dns(dns, now_us).text(columns);
  CHECK(widest(table) <= columns);
  CHECK_THAT(table, Contains("PAUSED, not RECORDING") && Contains("1 h 30 min") &&
                      Contains("5 min") && Contains("none"));
}

TEST_CASE("names of others do not move the cursor") {
  CHECK_THAT(table_of_clients(json::array({client_row("\x1b[2J")})).text(200),
             Contains("\\u001b[2J"));
  auto dn = whole_dn();
  dn["session"]["pauses"][0]["reason"] = "\x1b[2J\n";
  dn["registrations"][0]["peer"] = "\x1b[2J\n";
  dn["recent_outcomes"][1]["application"] = "\x1b[2J\n";
  CHECK(why_text(dn).find('\x1b') == std::string::npos);
}

TEST_CASE("a text is cut between characters, not within one") {
  CHECK(cut_to("7001", 4) == "7001");
  CHECK(cut_to("70010", 4) == "7...");
  CHECK(cut_to("ü\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 4) == "ü...");
  CHECK(cut_to("7001", 2) == "..");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1024) == "1.0 KiB");
  CHECK(bytes_text(20 * 1024) == "20 KiB");
  CHECK(bytes_text(std::int64_t{3} << 30) == "3.0 GiB");
}

TEST_CASE("a paused DN says by whom, why and for how long, and all that stands there") {
  auto since = now_us - 5 * minute_us;
  CHECK(why_text(whole_dn()) ==
        "7001 is PAUSED since " + at(since) +
          " (5 min): the screen is paused by desk-7 (agent wim) since " + at(since) +
          ", 5 min (card number); its holder is gone; 1 command waits for its end\n"
          "  desired     RECORDING since " +
          at(now_us - 9 * minute_us) +
          " (9 min) by desk-7\n"
          "  ALARM       drift since " +
          at(now_us - minute_us) +
          ", of video-3\n"
          "  pauses      the screen is paused by desk-7 (agent wim) since " +
          at(since) +
          ", 5 min (card number); its holder is gone; 1 command waits for its end\n"
          "  open        resume of call 71, is held until no pause stands\n"
          "              pause of the screen, the broker's own (drift), waits for its recorders, "
          "for 2.0 s more\n"
          "  recorders   video-3 is paused, said at " +
          at(since) +
          " (5 min); has not answered 2 orders\n"
          "              recorder 000000000000000a (gone) has said nothing yet\n"
          "              1 on standby\n"
          "  outcomes    " +
          at(now_us - second_us) +
          " pause by desk-7: confirmed in 103 ms, 1 s ago\n"
          "              " +
          at(now_us - minute_us) +
          " start: timed_out, 1 min ago\n"
          "  clients     recorder video-3 as share, cert:video-3, 10.0.0.3:50000, client "
          "0000000000000009\n");
}

TEST_CASE("a light says what it comes from") {
  auto dn = whole_dn();
  auto& session = dn["session"];
  session["recorders"].erase(1);
  auto first_line = [&] { return why_text(dn).substr(0, why_text(dn).find('\n')); };
  SECTION("a recorder that goes on though a pause stands") {
    dn["light"] = session["recorders"][0]["said"] = "recording";
    CHECK_THAT(first_line(), Contains("7001 is RECORDING") &&
                               Contains(": video-3 says so, though the screen is paused by"));
  }
  SECTION("a recorder that is paused though no pause stands") {
    session["pauses"].clear();
    CHECK_THAT(first_line(), Contains(": video-3 says so, though no pause stands"));
  }
  SECTION("no recorder") {
    dn["light"] = "unknown";
    dn["recorders_active"] = 0;
    CHECK_THAT(first_line(), Contains("7001 is UNKNOWN") && Contains("no active recorder"));
  }
  SECTION("a recorder that has not said anything") {
    dn["light"] = "unknown";
    session["recorders"][0]["said"] = nullptr;
    CHECK_THAT(first_line(), Contains("video-3 has said nothing yet"));
  }
  SECTION("nobody has said anything") {
    session = nullptr;
    dn["light"] = "unknown";
    CHECK(first_line() == "7001 is UNKNOWN: no recorder has said yet what it does");
  }
}

TEST_CASE("of many clients and outcomes the first and the newest are shown") {
  auto dn = whole_dn();
  for (int i = 0; i < 30; ++i) {
    dn["registrations"].push_back(dn["registrations"][0]);
    dn["recent_outcomes"].push_back(dn["recent_outcomes"][1]);
  }
  auto text = why_text(dn);
  CHECK_THAT(text, Contains("              and 11 more\n"));
  CHECK_THAT(text, !Contains("timed_out"));
}

TEST_CASE("a DN of a broker that says it in another way is still shown") {
  CHECK(why_text(json::object()).starts_with("\"\" is : "));
  CHECK_FALSE(
    why_text({{"dn", 7}, {"session", {{"pauses", {1, 2}}, {"alarms", {nullptr}}}}}).empty());
}

TEST_CASE("the screen shows trouble first, the worst of each kind, within the terminal") {
  top_facts facts;
  facts.summary = {{"name", "ringdown"}, {"version", "1"}, {"now_us", now_us}, {"alarms", 1}};
  facts.alarmed.push_back(dn_row("7009"));
  facts.alarms = {{"7009", "7009: drift since 14:03:10"}};
  for (int i = 0; i < 9; ++i)
    facts.paused.push_back(dn_row("710" + std::to_string(i), now_us - (i + 1) * minute_us));
  facts.paused.push_back(dn_row("7200", now_us - second_us));
  facts.paused.back()["light"] = "recording";
  facts.owed.push_back(client_row("owed-1"));
  facts.slow.push_back(client_row("slow-1", 2'000'000));
  auto lines = top_screen(facts, 80, 0);
  std::string text;
  for (auto& line : lines) {
    CHECK(line.size() <= 80);
    text += line + "\n";
  }
  auto order = {text.find("ALARMS"), text.find("7009: drift"), text.find("UNCONFIRMED"),
                text.find("owed-1"), text.find("PAUSED: "),    text.find("7200"),
                text.find("7108"),   text.find("7105"),        text.find("SLOW"),
                text.find("slow-1")};
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(text.find("slow-1") != text.npos);
  CHECK(text.find("7104") == text.npos);
  CHECK(top_screen(facts, 80, 7).size() == 7);
}

TEST_CASE("a screen without trouble says so, and one of a broker that is gone says that") {
  top_facts facts;
  auto calm = top_screen(facts, 80, 0);
  CHECK(calm.back() == "no trouble: no alarm, no pause, nothing waits");
  facts.failed.problem = "cannot ask the admin port at a:1: Connection refused";
  CHECK(top_screen(facts, 30, 0) == std::vector<std::string>{"cannot ask the admin port a..."});
}

TEST_CASE("the screen asks what alarms say, and for those that are owed only if there are") {
  std::vector<std::string> asked;
  bool is_owed = GENERATE(true, false);
  admin_port port{[&](const http_request& request) {
                    asked.push_back(request.target);
                    json body{{"now_us", now_us}, {"outcomes_owed", is_owed ? 1 : 0}};
                    if (request.target.starts_with("/api/v1/alarms"))
                      body["dns"] = {dn_row("a/1")};
                    if (request.target == "/api/v1/dns/a%2F1")
                      body = whole_dn();
                    if (request.target.starts_with("/api/v1/connections?limit"))
                      body["connections"] = {client_row("owed-1")};
                    return http_result{{200, "application/json", body.dump()}, {}};
                  },
                  "a:1"};
  auto facts = look(port);
  CHECK(facts.failed.problem.empty());
  REQUIRE(facts.alarms.size() == 1);
  CHECK(facts.alarms.front().text == "a/1: drift since " + at(now_us - minute_us) + ", of video-3");
  CHECK(facts.owed.size() == (is_owed ? 1 : 0));
  CHECK(asked.size() == (is_owed ? 6 : 5));
}

TEST_CASE("the screen asks for pauses that are not obeyed if any stands") {
  bool stands = GENERATE(true, false);
  admin_port port{[&](const http_request& request) {
                    json body{{"pauses", stands ? 1 : 0}};
                    if (request.target.starts_with("/api/v1/dns?light=recording"))
                      body["dns"] = {dn_row("7200"), {{"dn", "7201"}, {"pauses", 0}}};
                    return http_result{{200, "application/json", body.dump()}, {}};
                  },
                  "a:1"};
  auto facts = look(port);
  REQUIRE(facts.paused.size() == (stands ? 1 : 0));
  if (stands)
    CHECK(text_of(facts.paused.front(), "dn") == "7200");
}

namespace {

/// Some trouble of each kind.
top_facts some_trouble() {
  top_facts facts;
  facts.summary = {{"name", "ringdown"}, {"now_us", now_us}};
  facts.alarmed.push_back(dn_row("7009"));
  facts.alarms = {{"7009", "7009: drift"}, {"7009", "7009: recorder lost"}};
  for (int i = 0; i < 40; ++i)
    facts.paused.push_back(dn_row(std::to_string(8000 + i), now_us - (90 - i) * second_us));
  facts.slow.push_back(client_row("slow-1", 5));
  facts.slow.push_back(client_row("slow-2", 5));
  return facts;
}

std::string text(const std::vector<std::string>& lines) {
  std::string all;
  for (auto& line : lines)
    all += line + "\n";
  return all;
}

} // namespace

TEST_CASE("a view shows all of its kind, and a filter what has it in its name") {
  auto facts = some_trouble();
  top_state paused{top_view::paused};
  auto shown = text(top_screen(facts, 120, 0, paused));
  CHECK_THAT(shown, Contains("8039"));
  CHECK_THAT(shown, !Contains("7009") && !Contains("SLOW"));
  top_state slow{top_view::slow};
  CHECK_THAT(text(top_screen(facts, 120, 0, slow)),
             Contains("slow-2") && !Contains("8000") && !Contains("7009"));
  top_state filtered;
  filtered.filter = "39";
  shown = text(top_screen(facts, 120, 0, filtered));
  CHECK_THAT(shown, Contains("8039") && !Contains("8038") && !Contains("7009"));
  filtered.filter = "slow-1";
  shown = text(top_screen(facts, 120, 0, filtered));
  CHECK_THAT(shown, Contains("slow-1") && !Contains("slow-2") && !Contains("80"));
  filtered.filter = "nobody";
  CHECK(top_screen(facts, 120, 0, filtered).back() == "nothing that has this in it");
}

TEST_CASE("the chosen DN is marked, and stays on the screen however long the list is") {
  auto facts = some_trouble();
  CHECK(top_dns(facts, {}).front() == "7009"); // once, though it has two alarms
  CHECK(top_dns(facts, {}).size() == 6);
  top_state state{top_view::paused};
  CHECK(top_dns(facts, state).size() == 40);
  for (auto* chosen : {"8000", "8020", "8039"}) {
    state.chosen = chosen;
    auto lines = top_screen(facts, 120, 12, state);
    CHECK(lines.size() == 12);
    CHECK_THAT(text(lines), Contains(std::string{"> "} + chosen));
    CHECK_THAT(lines.front(), Contains("ringdown"));
  }
}

TEST_CASE("an open DN is told in words, and one that is gone is told so") {
  top_facts facts;
  facts.summary = {{"name", "ringdown"}, {"now_us", now_us}};
  facts.opened = whole_dn();
  top_state state;
  state.opened = "7001";
  CHECK_THAT(text(top_screen(facts, 120, 0, state)), Contains(why_text(whole_dn()).substr(0, 20)));
  facts.not_opened.problem = "answered 404";
  facts.not_opened.is_not_there = true;
  CHECK(top_screen(facts, 120, 0, state).back() == "7001 is not in use any more");
}

TEST_CASE("a DN that is open is all that is asked for") {
  std::vector<std::string> asked;
  admin_port port{[&](const http_request& request) {
                    asked.push_back(request.target);
                    return http_result{{200, "application/json", "{}"}, {}};
                  },
                  "a:1"};
  top_state state;
  state.opened = "a/1";
  static_cast<void>(look(port, state));
  CHECK(asked == std::vector<std::string>{"/api/v1/summary", "/api/v1/dns/a%2F1"});
}

TEST_CASE("a line of a trace is told with what it has, and is safe for a terminal") {
  json line{{"time_us", now_us + 42},
            {"direction", "out"},
            {"client", "00000000000001f4"},
            {"role", "recorder"},
            {"application", "video\x1b[2J 3"},
            {"kind", "EventUserEvent"},
            {"dn", "7001"},
            {"dns", 3},
            {"verb", "pause"},
            {"light", "recording"},
            {"reference", 0},
            {"command", "0a0a"},
            {"result", "165 access_restricted"}};
  CHECK(trace_line_text(line) ==
        at(now_us) + R"(.000042 out recorder "video\u001b[2J 3" (00000000000001f4) )"
                     "EventUserEvent 7001 of 3 DNs pause light RECORDING command 0a0a -> 165 "
                     "access_restricted");
  CHECK_FALSE(trace_line_text(json::object()).empty());
}

TEST_CASE("the time of a trace is seconds or minutes, within ten minutes") {
  using namespace std::chrono_literals;
  CHECK(parse_trace_time("30") == 30s);
  CHECK(parse_trace_time("1s") == 1s);
  CHECK(parse_trace_time("10m") == 600s);
  for (auto* wrong : {"", "s", "0s", "601s", "11m", "1h", "1ms", "-1", " 1", "1 s", "4294967297"})
    CHECK_FALSE(parse_trace_time(wrong));
}
