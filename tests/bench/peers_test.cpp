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

namespace {

class opponent {
public:
  explicit opponent(const std::string& name)
    : what_(find_peer(name)), program_(program_of(*what_, {})) {}

  /// Else it is said.
  bool is_installed() const {
    if (!version_of(*what_, program_).empty())
      return true;
    WARN(what_->name << " is not installed (scripts/packages.txt, group bench)");
    return false;
  }

  /// Starts it; the load that speaks to it.
  load_options start(bool by_tls) {
    peer_place place{free_port(), folder_.file(""), program_, {}};
    auto o = small_load(place.port);
    o.silence_max = 5s;
    o.speak = what_->speak();
    if (by_tls) {
      place.tls = tls_files{folder_.file("certificate.pem"), folder_.file("key.pem")};
      REQUIRE_FALSE(make_certificate(place.tls->certificate, place.tls->key));
      o.links.secured = one_cipher(place.tls->certificate);
      o.links.server_name = "127.0.0.1";
      o.links.greets_in_plain = what_->tls == tls_start::behind_greeting;
    }
    REQUIRE_FALSE(broker_.start(what_->plan(place)));
    REQUIRE_FALSE(broker_.await(place.port, 20s));
    return o;
  }

private:
  const peer* what_;
  std::string program_;
  scratch_folder folder_;
  server broker_;
};

} // namespace

TEST_CASE("each other broker that is installed is verified, in plain and by TLS with one cipher") {
  auto name = GENERATE(as<std::string>{}, "redis", "nats", "mosquitto");
  bool by_tls = GENERATE(false, true);
  CAPTURE(name, by_tls);
  opponent other{name};
  if (!other.is_installed())
    return;
  auto r = run_load(other.start(by_tls));
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.found.acked > 0);
  CHECK(r.tls == (by_tls ? "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519" : ""));
}

TEST_CASE("TLS that begins behind a greeting does not begin without hearing it") {
  opponent other{"nats"};
  if (!other.is_installed())
    return;
  auto o = other.start(true);
  o.links.greets_in_plain = false;
  CHECK_FALSE(run_load(o).trouble.empty());
}
