// What the admin port shows of clients, DNs and numbers is what is so.
#include "tests/broker/admin/watched_broker.hpp"

#include <set>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;

namespace {

double number(const std::string& metrics, const std::string& name) {
  auto at = ("\n" + metrics).find("\n" + name + " ");
  REQUIRE(at != std::string::npos);
  return std::strtod(metrics.c_str() + at + name.size() + 1, nullptr);
}

/// Once it is so: what is counted is counted behind what was heard.
double number_once(watched_broker& b, const std::string& name, double wanted) {
  auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto now = number(get(b.port(), "/metrics").body, name);
    if (now == wanted || std::chrono::steady_clock::now() > until)
      return now;
  }
}

/// A desktop's pause that a recorder confirms.
void pause_and_confirm(client::connection& desk, client::connection& recorder,
                       const std::string& dn) {
  answer_to<event_ack>(desk, send(desk, dn, capture_verb::pause));
  REQUIRE(next<event_user_event>(recorder).verb == capture_verb::pause);
  answer_to<event_ack>(recorder, send(recorder, dn, capture_verb::paused));
  REQUIRE(next<event_user_event>(desk).verb == capture_verb::paused);
}

} // namespace

TEST_CASE("who is connected is listed with what is known of it, on every scheduler") {
  for (auto how : every_way) {
    watched_broker b{how};
    auto desk = registered(*b, role::desktop, "7001");
    auto recorder = join(*b, role::recorder);
    auto all = b.json("/api/v1/connections").at("connections");
    REQUIRE(all.size() == 2);
    CHECK(all[0].at("id") < all[1].at("id"));
    auto& first = all[0].at("role") == "desktop" ? all[0] : all[1];
    CHECK(first.at("role") == "desktop");
    CHECK(first.at("application") == "test");
    CHECK(first.at("peer") == "test");
    CHECK(first.at("principal").is_null());
    auto one = b.json("/api/v1/connections/" + first.at("id").get<std::string>());
    CHECK(one.at("id") == first.at("id"));
    auto recorders = b.json("/api/v1/connections?role=recorder").at("connections");
    REQUIRE(recorders.size() == 1);
    CHECK(recorders[0].at("role") == "recorder");
    desk = {};
    auto left = b.json_once("/api/v1/connections",
                            [](auto& page) { return page.at("connections").size() == 1; });
    CHECK(left.at("connections").size() == 1);
  }
}

TEST_CASE("pages of clients have each client once, in the order of their ids") {
  for (auto how : {way::one_loop, way::two_loops}) {
    watched_broker b{how};
    std::vector<client::connection> all;
    for (int i = 0; i < 300; ++i) // more than a loop looks at in a turn
      all.push_back(join(*b, role::desktop));
    std::vector<std::string> seen;
    std::string after;
    do {
      auto page = b.json("/api/v1/connections?limit=70" + (after.empty() ? "" : "&after=" + after));
      for (auto& row : page.at("connections"))
        seen.push_back(row.at("id").get<std::string>());
      after = page.at("next").is_null() ? "" : page.at("next").get<std::string>();
    } while (!after.empty());
    CHECK(seen.size() == 300);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 300);
  }
}

TEST_CASE("the client for which most waits comes first where slow ones are asked for") {
  watched_broker b;
  auto desk = registered(*b, role::desktop, "7001");
  auto deaf = join(*b, role::desktop, {});
  std::string one[] = {"7001"};
  REQUIRE(deaf.register_address(one));
  outgoing_event large;
  large.this_dn = "7001";
  large.data.add("text", std::string(8000, 'x'));
  for (int i = 0; i < 100; ++i)
    answer_to<event_ack>(desk, desk.send_event(large));
  auto slow = b.json_once("/api/v1/connections?slow=true",
                          [](auto& page) { return !page.at("connections").empty(); })
                .at("connections");
  REQUIRE_FALSE(slow.empty());
  CHECK(slow[0].at("outbox_bytes") > 100'000);
  auto most = slow[0].at("outbox_bytes").get<double>();
  CHECK(number_once(b, "ringdown_outbox_bytes_max", most) == most);
}

TEST_CASE("DNs are listed by their beginning, their light and what they want") {
  watched_broker b;
  auto desk = join(*b, role::desktop);
  for (auto* dn : {"6999", "7001", "7002", "7101"})
    register_on(desk, dn);
  auto recorder = registered(*b, role::recorder, "7002");
  auto names = [&](const std::string& query) {
    std::vector<std::string> all;
    auto page = b.json("/api/v1/dns" + query);
    for (auto& row : page.at("dns"))
      all.push_back(row.at("dn").get<std::string>());
    return all;
  };
  using list = std::vector<std::string>;
  CHECK(names("") == list{"6999", "7001", "7002", "7101"});
  CHECK(names("?prefix=70") == list{"7001", "7002"});
  CHECK(names("?prefix=70&after=7001") == list{"7002"});
  CHECK(names("?prefix=70&after=71").empty());
  CHECK(names("?recorder=none") == list{"6999", "7001", "7101"});
  CHECK(names("?light=paused").empty());
  pause_and_confirm(desk, recorder, "7002");
  CHECK(
    b.json_once("/api/v1/dns?light=paused", [](auto& page) { return page.at("dns").size() == 1; })
      .at("dns")[0]
      .at("dn") == "7002");
  auto page = b.json("/api/v1/dns?limit=2");
  CHECK(page.at("next") == "7001");
  CHECK(b.json("/api/v1/dns?limit=2&after=7001").at("dns").size() == 2);
}

TEST_CASE("a DN is shown whole: who is registered, what is so, and what became of commands") {
  for (auto how : every_way) {
    watched_broker b{how};
    auto desk = registered(*b, role::desktop, "70/01");
    auto recorder = registered(*b, role::recorder, "70/01");
    pause_and_confirm(desk, recorder, "70/01");
    auto dn = b.json_once("/api/v1/dns/70%2F01",
                          [](auto& one) { return !one.at("recent_outcomes").empty(); });
    CHECK(dn.at("dn") == "70/01");
    CHECK(dn.at("light") == "paused");
    CHECK(dn.at("registrations").size() == 2);
    CHECK(dn.at("session").at("desired") == "paused");
    REQUIRE(dn.at("session").at("pauses").size() == 1);
    CHECK(dn.at("session").at("pauses")[0].at("application") == "test");
    CHECK(dn.at("recent_outcomes")[0].at("command") == "pause");
    CHECK(dn.at("recent_outcomes")[0].at("outcome") == "confirmed");
  }
}

TEST_CASE("a look at a DN that is not in use makes none") {
  watched_broker b;
  CHECK(get(b.port(), "/api/v1/dns/7001").status == 404);
  CHECK(b.json("/api/v1/dns").at("dns").empty());
}

TEST_CASE("numbers tell of what has happened, on every scheduler") {
  for (auto how : every_way) {
    watched_broker b{how};
    auto desk = registered(*b, role::desktop, "7001");
    CHECK(number_once(b, "ringdown_dns_without_recorder", 1) == 1);
    auto recorder = registered(*b, role::recorder, "7001");
    pause_and_confirm(desk, recorder, "7001");
    static_cast<void>(answer_to<event_error>(desk, send(desk, "nowhere", capture_verb::pause)));
    auto was = [&](const std::string& name, double wanted) {
      INFO(name);
      CHECK(number_once(b, name, wanted) == wanted);
    };
    was("ringdown_connections{role=\"desktop\"}", 1);
    was("ringdown_connections{role=\"recorder\"}", 1);
    was("ringdown_connections_unsigned", 0);
    was("ringdown_connections_accepted_total{door=\"in_process\"}", 2);
    was("ringdown_sign_ons_total{role=\"recorder\"}", 1);
    was("ringdown_requests_total{request=\"sign_on\"}", 2);
    was("ringdown_requests_total{request=\"register_address\"}", 2);
    was("ringdown_requests_total{request=\"send_event\"}", 3);
    was("ringdown_errors_total{code=\"41\"}", 1);
    was("ringdown_events_total{kind=\"command\"}", 1);
    was("ringdown_events_total{kind=\"indication\"}", 1);
    was("ringdown_commands_total{command=\"pause\"}", 1);
    was("ringdown_outcomes_total{command=\"pause\",outcome=\"confirmed\"}", 1);
    was("ringdown_outcome_seconds_count{command=\"pause\"}", 1);
    was("ringdown_dns", 1);
    was("ringdown_dns_without_recorder", 0);
    was("ringdown_recorders_active", 1);
    was("ringdown_sessions_light{light=\"paused\"}", 1);
    was("ringdown_sessions_light{light=\"unknown\"}", 0);
    was("ringdown_pauses_held", 1);
    was("ringdown_alarms", 0);
    recorder = {};
    was("ringdown_recorders_active", 0);
    was("ringdown_dns_without_recorder", 1);
    was("ringdown_connections{role=\"recorder\"}", 0);
    was("ringdown_disconnects_total{reason=\"lost\"}", 1);
  }
}

TEST_CASE("the configuration is shown as it runs, with where each value came from") {
  watched_broker b;
  auto all = b.json("/api/v1/config").at("config");
  CHECK(all.size() == configuration::keys().size());
  CHECK(all[0].at("key") == "listen.enabled");
  auto limits = b.json("/api/v1/limits").at("limits");
  for (auto& row : limits)
    CHECK(row.at("key").get<std::string>().starts_with("limits."));
  CHECK(limits.size() > 30);
  auto next = watched(way::one_loop);
  next.dns.list = {"7001", "7002"};
  next.limits.dns_max = 7; // needs a restart
  REQUIRE(b->reload(next));
  auto value = [&](const std::string& key) {
    auto page = b.json("/api/v1/config");
    for (auto& row : page.at("config"))
      if (row.at("key") == key)
        return row.at("value").get<std::string>();
    return std::string{};
  };
  CHECK(value("dns.list") == "2 DNs");
  CHECK(value("limits.dns_max") == "1000000");
  CHECK(number_once(b, "ringdown_config_reloads_total{result=\"taken\"}", 1) == 1);
  next.limits.dns_max = 0;
  CHECK_FALSE(b->reload(next));
  CHECK(number_once(b, "ringdown_config_reloads_total{result=\"refused\"}", 1) == 1);
}
