// What the TLS doors prove the broker's name with, and whom they believe.
#include "broker/security/certificates.hpp"

#include "broker/security/expiry_watch.hpp"
#include "tests/broker/security/handshake_in_memory.hpp"

#include <catch2/catch.hpp>

#include <ctime>
#include <string>
#include <utility>
#include <vector>

using namespace ringdown;
using namespace ringdown::security;
using namespace ringdown::test;
using Catch::Matchers::Contains;
using configuration::client_certificates;

namespace {

constexpr std::int64_t us_per_s = 1'000'000;
constexpr std::int64_t day_us = 24 * 3600 * us_per_s;

std::int64_t now_us() {
  return std::time(nullptr) * us_per_s;
}

/// A broker's files, all good.
struct material {
  material() {
    auto own = root.issue({});
    settings.certificate_file = files.write("server.pem", own.certificate);
    settings.key_file = files.write("server.key", own.key);
  }
  void ask_clients(client_certificates how = client_certificates::required) {
    settings.client_certificates = how;
    settings.client_ca_file = files.write("clients.pem", clients.certificate());
  }
  tls_material read() const { return store.read(settings, now_us()); }
  void take() {
    auto all = read();
    REQUIRE(all);
    store.take(std::move(all));
  }

  file_folder files;
  authority root{"Broker's authority"};
  authority clients{"Clients' authority"};
  tls_settings settings;
  certificates store;
};

/// Exactly one error, of this key, that names the file and says this.
void check_error(const tls_material& read, const std::string& key, const std::string& file,
                 const std::string& says) {
  INFO(file << " " << says);
  CHECK(!read.context);
  REQUIRE(read.errors.size() == 1);
  CHECK(read.errors[0].key == key);
  CHECK_THAT(read.errors[0].message, Contains(file) && Contains(says));
}

bool comes_in(const material& m, const client_manner& how) {
  auto client = client_context(how);
  return handshake_in_memory{*m.store.context(), *client}.run();
}

certificate_wish server_wish(std::int64_t begins_in_s, std::int64_t ends_in_s) {
  certificate_wish wish;
  wish.begins_in_s = begins_in_s;
  wish.ends_in_s = ends_in_s;
  return wish;
}

} // namespace

TEST_CASE("a client that believes the authority comes in by TLS 1.3 and 1.2") {
  material m;
  m.take();
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  CHECK(comes_in(m, {.authorities = m.root.certificate(), .version_max = version}));
  CHECK_FALSE(comes_in(m, {.authorities = m.clients.certificate(), .version_max = version}));
}

TEST_CASE("older versions, and 1.2 where 1.3 is the lowest, do not come in") {
  material m;
  m.take();
  CHECK_FALSE(comes_in(m, {.version_max = TLS1_1_VERSION}));
  m.settings.version_min = configuration::tls_version::tls_1_3;
  m.take();
  CHECK_FALSE(comes_in(m, {.version_max = TLS1_2_VERSION}));
  CHECK(comes_in(m, {}));
}

TEST_CASE("a client of another protocol is refused, one that names ours or none is not") {
  material m;
  m.take();
  CHECK(comes_in(m, {.protocols = "\x0aringdown/1"}));
  CHECK(comes_in(m, {.protocols = "\x08http/1.1\x0aringdown/1"}));
  CHECK_FALSE(comes_in(m, {.protocols = "\x08http/1.1"}));
  CHECK_FALSE(comes_in(m, {.protocols = "\x0bringdown/11"}));
}

TEST_CASE("a chain is sent with the certificate, so that a client need only know the root") {
  material m;
  auto middle = m.root.issue_authority("Middle authority");
  auto own = middle.issue({});
  m.settings.key_file = m.files.write("server.key", own.key);
  m.settings.certificate_file = m.files.write("server.pem", own.certificate + middle.certificate());
  m.take();
  CHECK(comes_in(m, {.authorities = m.root.certificate()}));
  m.files.write("server.pem", own.certificate);
  m.take(); // whether the chain is complete, only clients know
  CHECK_FALSE(comes_in(m, {.authorities = m.root.certificate()}));
  m.files.write("server.pem", middle.certificate() + own.certificate);
  auto read = m.read();
  REQUIRE_FALSE(read);
  CHECK_THAT(read.errors[0].message, Contains("server.pem"));
  m.files.write("server.pem", own.certificate + m.clients.certificate());
  check_error(m.read(), "tls.certificate_file", "server.pem", "did not issue the one before it");
}

TEST_CASE("each thing that can be wrong with the broker's own files is named") {
  material m;
  auto& files = m.files;
  auto own = m.root.issue({});
  auto is_wrong = [&](const std::string& certificate, const std::string& key, const std::string& of,
                      const std::string& says) {
    files.write("server.pem", certificate);
    files.write("server.key", key);
    check_error(m.read(), of == "server.pem" ? "tls.certificate_file" : "tls.key_file", of, says);
  };
  is_wrong(own.certificate, m.root.issue({}).key, "server.key", "is not the key of");
  is_wrong(own.certificate, with_passphrase(own.key), "server.key", "has a passphrase");
  is_wrong(own.certificate, own.certificate, "server.key", "has no key in it");
  is_wrong(own.certificate, "", "server.key", "has no PEM block");
  is_wrong(own.key, own.key, "server.pem", "has no certificate in it");
  is_wrong("hello", own.key, "server.pem", "has no PEM block");
  auto past = m.root.issue(server_wish(-7200, -3600));
  is_wrong(past.certificate, past.key, "server.pem", "has expired at 20");
  auto coming = m.root.issue(server_wish(3600, 7200));
  is_wrong(coming.certificate, coming.key, "server.pem", "is not valid before 20");
  auto client = m.root.issue(for_client("desk", "DNS:desk"));
  is_wrong(client.certificate, client.key, "server.pem", "lacks serverAuth");
  m.settings.key_file = files.path("nowhere.key");
  check_error(m.read(), "tls.key_file", "nowhere.key", "cannot be read: No such file");
}

TEST_CASE("a file that was cut anywhere is not taken for a shorter one") {
  material m;
  auto middle = m.root.issue_authority("Middle authority");
  auto own = middle.issue({});
  m.settings.key_file = m.files.write("server.key", own.key);
  auto whole = own.certificate + middle.certificate();
  m.files.write("server.pem", whole);
  REQUIRE(m.read());
  std::vector<std::size_t> taken;
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    m.files.write("server.pem", whole.substr(0, size));
    if (m.read())
      taken.push_back(size);
  }
  // What is whole without the second: with its newline or without.
  CHECK(taken == std::vector<std::size_t>{own.certificate.size() - 1, own.certificate.size()});
  auto damaged = own.certificate;
  damaged[damaged.size() / 2] = '*';
  m.files.write("server.pem", damaged);
  check_error(m.read(), "tls.certificate_file", "server.pem", "damaged in block 1");
}

TEST_CASE("a key that anybody may read is told of") {
  material m;
  CHECK(m.read().warnings.empty());
  std::filesystem::permissions(m.settings.key_file, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  auto read = m.read();
  REQUIRE(read);
  REQUIRE(read.warnings.size() == 1);
  CHECK_THAT(read.warnings[0].message, Contains("server.key") && Contains("chmod o-r"));
}

// ---- clients' certificates -----------------------------------------------------------------

TEST_CASE("a client shows a good certificate where one is required, and may where it is optional") {
  material m;
  auto good = m.clients.issue(for_client("desk", "DNS:desk"));
  auto is_required = GENERATE(true, false);
  m.ask_clients(is_required ? client_certificates::required : client_certificates::optional);
  m.take();
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  CHECK(comes_in(m, {.shows = good, .version_max = version}));
  CHECK(comes_in(m, {.version_max = version}) != is_required);
  // One that is shown must be good.
  auto stranger = authority{"Clients' authority"}.issue(for_client("desk", "DNS:desk"));
  CHECK_FALSE(comes_in(m, {.shows = stranger, .version_max = version}));
  auto wish = for_client("desk", "DNS:desk");
  wish.purpose = "serverAuth";
  CHECK_FALSE(comes_in(m, {.shows = m.clients.issue(wish), .version_max = version}));
  wish = for_client("desk", "DNS:desk");
  wish.begins_in_s = -7200;
  wish.ends_in_s = -3600;
  CHECK_FALSE(comes_in(m, {.shows = m.clients.issue(wish), .version_max = version}));
  wish.begins_in_s = 3600;
  wish.ends_in_s = 7200;
  CHECK_FALSE(comes_in(m, {.shows = m.clients.issue(wish), .version_max = version}));
}

TEST_CASE("a client whose certificate was revoked does not come in, others of its authority do") {
  material m;
  auto good = m.clients.issue(for_client("desk", "DNS:desk"));
  auto bad = m.clients.issue(for_client("lost", "DNS:lost"));
  m.ask_clients();
  m.settings.crl_file = m.files.write("revoked.pem", m.clients.revoke({bad.certificate}));
  m.take();
  CHECK(comes_in(m, {.shows = good}));
  CHECK_FALSE(comes_in(m, {.shows = bad}));
}

TEST_CASE("a list of revoked certificates past its time refuses clients, or is used all the same") {
  material m;
  auto good = m.clients.issue(for_client("desk", "DNS:desk"));
  auto bad = m.clients.issue(for_client("lost", "DNS:lost"));
  m.ask_clients();
  m.settings.crl_file =
    m.files.write("revoked.pem", m.clients.revoke({bad.certificate}, -60, -3600));
  auto read = m.read();
  REQUIRE(read);
  REQUIRE(read.warnings.size() == 1);
  CHECK(read.warnings[0].key == "tls.crl_file");
  CHECK_THAT(read.warnings[0].message, Contains("are refused"));
  CHECK(read.crl_due_us < now_us());
  m.take();
  CHECK_FALSE(comes_in(m, {.shows = good}));
  m.settings.crl_stale = configuration::stale_crl::accept;
  m.take();
  CHECK(comes_in(m, {.shows = good}));
  CHECK_FALSE(comes_in(m, {.shows = bad}));
}

TEST_CASE("an authority below a root is believed by itself, with a list of its own alone") {
  material m;
  auto middle = m.clients.issue_authority("Middle authority");
  auto good = middle.issue(for_client("desk", "DNS:desk"));
  auto bad = middle.issue(for_client("lost", "DNS:lost"));
  m.ask_clients();
  m.settings.client_ca_file = m.files.write("clients.pem", middle.certificate());
  m.settings.crl_file = m.files.write("revoked.pem", middle.revoke({bad.certificate}));
  m.take();
  CHECK(comes_in(m, {.shows = good}));
  CHECK_FALSE(comes_in(m, {.shows = bad}));
  // The root's other clients are nobody's.
  CHECK_FALSE(comes_in(m, {.shows = m.clients.issue(for_client("desk", "DNS:desk"))}));
}

TEST_CASE("each thing that can be wrong with the clients' authorities and lists is named") {
  material m;
  m.ask_clients();
  auto ca_is_wrong = [&](const std::string& content, const std::string& says) {
    m.files.write("clients.pem", content);
    check_error(m.read(), "tls.client_ca_file", "clients.pem", says);
  };
  ca_is_wrong(m.clients.issue({}).certificate, "is no authority's certificate");
  ca_is_wrong("", "has no PEM block");
  m.files.write("clients.pem", m.clients.certificate());
  auto crl_is_wrong = [&](const std::string& content, const std::string& says) {
    m.settings.crl_file = m.files.write("revoked.pem", content);
    check_error(m.read(), "tls.crl_file", "revoked.pem", says);
  };
  crl_is_wrong(m.root.revoke({}), "is of no authority in tls.client_ca_file");
  crl_is_wrong(authority{"Clients' authority"}.revoke({}), "is of no authority");
  crl_is_wrong(m.clients.certificate(), "is no list of revoked certificates");
  crl_is_wrong(m.clients.revoke({}).substr(0, 200), "cut short or damaged");
  m.files.write("clients.pem", m.clients.certificate() + m.root.certificate());
  crl_is_wrong(m.clients.revoke({}), "has no list of CN=Broker's authority");
  m.files.write("revoked.pem", m.clients.revoke({}) + m.root.revoke({}));
  CHECK(m.read());
}

// ---- sessions ------------------------------------------------------------------------------

TEST_CASE("a session is resumed over a reload, but not beyond two generations of keys") {
  material m;
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  m.take();
  m.store.renew_ticket_keys(now_us());
  auto client = client_context({.version_max = version});
  handshake_in_memory first{*m.store.context(), *client};
  REQUIRE(first.run());
  auto session = first.session();
  REQUIRE(session);
  auto resumes = [&] {
    handshake_in_memory again{*m.store.context(), *client, session.get()};
    REQUIRE(again.run());
    return again.is_resumed();
  };
  auto before = m.store.context();
  m.take();
  REQUIRE(m.store.context() != before);
  CHECK(resumes());
  m.store.renew_ticket_keys(now_us() + ticket_keys::generation_us);
  CHECK(resumes());
  m.store.renew_ticket_keys(now_us() + ticket_keys::generation_us); // not due
  CHECK(resumes());
  m.store.renew_ticket_keys(now_us() + 2 * ticket_keys::generation_us);
  CHECK_FALSE(resumes());
}

TEST_CASE("no ticket of before comes in without the certificate that is asked for now") {
  material m;
  auto version = GENERATE(TLS1_3_VERSION, TLS1_2_VERSION);
  m.take();
  auto client = client_context({.version_max = version});
  handshake_in_memory first{*m.store.context(), *client};
  REQUIRE(first.run());
  auto session = first.session();
  REQUIRE(session);
  m.ask_clients();
  m.take();
  CHECK_FALSE(handshake_in_memory{*m.store.context(), *client, session.get()}.run());
  // Who shows one gets none either: it is asked again each time.
  auto known = client_context(
    {.shows = m.clients.issue(for_client("desk", "DNS:desk")), .version_max = version});
  handshake_in_memory second{*m.store.context(), *known, session.get()};
  REQUIRE(second.run());
  CHECK_FALSE(second.is_resumed());
  handshake_in_memory third{*m.store.context(), *known};
  REQUIRE(third.run());
  CHECK_FALSE(third.session());
}

// ---- time ----------------------------------------------------------------------------------

TEST_CASE("files that have changed are noticed when they have settled, once for each change") {
  material m;
  m.take();
  CHECK_FALSE(m.store.have_files_changed());
  auto next = m.root.issue({});
  m.files.write("server.pem", next.certificate);
  CHECK_FALSE(m.store.have_files_changed()); // the key may be about to change, too
  m.files.write("server.key", next.key);
  CHECK_FALSE(m.store.have_files_changed());
  CHECK(m.store.have_files_changed());
  auto read = m.store.read_again(now_us());
  REQUIRE(read);
  m.store.take(std::move(read));
  CHECK_FALSE(m.store.have_files_changed());
  CHECK(comes_in(m, {.authorities = m.root.certificate()}));
  // A bad one is told of once, and changes nothing.
  auto used = m.store.context();
  m.files.write("server.key", "gone");
  CHECK_FALSE(m.store.have_files_changed());
  CHECK(m.store.have_files_changed());
  CHECK_FALSE(m.store.read_again(now_us()));
  CHECK_FALSE(m.store.have_files_changed());
  CHECK(m.store.context() == used);
  m.files.write("server.key", next.key);
  CHECK_FALSE(m.store.have_files_changed());
  CHECK(m.store.have_files_changed());
  CHECK(m.store.read_again(now_us()));
}

TEST_CASE("when the first certificate of the chain ends is known") {
  material m;
  auto own = m.root.issue(server_wish(-3600, 5 * 24 * 3600));
  m.files.write("server.pem", own.certificate);
  m.files.write("server.key", own.key);
  m.take();
  CHECK(days_left(m.store.expires_us(), now_us() - us_per_s) == 5);
}

TEST_CASE("that a certificate ends is told 30, 7 and 1 days before, and when it has") {
  expiry_watch watch;
  const std::int64_t until = 1'800'000'000 * us_per_s;
  std::vector<std::int64_t> told;
  for (auto now = until - 40 * day_us; now < until + 2 * day_us; now += day_us / 24)
    if (auto days = watch.due(until, now))
      told.push_back(*days);
  CHECK(told == std::vector<std::int64_t>{29, 6, 0, -1});
  // Another one begins anew, and what is near already is told at once.
  CHECK(watch.due(until + 3 * day_us, until) == 3);
  CHECK_FALSE(watch.due(until + 3 * day_us, until));
  CHECK_FALSE(watch.due(until + 90 * day_us, until));
}
