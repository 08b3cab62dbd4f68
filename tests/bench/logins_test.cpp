// Agents at work beside storms of logins, against a broker of the test's own.
#include "bench/load/logins.hpp"
#include "bench/machine/certificate.hpp"
#include "bench/tell/report_logins.hpp"
#include "client/connection.hpp"
#include "tests/client/fake_broker.hpp"
#include "tests/client/tls_relay.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace ringdown;
using namespace ringdown::bench;
using namespace ringdown::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// A broker with both doors.
struct two_doors {
  scratch_folder folder;
  certificate_files own{folder.file("certificate.pem"), folder.file("key.pem")};
  fake_broker broker;
  std::optional<tls_relay> door;

  two_doors() {
    REQUIRE_FALSE(make_certificate(own.certificate, own.key));
    tls_relay::options how;
    how.own = own;
    door.emplace(std::move(how), broker.port());
  }

  logins_options small() const {
    logins_options o;
    o.plain.links.address = client::resolve("127.0.0.1", broker.port()).addresses.at(0);
    o.by_tls.links.address = client::resolve("127.0.0.1", door->port()).addresses.at(0);
    o.by_tls.links.secured = one_cipher(own.certificate);
    o.by_tls.links.server_name = "127.0.0.1";
    for (auto* storm : {&o.plain, &o.by_tls}) {
      storm->connections = storm->dns = 20;
      storm->links.opening_max = 20;
      storm->links.come_again = true;
      storm->seconds = 0ms;
      storm->patience = 20s;
    }
    o.agents.links = o.by_tls.links;
    o.agents.pairs = 2;
    o.agents.every = 2ms;
    o.agents.times_resumes = true;
    o.rounds = 2;
    o.rest = 50ms;
    o.ebb = 10ms;
    return o;
  }
};

storms storm_of(std::chrono::nanoseconds all_in, std::uint64_t ack_ns) {
  storms s;
  s.all_in = {all_in};
  s.agents.sent = 1;
  s.agents.ack.record(ack_ns);
  return s;
}

} // namespace

TEST_CASE("storms of logins come by both doors in each round, beside agents at work") {
  two_doors stand;
  auto o = stand.small();
  unsigned rounds = 0;
  auto r = run_logins(o, [&](unsigned round, const logins_result& so_far) {
    CHECK(so_far.plain.all_in.size() == round);
    ++rounds;
  });
  INFO(r.trouble);
  CHECK(r.trouble.empty());
  CHECK(is_good(r));
  CHECK(rounds == 2);
  CHECK(r.plain.all_in.size() == 2);
  CHECK(r.by_tls.all_in.size() == 2);
  CHECK(r.by_tls.opening_times.count() == 40);
  CHECK(r.plain.tls.empty());
  CHECK(r.by_tls.tls == "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519");
  CHECK(r.alone.ack.count() > 0);
  CHECK(r.alone.ack.count() == r.alone.sent);
  CHECK(stand.door->handshakes == 44); // the agents' four too
}

TEST_CASE("a storm that nobody answers ends the run with its reason") {
  two_doors stand;
  auto o = stand.small();
  o.plain.links.address = client::resolve("127.0.0.1", 9).addresses.at(0); // nobody listens there
  o.plain.patience = 50ms;
  auto r = run_logins(o);
  CHECK_THAT(r.trouble, Contains("only 0 of 20"));
  CHECK(r.plain.all_in.empty());
}

TEST_CASE("what agents feel of logins stands side by side: of none, of plain ones and by TLS") {
  logins_options o;
  o.plain.connections = o.by_tls.connections = 5'000;
  o.agents.pairs = 100;
  o.agents.every = 1ms;
  o.rounds = 1;
  logins_result r;
  r.alone.ack.record(100'000);
  r.plain = storm_of(500ms, 1'000'000);
  r.by_tls = storm_of(2s, 3'000'000);
  r.by_tls.tls = "TLSv1.3, A, B";
  r.by_tls.refused = 7;
  r.agents_are_good = true;
  r.agents_run_first = true;
  auto text = text_of(o, r);
  CHECK_THAT(text, Contains("100 desktops and their recorders at work by TCP, 2000 commands/s"));
  CHECK_THAT(text, Contains("5000 logins, plain ") && Contains(" 0.50      10000\n"));
  CHECK_THAT(text, Contains("5000 logins, TLS ") && Contains(" 2.00       2500\n"));
  CHECK_THAT(text, Contains("TLSv1.3, A, B") && Contains("7 logins were refused at first"));
  CHECK_THAT(text, !Contains("waits for that of the storm") && Contains("each command was ACKed"));
  auto all = to_json(o, r);
  CHECK(all["beside"][1]["logins_per_s"] == 10'000);
  CHECK(all["beside"][2]["tls"] == "TLSv1.3, A, B");
  CHECK(all["beside"][0]["commands"]["ack_us"]["count"] == 1);
  r.by_tls.agents.errors[111] = 1;
  CHECK_FALSE(is_good(r));
  CHECK_THAT(text_of(o, r), Contains("NOT VERIFIED"));
}
