// A link to a broker behind a door of TLS, over sockets of 127.0.0.1: what is trusted, what is not,
// and in which words.
#include "client/t_client.hpp"
#include "tests/client/fake_broker.hpp"
#include "tests/client/tls_relay.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

#include <algorithm>
#include <cstdio>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using namespace ringdown::test;

namespace {

constexpr auto patience = 20s;

struct stand {
  scratch_folder folder;
  test_authority authority{folder};
  fake_broker broker;
  std::optional<tls_relay> door;

  explicit stand(const wanted_certificate& what = {}, bool mutual = false,
                 bool only_tls_1_2 = false, bool stalls = false) {
    tls_relay::options how;
    how.own = authority.issue("broker", what);
    how.client_authority = mutual ? authority.file() : std::string{};
    how.only_tls_1_2 = only_tls_1_2;
    how.stalls = stalls;
    door.emplace(std::move(how), broker.port());
  }

  endpoint place(const std::string& host = "127.0.0.1") const {
    auto where = parse_endpoint("tls://" + host + ":" + std::to_string(door->port()));
    REQUIRE(where);
    where->tls->ca_file = authority.file();
    return *where;
  }
};

/// What the text says besides its fault.
void check_refused(const open_result& result, link_fault fault, const std::string& words) {
  CAPTURE(result.text);
  CHECK(result.fault == fault);
  CHECK(result.text.find(words) != std::string::npos);
}

void wait_until_closed(connection& link) {
  auto until = std::chrono::steady_clock::now() + patience;
  while (link.state() != link_state::closed && std::chrono::steady_clock::now() < until)
    link.poll(50ms);
}

} // namespace

TEST_CASE("tls:// in front of an address asks for TLS, at a port of its own") {
  auto where = parse_endpoint("tls://broker.example");
  REQUIRE(where);
  CHECK(where->host == "broker.example");
  CHECK(where->port == tls_port);
  CHECK(where->tls.has_value());
  CHECK(parse_endpoint("tls://[::1]:7")->host == "::1");
  CHECK_FALSE(parse_endpoint("broker.example")->tls);
  CHECK_FALSE(parse_endpoint("tls://"));
  CHECK_FALSE(parse_endpoint("tls:broker"));
}

TEST_CASE("a link by TLS stands with a broker whose certificate is right, by address and by name") {
  stand s;
  bool by_name = GENERATE(false, true);
  connection link;
  auto opened = link.open(s.place(by_name ? "localhost" : "127.0.0.1"), {});
  CAPTURE(opened.text);
  REQUIRE(opened);
  CHECK(s.door->named == (by_name ? 1 : 0));
  CHECK(s.door->speak_ringdown == 1);
  auto sent = link.register_address(std::vector<std::string>{"7001"});
  REQUIRE(sent);
  CHECK(link.wait_reply(sent.reference, patience));
  link.leave(patience);
}

TEST_CASE("another name than the host's may be expected") {
  stand s{{.names = "DNS:ringdown.example"}};
  auto where = s.place();
  where.tls->server_name = "ringdown.example";
  connection link;
  CHECK(link.open(where, {}));
  CHECK(s.door->named == 1);
}

TEST_CASE("a broker that cannot show who it is gets no word, and which is wrong is told") {
  struct row {
    wanted_certificate what;
    link_fault fault;
    const char* words;
  };
  auto wrong = GENERATE(
    row{{.names = "DNS:other.example,IP:192.0.2.1"}, link_fault::certificate_name, "another name"},
    row{{.names = "", .common_name = "127.0.0.1"}, link_fault::certificate_name, "another name"},
    row{{.until = -60s}, link_fault::certificate_expired, "expired"},
    row{{.from = 3600s}, link_fault::certificate_expired, "not yet valid"});
  stand s{wrong.what};
  connection link;
  check_refused(link.open(s.place(), {}), wrong.fault, wrong.words);
  CHECK(s.broker.sign_ons == 0);
}

TEST_CASE("a broker of an authority that is not trusted gets no word") {
  stand s;
  test_authority other{s.folder, "other"};
  auto where = s.place();
  where.tls->ca_file = GENERATE(true, false) ? other.file() : ""; // the system's
  connection link;
  check_refused(link.open(where, {}), link_fault::certificate_untrusted, "not trusted");
  CHECK(s.broker.sign_ons == 0);
}

TEST_CASE("a broker that asks for a certificate gets it, or the program hears that it has to") {
  bool only_tls_1_2 = GENERATE(false, true);
  stand s{{}, true, only_tls_1_2};
  auto where = s.place();
  connection link;
  SECTION("one that it trusts") {
    auto own = s.authority.issue("client");
    where.tls->certificate_file = own.certificate;
    where.tls->key_file = own.key;
    auto opened = link.open(where, {});
    CAPTURE(opened.text);
    CHECK(opened);
  }
  SECTION("none") {
    check_refused(link.open(where, {}), link_fault::certificate_required, "none is given");
  }
  SECTION("a stranger's") {
    auto own = test_authority{s.folder, "stranger"}.issue("client");
    where.tls->certificate_file = own.certificate;
    where.tls->key_file = own.key;
    check_refused(link.open(where, {}), link_fault::certificate_required, "does not take");
  }
}

TEST_CASE("a version below the lowest that is wanted is not spoken") {
  stand s{{}, false, true};
  auto where = s.place();
  where.tls->version_min = tls_version::tls_1_3;
  connection link;
  check_refused(link.open(where, {}), link_fault::tls_failed, "no version of TLS");
}

TEST_CASE("a door that says nothing costs no more than the time to connect") {
  stand s{{}, false, false, true};
  steady_time time{1h};
  connection link{[&] { return time; }};
  link.start(s.place(), {});
  auto until = std::chrono::steady_clock::now() + patience;
  while ((link.poll_events() & POLLIN) == 0 && std::chrono::steady_clock::now() < until)
    link.poll(0ms);
  CHECK((link.poll_events() & POLLIN) != 0); // it waits for the broker's part of the handshake
  CHECK(link.next_deadline() == time + 5s);
  time += 5s;
  link.poll(0ms);
  check_refused(link.result(), link_fault::timed_out, "TLS handshake");
}

TEST_CASE("a link that is cut is told as cut, and one that the broker ends as ended") {
  stand s;
  connection link;
  REQUIRE(link.open(s.place(), {}));
  bool cut = GENERATE(false, true);
  if (cut)
    s.door->cut_all();
  else
    s.broker.disconnect_all();
  wait_until_closed(link);
  check_refused(link.result(), link_fault::closed_by_peer,
                cut ? "was cut" : "the broker closed the connection");
}

TEST_CASE("a program that closes its link says so to the other side") {
  stand s;
  connection link;
  REQUIRE(link.open(s.place(), {}));
  link.close();
  auto until = std::chrono::steady_clock::now() + patience;
  while (s.door->polite_ends == 0 && std::chrono::steady_clock::now() < until)
    ::poll(nullptr, 0, 5);
  CHECK(s.door->polite_ends == 1);
}

TEST_CASE("TLS at a plain door, and plain words at a door of TLS, are told as what they are") {
  stand s;
  connection link;
  auto plain = s.place();
  plain.tls.reset();
  check_refused(link.open(plain, {}), link_fault::closed_by_peer, "tls://");
  auto where = s.place();
  where.port = s.broker.port();
  auto met = link.open(where, {});
  CAPTURE(met.text);
  CHECK((met.fault == link_fault::tls_failed || met.fault == link_fault::closed_by_peer));
}

TEST_CASE("a certificate's fault is told, not that another address refuses") {
  stand s{{.names = "DNS:other.example"}};
  auto where = look_up(s.place());
  REQUIRE(where.found.size() == 1);
  where.found.push_back(where.found.front());
  where.found.back().port = 1;
  connection link;
  link.start_at_any(where, {});
  wait_until_closed(link);
  CHECK(link.result().fault == link_fault::certificate_name);
}

TEST_CASE("files that cannot be used are a fault of the attempt, and no host is asked") {
  stand s;
  auto where = s.place();
  where.tls->ca_file = s.folder.file("nowhere.pem");
  connection link;
  check_refused(link.open(where, {}), link_fault::bad_tls_options, "ca_file '");
  CHECK(s.door->handshakes == 0);
}

TEST_CASE("the document's program signs on by TLS with the token of its file") {
  std::string credentials; // the broker's thread's while there is one
  fake_broker::options options;
  options.on_request = [&](fake_broker&, int, const v1::Frame& request) {
    if (request.has_request_sign_on())
      credentials = request.request_sign_on().credentials();
    return false;
  };
  std::optional<fake_broker> broker{options};
  scratch_folder folder;
  test_authority authority{folder};
  std::optional<tls_relay> door{std::in_place, tls_relay::options{authority.issue("broker")},
                                broker->port()};
  auto token = folder.write("token", "a-token-of-a-test\n");
  auto command = "env --default-signal=PIPE timeout 60 " RINGDOWN_EXAMPLE_SECURE
                 " tls://127.0.0.1:" +
                 std::to_string(door->port()) + " '" + authority.file() + "' '" + token + "' 7001";
  auto* program = ::popen(command.c_str(), "r");
  REQUIRE(program != nullptr);
  auto until = std::chrono::steady_clock::now() + patience;
  while (broker->sign_ons == 0 && std::chrono::steady_clock::now() < until)
    ::poll(nullptr, 0, 5);
  door.reset();
  broker.reset();
  ::pclose(program); // it ends as it tells nobody of the link that is lost
  CHECK(credentials == "a-token-of-a-test");
}

TEST_CASE("a client that reconnects does so by TLS, and says where") {
  stand s;
  t_client_options options;
  options.places = {s.place()};
  options.backoff.first_max = 10ms;
  t_client client{std::move(options)};
  std::vector<link_notice> told;
  REQUIRE(client.listen([&](const notice& n) {
    if (auto* link = std::get_if<link_notice>(&n))
      told.push_back(*link);
  }));
  client.start();
  auto wait_for_ups = [&](int ups) {
    auto until = std::chrono::steady_clock::now() + patience;
    auto count = [&] {
      return std::count_if(told.begin(), told.end(),
                           [](const link_notice& n) { return n.phase == link_phase::up; });
    };
    while (count() < ups && std::chrono::steady_clock::now() < until)
      client.poll(50ms);
    return count() == ups;
  };
  REQUIRE(wait_for_ups(1));
  CHECK(told.back().where == "tls://127.0.0.1:" + std::to_string(s.door->port()));
  s.broker.disconnect_all();
  CHECK(wait_for_ups(2));
  client.stop(patience);
}
