// Runs by TLS: as honest as plain ones, with the certificate that the bench makes for a broker.
#include "bench/load/run.hpp"
#include "bench/machine/certificate.hpp"
#include "tests/bench/small_load.hpp"
#include "tests/client/fake_broker.hpp"
#include "tests/client/tls_relay.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ringdown;
using namespace ringdown::bench;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

/// A broker behind a door whose certificate the bench has made.
struct stand {
  scratch_folder folder;
  certificate_files own{folder.file("certificate.pem"), folder.file("key.pem")};
  std::set<std::string> credentials; ///< of who has signed on; the broker's thread's
  std::optional<fake_broker> broker;
  std::optional<tls_relay> door;

  stand() {
    REQUIRE_FALSE(make_certificate(own.certificate, own.key));
    fake_broker::options options;
    options.window_requests = 8;
    options.on_request = [this](fake_broker&, int, const v1::Frame& request) {
      if (request.has_request_sign_on())
        credentials.insert(request.request_sign_on().credentials());
      return false;
    };
    broker.emplace(options);
    tls_relay::options how;
    how.own = own;
    door.emplace(std::move(how), broker->port());
  }

  load_options small() const {
    auto o = small_load(door->port());
    o.links.secured =
      std::make_shared<client::tls_context>(client::tls_options{.ca_file = own.certificate});
    o.links.server_name = "127.0.0.1";
    o.credentials = "a token";
    o.silence_max = 5s;
    return o;
  }
};

} // namespace

TEST_CASE("a run by TLS has every delivery verified") {
  stand s;
  auto r = run_load(s.small());
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.found.sent > 0);
  CHECK(r.found.delivered == r.found.acked);
  CHECK(s.door->handshakes == 5);
  CHECK_THAT(r.tls, Catch::Matchers::StartsWith("TLSv1.3, TLS_"));
  s.door.reset();
  s.broker.reset();
  CHECK(s.credentials == std::set<std::string>{"a token"});
}

TEST_CASE("for a comparison one cipher of TLS 1.3 is offered, and no other is agreed on") {
  stand s;
  auto o = s.small();
  o.links.secured = one_cipher(s.own.certificate);
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.good());
  CHECK(r.tls == "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519");
}

TEST_CASE("by TLS too a receiver that reads slowly holds up no other") {
  stand s;
  auto o = s.small();
  o.receivers = 2;
  o.slow_receivers = 1;
  o.slow_bytes_per_second = 4'000'000;
  auto r = run_load(o);
  INFO(r.trouble);
  CHECK(r.found.sent > 0);
  CHECK(r.trouble.empty());
}

TEST_CASE("a run whose broker shows another certificate says so") {
  stand s;
  auto o = s.small();
  o.links.server_name = "other.example";
  auto r = run_load(o);
  CHECK(r.trouble.find("another name") != std::string::npos);
}
