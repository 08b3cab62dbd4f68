// What a comparison computes from its rounds, and how its loads are named.
#include "bench/speak/peers/peer.hpp"
#include "bench/tell/compare_report.hpp"
#include "bench/tell/html.hpp"
#include "bench/tell/plots.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace ringdown::bench;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("a median stands in the middle of its spread") {
  auto odd = spread_of({3, 1, 2});
  CHECK(odd.median == 2);
  CHECK(odd.low == 1);
  CHECK(odd.high == 3);
  CHECK(spread_of({4, 1}).median == 2.5);
  CHECK(spread_of({}).median == 0);
}

TEST_CASE("ratios are taken within a round, and not of what was not measured") {
  CHECK(ratios({2, 9, 4}, {1, 3, 8}) == std::vector<double>{2, 3, 0.5});
  CHECK(ratios({2, 0, 4}, {1, 3, 0}) == std::vector<double>{2});
  CHECK(ratios({2, 3}, {1}) == std::vector<double>{2});
}

TEST_CASE("loads of a comparison are read by name") {
  auto closed = load_of("256x1");
  REQUIRE(closed);
  CHECK(closed->producers == 256);
  CHECK(closed->window == 1);
  CHECK(closed->receivers == 1);
  CHECK_FALSE(closed->rate);
  auto wide = load_of("16x64/8");
  REQUIRE(wide);
  CHECK(wide->receivers == 8);
  auto open = load_of("open:20000");
  REQUIRE(open);
  CHECK(open->rate == 20'000);
  auto fan_out = load_of("fanout:100");
  REQUIRE(fan_out);
  CHECK(fan_out->receivers == 100);
  CHECK(fan_out->dns == 1);
  CHECK_FALSE(fan_out->is_connections());
  auto connections = load_of("connections:10000");
  REQUIRE(connections);
  CHECK(connections->is_connections());
  CHECK(connections->connections == 10'000);
  for (auto* bad :
       {"fanout:", "fanout:0", "fanout:8/2", "connections:", "connections:1k", "", "x", "16x",
        "x64", "16x64/", "16x64/0", "0x1", "open:", "open:-1", "16x64x1", "16 x64", "open:20k"}) {
    INFO(bad);
    CHECK_FALSE(load_of(bad));
  }
}

TEST_CASE("a load of a comparison makes a run with every receiver on all DNs") {
  load_options o;
  shape(o, *load_of("4x2/8"));
  CHECK(o.producers == 4);
  CHECK(o.window == 2);
  CHECK(o.receivers == 8);
  CHECK(o.fan_out == 8);
  CHECK_FALSE(o.open_loop);
  o.dns = 500;
  shape(o, *load_of("16x64"));
  CHECK(o.dns == 500);
  shape(o, *load_of("fanout:30"));
  CHECK(o.dns == 1);
  CHECK(o.producers == 1);
  CHECK(o.fan_out == 30);
  CHECK_FALSE(unusable(o));
  idle_options idle;
  shape(idle, *load_of("connections:30"));
  CHECK(idle.connections == 30);
  CHECK(idle.dns == 30); // each has its own
}

namespace {

comparison_result two_brokers() {
  comparison_result c;
  c.loads = {*load_of("fanout:2"), *load_of("connections:10")};
  c.members = {{"ringdown", "1"}, {"floor", "-"}};
  c.rounds = 1;
  c.all.resize(4);
  load_options load;
  load.fan_out = 2;
  load_result r;
  r.measured = 1s;
  r.acked = 100;
  r.delivered = 200;
  r.broker_cpu = 1ms;
  r.own_cpu = 250ms;
  idle_options idle;
  idle.connections = 10;
  idle_result i;
  i.opening = 1s;
  i.opening_cpu = 1ms;
  i.own_opening_cpu = 750ms;
  i.resident_before = 0;
  i.resident_after = 30'000;
  for (std::size_t member : {0u, 1u}) {
    note(c.at(0, member), load, r);
    note(c.at(1, member), idle, i);
  }
  return c;
}

/// Three brokers under one open loop, with latencies from 1 to 1,000 us and deliveries of twice
/// that.
comparison_result timed() {
  comparison_result c;
  c.loads = {*load_of("open:500")};
  c.members = {{"ringdown", "1"}, {"floor", "-"}, {"redis", "Redis server v=7.0.15 sha=0"}};
  c.rounds = 1;
  c.seconds = 2.5;
  c.all.resize(3);
  load_result r;
  r.measured = 1s;
  r.acked = r.delivered = 1000;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    r.ack_latency.record(i * 1000);
    r.delivery_latency.record(i * 2000);
  }
  for (auto [member, cpu] : {std::pair{0u, 10ms}, {1u, 5ms}, {2u, 20ms}}) {
    r.broker_cpu = cpu;
    note(c.at(0, member), load_options{}, r);
  }
  return c;
}

} // namespace

TEST_CASE("events and connections of a comparison stand in tables of their own") {
  auto text = text_of(two_brokers());
  CHECK_THAT(text, Contains("| fanout:2 | floor | 100 (100-100) | 10.00 (10.00-10.00) | "
                            "1.00 (1.00-1.00) | 5.00 (5.00-5.00) |"));
  CHECK_THAT(text, Contains("| connections:10 | floor | 10 (10-10) | 100.00 (100.00-100.00) | "
                            "1.00 (1.00-1.00) | 3000 (3000-3000) |"));
  auto of_events = two_brokers();
  of_events.loads.pop_back();
  CHECK_THAT(text_of(of_events), !Contains("connection"));
}

TEST_CASE("a comparison tells what its own program took, but not in the tables of a document") {
  auto text = text_of(two_brokers());
  CHECK_THAT(text, Contains("| delivery p99 us | own CPU % |") && Contains("| 25 (25-25) |\n"));
  CHECK_THAT(text, Contains("| p99 us | own CPU % |") && Contains("| 75 (75-75) |\n"));
  CHECK_THAT(markdown_of(two_brokers()), !Contains("own CPU"));
  CHECK(to_json(two_brokers())["compare"][3]["own_cpu_percent"]["median"] == 75);
}

TEST_CASE("programs read the same of a comparison") {
  auto out = to_json(two_brokers());
  REQUIRE(out["compare"].size() == 4);
  CHECK(out["compare"][0]["broker_cpu_us_per_delivery"]["median"] == 5);
  CHECK(out["compare"][3]["broker_bytes_per_connection"]["median"] == 3000);
  CHECK(out["compare"][3]["registrations_per_s"]["median"] == 10);
  CHECK(out["versions"]["ringdown"] == "1");
}

TEST_CASE("a comparison tells how long answers and deliveries take") {
  auto row = to_json(timed())["compare"][1];
  CHECK(row["ack_us_p50"]["median"] == Approx(500).epsilon(0.01));
  CHECK(row["ack_us_p99"]["median"] == Approx(990).epsilon(0.01));
  CHECK(row["ack_us_p99.9"]["median"] == Approx(999).epsilon(0.01));
  CHECK(row["delivery_us_p50"]["median"] == Approx(1000).epsilon(0.01));
  CHECK(row["delivery_us_p99"]["median"] == Approx(1980).epsilon(0.01));
  CHECK_THAT(text_of(timed()), Contains("| ACK p99 us | ACK p99.9 us | delivery p50 us |"));
  CHECK_THAT(text_of(timed()), Contains("| 991 (991-991) | 1000 (1000-1000) | 1008 (1008-1008) |"));
}

TEST_CASE("a document gets a row for each load, with the ratio to each other broker") {
  auto text = markdown_of(timed());
  CHECK_THAT(text,
             StartsWith("| load | ringdown, CPU us an event | floor | redis | ringdown / redis |\n"
                        "|---|---|---|---|---|\n"
                        "| open:500 | 10.00 (10.00-10.00) | 5.00 (5.00-5.00) | "
                        "20.00 (20.00-20.00) | 0.50 |\n\n"));
  CHECK_THAT(text,
             Contains("| load | broker | ACK p50 us | p99 | p99.9 | delivery p50 us | p99 |\n"));
  CHECK_THAT(text,
             Contains("| open:500 | floor | 504 (504-504) | 991 (991-991) | 1,000 (1,000-1,000) | "
                      "1,008 (1,008-1,008) | 1,982 (1,982-1,982) |\n"));
  CHECK_THAT(text, Contains("| load | ringdown, events/s | floor | redis |\n|---|---|---|---|\n"
                            "| open:500 | 1,000 | 1,000 | 1,000 |\n"));
  CHECK_THAT(text, Contains("1 rounds in turns, 2.5 s each"));
  CHECK_THAT(text, Contains("Versions: ringdown 1, floor -, redis 7.0.15."));
  CHECK_THAT(text, !Contains("connection") && !Contains("missing"));
  CHECK_THAT(markdown_of(two_brokers()),
             Contains("| connections:10 | floor | 10 (10-10) | 100.0 (100.0-100.0) | "
                      "3,000 (3,000-3,000) |"));
}

TEST_CASE("a broker without figures leaves its places empty and is told of below") {
  auto c = timed();
  c.members[2].version.clear();
  note_failure(c.at(0, 2), "not installed");
  c.at(0, 1).client_was_the_limit = true;
  auto text = markdown_of(c);
  CHECK_THAT(text, Contains("| open:500 | 10.00 (10.00-10.00) | 5.00 (5.00-5.00) | - | - |\n"));
  CHECK_THAT(text,
             Contains("- floor, open:500: client limited\n- redis, open:500: not installed\n"));
  CHECK_THAT(text, Contains("redis not installed"));
  CHECK_THAT(text_of(c), Contains("| open:500 | redis | - not installed | - |"));
  CHECK(to_json(c)["compare"][2]["failure"] == "not installed");
  CHECK(html_report("compare", c).find("nan") == std::string::npos);
}

TEST_CASE("a comparison says what each has agreed on for TLS, and once where all have the same") {
  auto c = timed();
  CHECK_THAT(markdown_of(c), !Contains("TLS"));
  CHECK_FALSE(to_json(c).contains("tls"));
  c.members[0].tls = c.members[2].tls = "TLSv1.3, A, B";
  CHECK_THAT(markdown_of(c), Contains(" By TLS: TLSv1.3, A, B (ringdown, redis).\n"));
  CHECK_THAT(text_of(c), Contains("ringdown   1   (TLSv1.3, A, B)\nfloor      -\n"));
  CHECK(to_json(c)["tls"].size() == 2);
  c.members[2].tls = "TLSv1.2, C, D";
  CHECK_THAT(markdown_of(c),
             Contains("By TLS: TLSv1.2, C, D (redis); TLSv1.3, A, B (ringdown).\n"));
}

TEST_CASE("a report of a comparison has its table and its bars") {
  auto text = html_report("compare --a <b>", timed());
  CHECK_THAT(text, Contains("compare --a &lt;b&gt;"));
  CHECK_THAT(text, Contains("ACK p99.9 us"));
  CHECK_THAT(text, Contains("Broker CPU for each event"));
}

TEST_CASE("a comparison's picture has a bar of each broker for each load") {
  auto chart = cpu_chart(two_brokers());
  CHECK(chart.groups == std::vector<std::string>{"fanout:2", "connections:10"});
  REQUIRE(chart.members.size() == 2);
  CHECK(chart.members[1].name == "floor");
  REQUIRE(chart.members[1].values.size() == 2);
  CHECK(chart.members[1].values[0].median == 10);
  CHECK(chart.members[1].values[1].median == 100);
  CHECK_THAT(chart.title, Contains("registration"));
  auto of_events = two_brokers();
  of_events.loads.pop_back();
  CHECK_THAT(cpu_chart(of_events).title, !Contains("registration"));
}

TEST_CASE("peers are known by name") {
  for (auto& p : peers())
    CHECK(find_peer(p.name) == &p);
  CHECK(find_peer("carrier pigeon") == nullptr);
}
