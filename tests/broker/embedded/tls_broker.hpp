// A broker with a TLS door and a plain one beside it, and clients at both.
#pragma once

#include "tests/broker/embedded/in_process.hpp"
#include "tests/broker/security/tls_client.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

namespace ringdown::test {

struct tls_broker {
  explicit tls_broker(way how = way::one_loop) : config(run_as(how)) {
    config.listen.port = 0;
    config.listen_tls.enabled = true;
    config.listen_tls.port = 0;
    own = root.issue({});
    config.tls.certificate_file = files.write("server.pem", own.certificate);
    config.tls.key_file = files.write("server.key", own.key);
    // A machine that is busy must not end anybody.
    config.limits.handshake_timeout = std::chrono::minutes{2};
    config.limits.sign_on_timeout = std::chrono::minutes{2};
    options = quiet(log);
    options.listen = true;
  }
  /// Clients show certificates of `clients`.
  void ask_clients() {
    config.tls.client_certificates = configuration::client_certificates::required;
    config.tls.client_ca_file = files.write("clients.pem", clients.certificate());
  }
  broker& start() {
    one.emplace(config, options);
    auto started = one->start();
    INFO(started.text());
    REQUIRE(started);
    REQUIRE(one->tls_port() != 0);
    return *one;
  }
  /// New certificate and key, in the same files.
  void renew() {
    own = root.issue({});
    files.write("server.pem", own.certificate);
    files.write("server.key", own.key);
  }

  dialled dial_as(const client_manner& how = {}) const {
    auto context = client_context(how);
    return dial(one->tls_port(), *context);
  }
  /// One that has signed on by TLS.
  client::connection join_by_tls(role r, const client_manner& how = {}) const {
    auto link = dial_as(how);
    INFO(link.text);
    REQUIRE(link);
    client::connection connection;
    auto opened = connection.open(std::move(link.stream), as(r));
    INFO(opened.text);
    REQUIRE(opened);
    return connection;
  }
  client::connection join_plainly(role r) const {
    client::connection connection;
    auto opened = connection.open(client::endpoint{"127.0.0.1", one->port()}, as(r));
    INFO(opened.text);
    REQUIRE(opened);
    return connection;
  }
  std::string serial() const {
    auto link = dial_as();
    INFO(link.text);
    REQUIRE(link);
    return link.stream->serial();
  }
  void await_log(const std::string& text) const {
    INFO("waits for " << text);
    REQUIRE(log.tells(text));
  }
  /// Whether it becomes true before patience ends.
  template <class Condition>
  static bool soon(Condition holds) {
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() >= deadline)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
  }

  kept_log log;
  file_folder files;
  authority root{"Broker's authority"};
  authority clients{"Clients' authority"};
  key_pair own;
  configuration::config config;
  broker_options options;
  std::optional<broker> one; // last: it uses the rest
};

/// They hear each other, both ways.
inline void check_speaking(client::connection& desktop, client::connection& recorder,
                           const std::string& dn = "7001") {
  auto ack = answer_to<client::event_ack>(desktop, send(desktop, dn, capture_verb::pause));
  auto heard = next<client::event_user_event>(recorder);
  CHECK(heard.sequence == ack.sequence);
  answer_to<client::event_ack>(recorder, send(recorder, dn, capture_verb::paused));
  CHECK(next<client::event_user_event>(desktop).verb == capture_verb::paused);
}

} // namespace ringdown::test
