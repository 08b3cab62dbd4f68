// The daemon's TLS port.
#include "tests/broker/security/tls_client.hpp"
#include "tests/e2e/harness/daemon.hpp"
#include "tests/e2e/harness/process.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace ringdown;
using namespace ringdown::e2e;
using namespace ringdown::test;
using Catch::Matchers::Contains;

namespace {

/// Files of a daemon, and its flags.
struct certificate_files {
  certificate_files() { renew(); }
  void renew() const {
    auto own = root->issue({});
    files.write("server.pem", own.certificate);
    files.write("server.key", own.key);
  }
  flags all() const {
    return {"--listen_tls.enabled", "--listen_tls.port=0",
            "--tls.certificate_file=" + files.path("server.pem"),
            "--tls.key_file=" + files.path("server.key")};
  }

  file_folder files;
  std::unique_ptr<authority> root = std::make_unique<authority>();
};

std::uint16_t tls_port_of(const running_broker& broker) {
  broker.await_log("listening by TLS");
  for (auto& line : broker.log())
    if (line["message"] == "listening by TLS")
      return line["port"];
  return 0;
}

std::string serial_at(std::uint16_t port) {
  auto context = client_context({});
  auto link = dial(port, *context);
  INFO(link.text);
  REQUIRE(link);
  return link.stream->serial();
}

} // namespace

TEST_CASE(
  "The daemon says where it listens for TLS, and reads its files again when it is told to") {
  certificate_files made;
  running_broker broker{made.all()};
  auto port = tls_port_of(broker);
  CHECK(port != broker.port());
  auto before = serial_at(port);
  made.renew();
  broker.child().signal(SIGHUP);
  broker.await_log("the TLS doors' files were read: new connections use them");
  CHECK(serial_at(port) != before);
  CHECK(broker.stop() == 0);
}

TEST_CASE("The daemon notices files that change, and a bad one changes nothing") {
  certificate_files made;
  running_broker broker{made.all()};
  auto port = tls_port_of(broker);
  auto before = serial_at(port);
  made.renew();
  broker.await_log("the TLS doors' files were read: new connections use them");
  auto after = serial_at(port);
  CHECK(after != before);
  made.files.write("server.pem", "-----BEGIN CERTIFICATE-----\nAAAA");
  broker.await_log("the TLS doors' files have changed and are not good");
  CHECK(serial_at(port) == after);
  broker.child().signal(SIGHUP);
  broker.await_log("reload refused: ");
  CHECK(serial_at(port) == after);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A certificate without its key is told by --check-config as at a start, with 2") {
  certificate_files made;
  made.files.write("server.key", made.root->issue({}).key);
  for (auto& more : {flags{"--check-config"}, flags{"--listen.port=0"}}) {
    auto asked = run_ringdownd(made.all() + more);
    CHECK(asked.status == 2);
    CHECK_THAT(asked.err, Contains("tls.key_file: ") && Contains("server.key: is not the key of"));
  }
}
