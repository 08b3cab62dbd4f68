// The brokers that ours is compared with, where they are installed: each is started as a comparison
// starts it, and verified like ours.
#include "bench/machine/certificate.hpp"
#include "bench/speak/peers/peer.hpp"
#include "tests/bench/small_load.hpp"
#include "tests/client/test_certificates.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::bench;
using namespace ringdown::test;
using namespace std::chrono_literals;

TEST_CASE("each other broker that is installed is verified, in plain and by TLS with one cipher") {
  auto* name = GENERATE("redis", "nats", "mosquitto");
  bool by_tls = GENERATE(false, true);
  CAPTURE(name, by_tls);
  auto* p = find_peer(name);
  auto program = program_of(*p, {});
  if (version_of(*p, program).empty()) {
    WARN(name << " is not installed (scripts/packages.txt, group bench)");
    return;
  }
  scratch_folder folder;
  tls_files files{folder.file("certificate.pem"), folder.file("key.pem")};
  REQUIRE_FALSE(make_certificate(files.certificate, files.key));
  peer_place place{free_port(), folder.file(""), program, {}};
  auto o = small_load(place.port);
  o.silence_max = 5s;
  o.speak = p->speak();
  if (by_tls) {
    place.tls = files;
    o.links.secured = one_cipher(files.certificate);
    o.links.server_name = "127.0.0.1";
    o.links.greets_in_plain = p->tls == tls_start::behind_greeting;
  }
  server broker;
  REQUIRE_FALSE(broker.start(p->plan(place)));
  REQUIRE_FALSE(broker.await(place.port, 20s));
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.found.acked > 0);
  CHECK(r.tls == (by_tls ? "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519" : ""));
}

TEST_CASE("a broker that TLS is begun with behind its greeting is none that begins at once") {
  auto* p = find_peer("nats");
  auto program = program_of(*p, {});
  if (version_of(*p, program).empty()) {
    WARN("nats is not installed (scripts/packages.txt, group bench)");
    return;
  }
  scratch_folder folder;
  tls_files files{folder.file("certificate.pem"), folder.file("key.pem")};
  REQUIRE_FALSE(make_certificate(files.certificate, files.key));
  peer_place place{free_port(), folder.file(""), program, files};
  server broker;
  REQUIRE_FALSE(broker.start(p->plan(place)));
  REQUIRE_FALSE(broker.await(place.port, 20s));
  auto o = small_load(place.port);
  o.speak = p->speak();
  o.links.secured = one_cipher(files.certificate);
  o.links.server_name = "127.0.0.1";
  CHECK_FALSE(run_load(o).trouble.empty());
}
