// Traces by the admin port of a broker that runs, and how its pages are put together.
#include "broker/admin_traces.hpp"
#include "tests/broker/admin/watched_broker.hpp"

#include <set>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;

namespace {

std::string open_trace(watched_broker& b, const std::string& what, const std::string& token = {}) {
  auto answer = ask(b.port(), "POST", "/api/v1/traces?" + what, token);
  INFO(answer.body);
  REQUIRE(answer.status == 201);
  return answer.json().at("trace");
}

/// What has come when a line is there for which this holds.
template <class IsLast>
std::vector<nlohmann::json> lines_until(watched_broker& b, const std::string& trace,
                                        IsLast is_last) {
  std::vector<nlohmann::json> all;
  auto until = std::chrono::steady_clock::now() + patience;
  std::string after;
  while (std::chrono::steady_clock::now() < until) {
    auto page = b.json("/api/v1/traces/" + trace + (after.empty() ? "" : "?after=" + after));
    after = page.at("next").get<std::string>();
    CHECK(page.at("lost") == 0);
    for (auto& line : page.at("lines"))
      all.push_back(line);
    if (std::any_of(all.begin(), all.end(), is_last))
      return all;
  }
  FAIL("the line did not come");
  return all;
}

bool is_line(const nlohmann::json& line, std::string_view kind, std::string_view role,
             std::string_view verb) {
  return line.at("kind") == kind && line.at("role") == role &&
         (verb.empty() ? line.at("verb").is_null() : line.at("verb") == verb);
}

trace_part part_of(std::initializer_list<std::pair<std::uint64_t, std::int64_t>> lines,
                   std::uint64_t last, bool is_over = false, bool is_whole = true) {
  trace_part part;
  for (auto [number, time_us] : lines) {
    auto& line = part.lines.emplace_back();
    line.number = number;
    line.time_us = time_us;
  }
  part.last = last;
  part.is_over = is_over;
  part.is_whole = is_whole;
  return part;
}

std::vector<std::int64_t> times(const admin::trace_page& page) {
  std::vector<std::int64_t> all;
  for (auto& line : page.lines)
    all.push_back(line.time_us);
  return all;
}

} // namespace

TEST_CASE("what loops have comes together in the order of its times, page by page") {
  auto parts = [] {
    return std::vector{part_of({{1, 10}, {2, 30}, {3, 50}}, 3), part_of({{1, 20}, {2, 40}}, 2)};
  };
  auto first = page_of(parts(), {0, 0}, 3);
  CHECK(times(first) == std::vector<std::int64_t>{10, 20, 30});
  CHECK(first.next == admin::trace_cursor{2, 1});
  CHECK(first.lost == 0);
  auto whole = page_of(parts(), {0, 0}, 5);
  CHECK(whole.next == admin::trace_cursor{3, 2});
  CHECK_FALSE(whole.is_over);
}

TEST_CASE("lines that were lost are counted once, where the page gets behind them") {
  auto page = page_of({part_of({{1, 10}, {5, 20}}, 9)}, {0}, 1);
  CHECK(page.next == admin::trace_cursor{1});
  CHECK(page.lost == 0);
  page = page_of({part_of({{5, 20}}, 9)}, page.next, 1);
  CHECK(page.next == admin::trace_cursor{9});
  CHECK(page.lost == 3 + 4);
  page = page_of({part_of({}, 9)}, page.next, 1);
  CHECK(page.lost == 0);
}

TEST_CASE("a trace is over when every loop's is, and all was read") {
  auto over = part_of({{1, 10}}, 1, true);
  CHECK(page_of({over, part_of({}, 0, true)}, {0, 0}, 9).is_over);
  CHECK_FALSE(page_of({over, part_of({}, 0, false)}, {0, 0}, 9).is_over);
  CHECK_FALSE(page_of({over, over}, {0, 0}, 1).is_over);
  // A cursor beyond what there is moves nothing.
  CHECK(page_of({over}, {7}, 9).next == admin::trace_cursor{7});
}

TEST_CASE("a DN's trace shows a pause from the desktop to its outcome, on every scheduler") {
  for (auto how : every_way) {
    watched_broker b{how};
    auto desk = registered(*b, role::desktop, "7001");
    auto recorder = registered(*b, role::recorder, "7001");
    auto other = registered(*b, role::desktop, "7002");
    auto trace = open_trace(b, "dn=7001&for=600");
    answer_to<event_ack>(other, send(other, "7002", capture_verb::pause));
    answer_to<event_ack>(desk, send(desk, "7001", capture_verb::pause));
    REQUIRE(next<event_user_event>(recorder).verb == capture_verb::pause);
    answer_to<event_ack>(recorder, send(recorder, "7001", capture_verb::paused));
    REQUIRE(next<event_user_event>(desk).verb == capture_verb::paused);
    auto lines = lines_until(
      b, trace, [](auto& line) { return is_line(line, "EventUserEvent", "desktop", "paused"); });
    auto has = [&](std::string_view direction, std::string_view kind, std::string_view role,
                   std::string_view verb) {
      INFO(kind << " " << role << " " << verb);
      CHECK(std::any_of(lines.begin(), lines.end(), [&](auto& line) {
        return is_line(line, kind, role, verb) && line.at("direction") == direction;
      }));
    };
    has("in", "RequestSendEvent", "desktop", "pause");
    has("out", "EventACK", "desktop", "");
    has("out", "EventUserEvent", "recorder", "pause");
    has("in", "RequestSendEvent", "recorder", "paused");
    has("out", "EventACK", "recorder", "");
    for (auto& line : lines) {
      CHECK(line.at("dn") == "7001");
      CHECK(line.at("application") == "test");
    }
  }
}

TEST_CASE("a client's trace shows what it says and hears, and no value of user data") {
  watched_broker b;
  auto desk = registered(*b, role::desktop, "7001");
  auto other = registered(*b, role::supervisor, "7001");
  auto all = b.json("/api/v1/connections?role=desktop").at("connections");
  REQUIRE(all.size() == 1);
  auto id = all[0].at("id").get<std::string>();
  auto trace = open_trace(b, "client=" + id);
  outgoing_event what;
  what.this_dn = "7001";
  what.data.add("card", std::string{"4111-1111"});
  answer_to<event_ack>(desk, desk.send_event(what));
  answer_to<event_ack>(other, other.send_event(what));
  static_cast<void>(answer_to<event_error>(desk, send(desk, "nowhere", capture_verb::pause)));
  auto lines = lines_until(b, trace, [](auto& line) {
    return line.at("kind") == "EventError" && line.at("result") == "41 not_registered";
  });
  for (auto& line : lines) {
    CHECK(line.at("client") == id);
    CHECK(line.dump().find("4111") == std::string::npos);
    CHECK(line.dump().find("card") == std::string::npos);
  }
  CHECK(std::any_of(lines.begin(), lines.end(),
                    [](auto& line) { return is_line(line, "EventUserEvent", "desktop", ""); }));
}

TEST_CASE("there are four traces at once, and one that is closed makes room") {
  watched_broker b{way::two_loops, two_tokens()};
  std::set<std::string> ids;
  for (int i = 0; i < 4; ++i)
    ids.insert(open_trace(b, "dn=7001", "look"));
  CHECK(ids.size() == 4);
  auto full = ask(b.port(), "POST", "/api/v1/traces?dn=7001", "look");
  CHECK(full.status == 429);
  CHECK(full.has("Retry-After: "));
  CHECK(ask(b.port(), "POST", "/api/v1/traces/" + *ids.begin() + "/close", "look").status == 202);
  CHECK(ask(b.port(), "GET", "/api/v1/traces/" + *ids.begin(), "look").status == 404);
  CHECK(ask(b.port(), "POST", "/api/v1/traces?dn=7001", "look").status == 201);
  CHECK(b.log.has("an operator opens a trace"));
}

TEST_CASE("a trace ends by itself") {
  watched_broker b;
  auto desk = registered(*b, role::desktop, "7001");
  auto trace = open_trace(b, "dn=7001&for=1");
  auto last = b.json_once("/api/v1/traces/" + trace, [](auto& page) { return page.at("over"); });
  CHECK(last.at("over") == true);
  auto cursor = last.at("next").get<std::string>();
  answer_to<event_ack>(desk, send(desk, "7001", capture_verb::pause));
  auto page = b.json("/api/v1/traces/" + trace + "?after=" + cursor);
  CHECK(page.at("lines").empty());
  CHECK(get(b.port(), "/api/v1/traces/" + trace + "?after=1.2.3").status == 404);
}
