// The verbs for operators against the admin port of the real daemon.
#include "tests/broker/security/pki.hpp"
#include "tests/e2e/expect.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

using namespace ringdown;
using namespace ringdown::e2e;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const flags with_admin{"--admin.enabled=true", "--admin.port=0"};

/// One may look, one may do anything. The tokens are "look-of-a-test" and "all-of-a-test".
constexpr const char* access_file = R"([[token]]
name = "rita"
sha256 = "5e6c6a4ca0cb43b44a5145d7d5181f7dc9cb5cf97596ed4a2064a2794e0bce70"
groups = ["watchers"]

[[token]]
name = "wim"
sha256 = "be22bed9af6756026cda16fc2dd06a8c0142e40d65f13a38eca41d857eb61782"
groups = ["watchers", "operators"]

[[grant]]
group = "watchers"
roles = ["admin"]
may = ["admin_read"]

[[grant]]
group = "operators"
roles = ["admin", "supervisor"]
dns = ["*"]
may = ["monitor", "admin_write"]
)";

/// Where the daemon's admin port is, as a flag.
std::string admin_of(const running_broker& broker) {
  broker.await_log("admin port");
  for (auto& line : broker.log())
    if (line["message"] == "admin port")
      return "--admin=127.0.0.1:" + std::to_string(line["port"].get<int>());
  return {};
}

/// Whether systemd would start the daemon again, by the unit of the package.
bool is_restarted_behind(int status) {
  std::ifstream unit{RINGDOWN_UNIT};
  std::string restart;
  std::set<int> never;
  for (std::string line; std::getline(unit, line);) {
    auto value = line.substr(line.find('=') + 1);
    if (line.starts_with("Restart="))
      restart = value;
    else if (line.starts_with("RestartPreventExitStatus="))
      never.insert(std::stoi(value));
  }
  REQUIRE(restart == "on-failure");
  return status != 0 && never.count(status) == 0;
}

std::vector<json> objects(const std::string& out) {
  std::vector<json> all;
  std::istringstream in{out};
  for (std::string line; std::getline(in, line);)
    all.push_back(json::parse(line));
  return all;
}

/// A ringdown that runs beside the test until it has registered, and then until the test ends.
struct party {
  party(const running_broker& broker, const flags& words)
    : child{ringdown_program(),
            words + flags{"--connect=127.0.0.1:" + std::to_string(broker.port())}} {
    await_output("EventRegistered");
  }
  void await_output(const std::string& text) {
    await(("ringdown prints: " + text).c_str(),
          [&] { return child.out().find(text) != std::string::npos; });
  }

  process child;
};

} // namespace

TEST_CASE("An operator lists clients and DNs, and hears why one is paused") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + with_admin};
  auto admin = admin_of(broker);
  party recorder{broker, {"recorder", "--dn=7001", "--dn=7002", "--app=video-3"}};
  recorder.await_output("dn=7002");
  auto paused = run_ringdown(broker.port(), {"pause", "7001", "--app=desk-7", "--agent-id=wim",
                                             "--reason=card number", "--timeout=60"});
  REQUIRE(paused.status == 0);
  auto alone = run_ringdown(broker.port(), {"pause", "7003", "--app=desk-8", "--timeout=1"});
  CHECK(alone.status != 0);
  auto ask = [&](const flags& words) {
    auto answer = run_ringdown(0, words + flags{admin, "--timeout=60"});
    INFO(answer.err);
    CHECK(answer.status == 0);
    return answer.out;
  };
  auto recorders = objects(ask({"connections", "--role=recorder", "--json"}));
  REQUIRE(recorders.size() == 1);
  CHECK(recorders.front()["application"] == "video-3");
  CHECK_THAT(ask({"connections"}), Contains("APPLICATION") && Contains("video-3"));
  CHECK(ask({"connections", "--slow"}) == "none\n");
  CHECK(objects(ask({"dns", "--json"})).size() == 3);
  auto dns = objects(ask({"dns", "--light=paused", "--json"}));
  REQUIRE(dns.size() == 1);
  CHECK(dns.front()["dn"] == "7001");
  CHECK_THAT(ask({"dns", "--prefix=70"}), Contains("7001") && Contains("PAUSED"));
  CHECK_THAT(ask({"dns", "--without-recorder"}), Contains("7003") && !Contains("7001"));
  auto limited = run_ringdown(0, {"dns", "--limit=2", "--json", admin});
  CHECK(objects(limited.out).size() == 2);
  CHECK_THAT(limited.err, Contains("there are more than 2: --limit"));
  CHECK_THAT(ask({"why", "7001"}),
             Contains("7001 is PAUSED since ") &&
               Contains("the screen is paused by desk-7 (agent wim) since ") &&
               Contains("(card number)") && Contains("video-3 is paused, said at ") &&
               Contains("pause by desk-7 (agent wim): confirmed in ") &&
               Contains("recorder video-3 as share"));
  CHECK_THAT(ask({"why", "7003"}), Contains("7003 is UNKNOWN") && Contains("no active recorder"));
  CHECK(objects(ask({"why", "7001", "--json"})).front()["light"] == "paused");
  CHECK_THAT(ask({"top", "--once"}), Contains("recorders 1") && Contains("DNs 3") &&
                                       Contains("PAUSED: where it is not obeyed") &&
                                       Contains("UNKNOWN, not PAUSED") && Contains("7001"));
  CHECK(objects(ask({"top", "--json"})).front()["paused"].size() == 2);
  auto unused = run_ringdown(0, {"why", "a/b ?", admin});
  CHECK(unused.status == 1);
  CHECK_THAT(unused.err, Contains("\"a/b ?\" is not in use"));
  auto forbidden = run_ringdown(0, {"drain", "--yes", admin});
  CHECK(forbidden.status == 1);
  CHECK_THAT(forbidden.err, Contains("without auth.file one may only read") &&
                              Contains("this takes the right admin_write"));
  recorder.child.signal(SIGTERM);
  CHECK(recorder.child.wait() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("An operator's token says what he may: look, disconnect, drain") {
  temporary_file access{access_file};
  temporary_file look{"look-of-a-test\n"};
  temporary_file all{"all-of-a-test\n"};
  running_broker broker{with_admin + flags{"--auth.file=" + access.path()}};
  auto admin = admin_of(broker);
  auto with_look = "--token-file=" + look.path();
  auto with_all = "--token-file=" + all.path();
  auto nobody = run_ringdown(0, {"connections", admin});
  CHECK(nobody.status == 1);
  CHECK_THAT(nobody.err, Contains("answered 401") && Contains("admin_read: --token-file FILE"));
  party watcher{broker, {"monitor", "--dn=7001", with_all}};
  auto list = run_ringdown(0, {"connections", "--json", admin, with_look});
  auto clients = objects(list.out);
  REQUIRE(clients.size() == 1);
  CHECK(clients.front()["principal"] == "wim");
  auto id = clients.front()["id"].get<std::string>();
  auto forbidden = run_ringdown(0, {"disconnect", id, admin, with_look});
  CHECK(forbidden.status == 1);
  CHECK_THAT(forbidden.err, Contains("answered 403: the token does not give this right") &&
                              Contains("this takes the right admin_write"));
  CHECK_FALSE(Contains("look-of-a-test").match(forbidden.err));
  auto nowhere = run_ringdown(0, {"disconnect", "fffffffffffffff0", admin, with_all});
  CHECK(nowhere.status == 1);
  CHECK_THAT(nowhere.err, Contains("answered 404"));
  auto gone = run_ringdown(0, {"disconnect", id, admin, with_all});
  CHECK(gone.status == 0);
  CHECK_THAT(gone.out, Contains("disconnected: client " + id));
  watcher.await_output("by_operator");
  watcher.child.signal(SIGTERM);
  watcher.child.wait();
  auto drained = run_ringdown(0, {"drain", "--yes", admin, with_all});
  INFO(drained.err);
  CHECK(drained.status == 0);
  CHECK_THAT(drained.out, Contains("draining"));
  CHECK(broker.child().wait() == 0);
  CHECK(broker.count_log("draining") == 1);
}

TEST_CASE("An operator sees live what passes on a DN, until a signal or the trace's end") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) + with_admin};
  auto admin = admin_of(broker);
  party recorder{broker, {"recorder", "--dn=7001", "--app=video-3"}};
  process trace{ringdown_program(), {"trace", "--dn=7001", "--for=10m", "--json", admin}};
  broker.await_log("an operator opens a trace");
  REQUIRE(run_ringdown(broker.port(),
                       {"pause", "7001", "--app=desk-7", "--reason=secret words", "--timeout=60"})
            .status == 0);
  await("the outcome is traced",
        [&] { return trace.out().find("\"result\":\"confirmed\"") != std::string::npos; });
  trace.signal(SIGINT);
  CHECK(trace.wait() == 0);
  auto lines = objects(trace.out());
  auto has = [&](std::string_view direction, std::string_view application, std::string_view kind,
                 const json& verb) {
    INFO(trace.out());
    CHECK(std::any_of(lines.begin(), lines.end(), [&](auto& line) {
      return line["direction"] == direction && line["application"] == application &&
             line["kind"] == kind && line["verb"] == verb && line["dn"] == "7001";
    }));
  };
  has("in", "desk-7", "RequestSendEvent", "pause");
  has("out", "desk-7", "EventACK", nullptr);
  has("out", "video-3", "EventUserEvent", "pause");
  has("in", "video-3", "RequestSendEvent", "paused");
  has("out", "desk-7", "EventOutcome", "pause");
  CHECK_THAT(trace.out(), !Contains("secret words"));
  auto brief = run_ringdown(0, {"trace", "--dn=7001", "--for=1s", admin});
  CHECK(brief.status == 0);
}

TEST_CASE("An operator asks an admin port by TLS, and is shown nothing by another") {
  test::file_folder files;
  test::authority root;
  auto own = root.issue({});
  auto trusted = files.write("ca.pem", root.certificate());
  running_broker broker{with_admin +
                        flags{"--admin.tls=true",
                              "--tls.certificate_file=" + files.write("a.pem", own.certificate),
                              "--tls.key_file=" + files.write("a.key", own.key)}};
  auto plain = admin_of(broker);
  auto admin = "--admin=tls://" + plain.substr(std::string_view{"--admin="}.size());
  auto asked = run_ringdown(0, {"dns", admin, "--tls-ca=" + trusted});
  INFO(asked.err);
  CHECK(asked.status == 0);
  CHECK(run_ringdown(0, {"trace", "--dn=7001", "--for=1", admin, "--tls-ca=" + trusted}).status ==
        0);
  CHECK(run_ringdown(0, {"dns", plain, "--timeout=5"}).status == 2);
  auto stranger = test::authority{"Another authority"};
  auto doubted =
    run_ringdown(0, {"dns", admin, "--tls-ca=" + files.write("b.pem", stranger.certificate())});
  CHECK(doubted.status == 2);
  CHECK_THAT(doubted.err, Contains("cannot ask the admin port at tls://127.0.0.1"));
}

TEST_CASE("An operator who ends the broker ends it for good, whether or not its clients go") {
  temporary_file access{access_file};
  temporary_file all{"all-of-a-test\n"};
  const bool do_clients_go = GENERATE(true, false);
  running_broker broker{with_admin + flags{"--auth.file=" + access.path(),
                                           "--limits.linger_timeout=60 s",
                                           "--limits.drain_timeout=60 s"}};
  auto drain = [&, admin = admin_of(broker)] {
    auto ordered = run_ringdown(0, {"drain", "--yes", admin, "--token-file=" + all.path()});
    INFO(ordered.err);
    CHECK(ordered.status == 0);
  };
  raw_client client{broker.port()};
  auto frame = sign_on(v1::ROLE_SUPERVISOR);
  frame.mutable_request_sign_on()->set_credentials("all-of-a-test");
  client.sign_on(frame);
  drain();
  check_disconnected(client, v1::DISCONNECT_REASON_DRAINING);
  if (do_clients_go)
    client.close();
  else
    drain(); // which does not wait any more
  auto status = broker.child().wait();
  CHECK(status == (do_clients_go ? 0 : 1));
  CHECK_FALSE(is_restarted_behind(status));
  CHECK(is_restarted_behind(3)); // it has failed
  CHECK(is_restarted_behind(-SIGKILL));
}
