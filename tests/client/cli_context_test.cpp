// Saved contexts, and what `ringdown` does with secrets: files that their owner alone may read,
// never words of the command line.
#include "client/cli/contexts.hpp"
#include "client/internal/private_file.hpp"
#include "tests/client/cli_run.hpp"
#include "tests/client/tls_relay.hpp"

#include <sys/stat.h>

using namespace ringdown;
using namespace ringdown::cli;
using ringdown::client::read_token;
using namespace ringdown::test;

namespace {

constexpr const char* whole_file = R"([context.office]
address = "tls://broker.example:7482"
ca_file = "/etc/ringdown/ca.pem"
token_file = "/home/an agent/token"

[context.lab]
address = "127.0.0.1"
application = "lab \"7\""
admin = "127.0.0.1:7481"
)";

/// A broker behind a door of TLS, that keeps the credentials of who signs on.
struct stand {
  scratch_folder folder;
  test_authority authority{folder};
  std::string credentials; ///< of the last; the broker's thread's while there is one
  std::optional<fake_broker> broker;
  std::optional<tls_relay> door;
  std::string home;

  explicit stand(bool mutual = false) {
    fake_broker::options options;
    options.on_request = [this](fake_broker&, int, const v1::Frame& request) {
      if (request.has_request_sign_on())
        credentials = request.request_sign_on().credentials();
      return false;
    };
    broker.emplace(options);
    tls_relay::options how;
    how.own = authority.issue("broker");
    how.client_authority = mutual ? authority.file() : std::string{};
    door.emplace(std::move(how), broker->port());
    home = "XDG_CONFIG_HOME='" + folder.file("home") + "'";
  }

  std::string address() const { return "tls://127.0.0.1:" + std::to_string(door->port()); }
  std::string file(const std::string& name) const { return folder.file(name); }
};

void make_readable(const std::string& path) {
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
}

} // namespace

TEST_CASE("a file of contexts says what it has, and is written as it was read") {
  auto read = parse_contexts(whole_file, "contexts.toml");
  CHECK(read.problem.empty());
  REQUIRE(read.contexts.size() == 2);
  CHECK(read.contexts["office"].token_file == "/home/an agent/token");
  CHECK(read.contexts["lab"].application == "lab \"7\"");
  CHECK(read.contexts["lab"].admin == "127.0.0.1:7481");
  read.contexts["odd"] = {"host", "\\ \x01 \x7f \" ü", {}, {}, {}, {}, {}};
  auto again = parse_contexts(to_text(read.contexts), "contexts.toml");
  CHECK(again.problem.empty());
  CHECK(again.contexts == read.contexts);
}

TEST_CASE("what is wrong in a file of contexts is told with its place and what is accepted") {
  struct row {
    const char* text;
    const char* problem;
  };
  auto wrong = GENERATE(
    row{
      "[context.a]\naddress = \"x\"\ntoken = \"y\"\n",
      "f.toml:3:1: unknown key 'token'; accepted are address, ca_file, certificate_file, key_file, "
      "token_file, application, admin"},
    row{"[context.a]\n", "f.toml:1:1: address is missing"},
    row{"[context.a]\naddress = 7482\n", "f.toml:2:11: address: accepted is a text"},
    row{"[contexts.a]\n", "unknown key 'contexts'; accepted is [context.NAME]"},
    row{"[context.\"a b\"]\naddress = \"x\"\n", "a context is [context.NAME]"},
    row{"context = 3\n", "accepted is [context.NAME]"}, row{"[context.a\n", "f.toml:1:"});
  auto read = parse_contexts(wrong.text, "f.toml");
  CAPTURE(read.problem);
  CHECK(read.problem.find(wrong.problem) != std::string::npos);
  CHECK(read.contexts.empty());
}

TEST_CASE("contexts are added, shown and removed, in a file for their owner's eyes") {
  stand s;
  CHECK(run("context", nullptr, s.home).status == 0);
  CHECK(run("context add office --connect broker.example --app desk", nullptr, s.home).status == 0);
  CHECK(run("context add lab --connect 127.0.0.1", nullptr, s.home).status == 0);
  auto list = run("context list --json", nullptr, s.home);
  CHECK(list.has(R"({"context":"lab","address":"127.0.0.1"})"));
  CHECK(list.has(R"("context":"office")"));
  CHECK(run("context show office", nullptr, s.home).has("  application       desk\n"));
  CHECK(run("context remove lab", nullptr, s.home).status == 0);
  auto gone = run("context show lab", nullptr, s.home);
  CHECK(gone.status == 2);
  CHECK(gone.has("context 'lab': there is none"));
  struct stat saved {};
  REQUIRE(::stat((s.file("home") + "/ringdown/contexts.toml").c_str(), &saved) == 0);
  CHECK((saved.st_mode & 07777u) == 0600u);
}

TEST_CASE("a context that is added wrongly is told why") {
  stand s;
  CHECK(run("context add 'a b' --connect x", nullptr, s.home).has("a name is 1 to 64 letters"));
  CHECK(run("context add", nullptr, s.home).has("NAME is missing"));
  CHECK(run("context forget x", nullptr, s.home).status == 2);
  auto plain = run("context add a --connect x --tls-ca ca.pem", nullptr, s.home);
  CHECK(plain.status == 2);
  CHECK(plain.has("are for tls://HOST:PORT"));
  auto no_token = run("context add a --connect x --token-file /nowhere/t", nullptr, s.home);
  CHECK(no_token.has("--token-file '/nowhere/t': No such file or directory"));
}

TEST_CASE("a verb connects by TLS with the token of its context, read from its file") {
  stand s{true};
  auto own = s.authority.issue("client");
  auto token = s.folder.write("token", "a-token-of-a-test\n");
  auto flags = " --connect " + s.address() + " --tls-ca '" + s.authority.file() + "' --tls-cert '" +
               own.certificate + "' --tls-key '" + own.key + "' --token-file '" + token + "'";
  REQUIRE(run("context add office" + flags, nullptr, s.home).status == 0);
  bool by_context = GENERATE(true, false);
  auto o = run("info" + (by_context ? " --context office" : flags), nullptr, s.home);
  CHECK(o.status == 0);
  CHECK_FALSE(o.has("a-token-of-a-test"));
  s.door.reset();
  s.broker.reset();
  CHECK(s.credentials == "a-token-of-a-test");
}

TEST_CASE("files that others may read are not used, and the words say how to mend it") {
  stand s;
  auto own = s.authority.issue("client");
  auto token = s.folder.write("token", "secret\n");
  auto at = "info --connect " + s.address() + " --tls-ca '" + s.authority.file() + "'";
  auto refused = [&](const std::string& more, const std::string& words) {
    auto o = run(at + more, nullptr, s.home);
    CHECK(o.status == 2);
    CHECK(o.has(words));
  };
  make_readable(token);
  refused(" --token-file '" + token + "'", "--token-file '" + token +
                                             "': others may read or write it (mode 0640); "
                                             "accepted is its owner alone: chmod 600");
  make_readable(own.key);
  refused(" --tls-cert '" + own.certificate + "' --tls-key '" + own.key + "'", "--tls-key '");
  REQUIRE(run("context add a --connect x", nullptr, s.home).status == 0);
  auto saved = s.file("home") + "/ringdown/contexts.toml";
  make_readable(saved);
  auto o = run("info --context a", nullptr, s.home);
  CHECK(o.status == 2);
  CHECK(o.has(saved + ": others may read or write it"));
}

TEST_CASE("a token is one word of a file") {
  scratch_folder folder;
  CHECK(read_token(folder.write("t", "  abc.def-1 \r\n")).text == "abc.def-1");
  CHECK(read_token(folder.write("t", " \n")).problem == "there is no token in it");
  CHECK(read_token(folder.write("t", "two words")).problem == "a token is one word");
  CHECK(read_token(folder.write("t", std::string(8193, 'a'))).problem ==
        "a token has at most 8192 bytes");
  CHECK(read_token(folder.write("t", std::string(8192, 'a'))).text.size() == 8192);
  CHECK_FALSE(read_token(folder.file("nowhere")).problem.empty());
}

TEST_CASE("an address and a context exclude each other, and a flag outweighs a variable") {
  stand s;
  REQUIRE(run("context add there --connect 127.0.0.1:1", nullptr, s.home).status == 0);
  auto both = run("info --context there --connect 127.0.0.1:1", nullptr, s.home);
  CHECK(both.status == 2);
  CHECK(both.has("accepted is one of them"));
  CHECK(run("info", nullptr, s.home + " RINGDOWN_CONTEXT=there").has("accepted is one of them"));
  // The broker is the variable's; the context's is not there.
  CHECK(run("info --context there", &*s.broker, s.home).has("cannot connect to 127.0.0.1:1: "));
  auto flag = "info --connect 127.0.0.1:" + std::to_string(s.broker->port());
  CHECK(run(flag, nullptr, s.home + " RINGDOWN_CONTEXT=nowhere").status == 0);
  auto unknown = run("info --context nowhere", nullptr, s.home);
  CHECK(unknown.status == 2);
  CHECK(unknown.has("--context 'nowhere': unknown; "));
  CHECK(unknown.has(" has there\n"));
}

TEST_CASE("a secret cannot be said on the command line") {
  CHECK(run("info --token secret").status == 2);
  CHECK(run("info --credentials secret").status == 2);
}

TEST_CASE("why TLS does not stand is told in words, with the status of no connection") {
  stand s;
  auto o = run("info --connect " + s.address(), nullptr, s.home);
  CHECK(o.status == 2);
  CHECK(o.has("cannot connect to " + s.address() + ": the broker's certificate is not trusted"));
}
