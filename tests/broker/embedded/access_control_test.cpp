// A broker whose access file says who may come in, and what changes when it does.
#include "broker/access_control.hpp"
#include "broker/host_functions.hpp"
#include "broker/log_observer.hpp"
#include "broker/security/access_list.hpp"
#include "messages/hex.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::test;

namespace {

std::string entry(std::string_view name, std::string_view token, std::string_view group) {
  auto digest = security::sha256(token);
  std::string text = "[[token]]\nname = \"" + std::string{name} + "\"\nsha256 = \"";
  text += to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return text + "\"\ngroups = [\"" + std::string{group} + "\"]\n";
}

constexpr std::string_view usual_grants = R"(
[[grant]]
group = "agents"
roles = ["desktop"]
dns   = ["70*"]
may   = ["register", "send_command", "send_user_event"]

[[grant]]
group = "recorders"
roles = ["recorder"]
dns   = ["*"]
may   = ["register", "send_indication"]
)";

/// A folder that goes with the test, and the access file in it.
class access_folder {
public:
  access_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ringdown-access-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
    write(usual());
  }
  ~access_folder() { std::filesystem::remove_all(folder_); }
  access_folder(const access_folder&) = delete;
  access_folder& operator=(const access_folder&) = delete;

  static std::string usual() {
    return entry("anna", "rdt_anna", "agents") + entry("video", "rdt_video", "recorders") +
           std::string{usual_grants};
  }
  std::string path() const { return (folder_ / "access.toml").string(); }
  /// As an editor does it: another file takes its place.
  void write(const std::string& text) const {
    auto beside = folder_ / "new";
    std::ofstream{beside} << text;
    std::filesystem::rename(beside, path());
  }

private:
  std::filesystem::path folder_;
};

configuration::config guarded_by(const access_folder& folder) {
  auto config = run_as(way::one_loop);
  config.auth.file = folder.path();
  return config;
}

open_result try_as(broker& b, connection& link, role r, const std::string& token) {
  auto who = as(r);
  who.credentials = token;
  return link.open(b.connect().transport, who);
}

} // namespace

TEST_CASE("an access file lets in whom it knows, to what it grants") {
  kept_log log;
  access_folder folder;
  broker b{guarded_by(folder), quiet(log)};
  REQUIRE(b.start());
  connection stranger;
  CHECK(try_as(b, stranger, role::desktop, "rdt_guess").fault == link_fault::sign_on_refused);
  CHECK(log.has("sign-on refused"));
  CHECK(log.has("unknown_token"));
  CHECK_FALSE(log.has("rdt_guess"));
  connection disguised;
  CHECK(try_as(b, disguised, role::recorder, "rdt_anna").fault == link_fault::sign_on_refused);
  CHECK(log.has("role_not_granted"));

  connection desk;
  REQUIRE(try_as(b, desk, role::desktop, "rdt_anna"));
  CHECK(log.has("principal=anna"));
  register_on(desk, "7001");
  std::string other[] = {"8001"};
  CHECK(answer_to<event_error>(desk, desk.register_address(other)).code == 165);
  connection tape;
  REQUIRE(try_as(b, tape, role::recorder, "rdt_video"));
  register_on(tape, "7001");
  CHECK(answer_to<event_ack>(desk, send(desk, "7001", capture_verb::pause)).recorders_queued == 1);
  CHECK(next<event_user_event>(tape).verb == capture_verb::pause);
}

TEST_CASE("a broker whose access file is not good does not start, and says where it is wrong") {
  kept_log log;
  access_folder folder;
  folder.write(access_folder::usual() + "[[grant]]\ngroup = \"agents\"\nrole = [\"desktop\"]\n");
  broker b{guarded_by(folder), quiet(log)};
  auto started = b.start();
  REQUIRE_FALSE(started);
  CHECK(started.text().find("role") != std::string::npos);
  CHECK_FALSE(broker::check(guarded_by(folder)));
  auto missing = guarded_by(folder);
  missing.auth.file += ".gone";
  CHECK_FALSE(broker::check(missing));
}

TEST_CASE("an access file that changes holds without a signal, whole or not at all") {
  kept_log log;
  access_folder folder;
  broker b{guarded_by(folder), quiet(log)};
  REQUIRE(b.start());
  connection desk;
  REQUIRE(try_as(b, desk, role::desktop, "rdt_anna"));
  register_on(desk, "7001");
  auto look = [&] { // twice: a change has settled when two looks find the same
    b.tick();
    b.tick();
  };
  look();
  CHECK_FALSE(log.has("the access file was read"));

  folder.write("no access file");
  look();
  CHECK(log.has("the old one holds"));
  CHECK(answer_to<event_ack>(desk, send(desk, "7001", capture_verb::start)).recorders_queued == 0);

  auto text = access_folder::usual();
  auto at = text.find("70*");
  text.replace(at, 3, "80*");
  folder.write(text);
  look();
  CHECK(log.has("the access file was read"));
  CHECK(next<event_unregistered>(desk).this_dn == "7001");
  register_on(desk, "8001");

  folder.write(entry("video", "rdt_video", "recorders") + std::string{usual_grants});
  REQUIRE(b.reload(guarded_by(folder)));
  CHECK(next<event_link_disconnected>(desk).reason == disconnect_reason::access_changed);
  CHECK(try_as(b, desk, role::desktop, "rdt_anna").fault == link_fault::sign_on_refused);
}

TEST_CASE("an access file that is written again as it was is told to nobody") {
  kept_log log;
  access_folder folder;
  broker b{guarded_by(folder), quiet(log)};
  REQUIRE(b.start());
  folder.write(access_folder::usual());
  b.tick();
  b.tick();
  CHECK(log.has("it says what it did before"));
  REQUIRE(b.reload(guarded_by(folder)));
  CHECK_FALSE(log.has("it holds from now on"));
  folder.write(access_folder::usual() + "# by another hand\n");
  REQUIRE(b.reload(guarded_by(folder)));
  CHECK(log.has("it holds from now on"));
}

TEST_CASE("a change of the access file that comes while it is being read is not lost") {
  kept_log log;
  access_folder folder;
  logging::options to_log;
  to_log.to = log.sink();
  logging::logger logger{to_log};
  log_observer told{logger};
  broker_context context{limits{}};
  context.observed_by = &told;
  context.utc_now = utc_now_us;
  auto with = [](std::string_view more) {
    return access_folder::usual() + std::string{more} +
           "[[grant]]\ngroup = \"watchers\"\nroles = [\"admin\"]\nmay = [\"admin_read\"]\n";
  };
  std::string meanwhile;
  access_control access{context, [&](const std::filesystem::path& path, bool may_wait) {
                          auto read = security::read_access_file(path, may_wait);
                          if (!meanwhile.empty())
                            folder.write(std::exchange(meanwhile, {}));
                          return read;
                        }};
  auto knows = [&](std::string_view bearer) {
    return !access.admin_access()(bearer).principal.empty();
  };
  const auto first = entry("first", "rdt_first", "watchers");
  const auto second = entry("second", "rdt_second", "watchers");
  const auto third = entry("third", "rdt_third", "watchers");
  const auto config = guarded_by(folder);
  meanwhile = with(first); // at the start
  REQUIRE(access.read(config).empty());
  access.start_thread(config);
  CHECK_FALSE(knows("rdt_first"));
  access.tick();
  CHECK(access.tick());
  CHECK(knows("rdt_first"));

  folder.write(with(second)); // noticed by a look
  meanwhile = with(third);
  access.tick();
  CHECK(access.tick());
  CHECK(knows("rdt_second"));
  access.tick();
  CHECK(access.tick());
  CHECK(knows("rdt_third"));

  meanwhile = with(first); // of an order to reload
  CHECK_FALSE(access.take(access.prepare(config)));
  access.tick();
  CHECK(access.tick());
  CHECK(knows("rdt_first"));

  folder.write("no access file"); // and of one that is not good
  meanwhile = with(second);
  access.tick();
  CHECK_FALSE(access.tick());
  access.tick();
  CHECK(access.tick());
  CHECK(knows("rdt_second"));
}

TEST_CASE("a reload with a bad access file changes nothing else either") {
  kept_log log;
  access_folder folder;
  broker b{guarded_by(folder), quiet(log)};
  REQUIRE(b.start());
  folder.write("no access file");
  auto config = guarded_by(folder);
  config.dns.list = {"7005"};
  CHECK_FALSE(b.reload(config));
  connection desk;
  REQUIRE(try_as(b, desk, role::desktop, "rdt_anna"));
  register_on(desk, "7001"); // which the list of DNs would not have
}

TEST_CASE("a host's own authenticate stands in the place of the access file") {
  kept_log log;
  auto options = quiet(log);
  std::atomic<int> asked{0};
  options.authenticate = [&](sign_on_facts facts, std::function<void(authenticated)> answer) {
    if (++asked == 1)
      throw std::runtime_error{"no directory of persons"};
    answer({.principal = facts.credentials + "@house"});
  };
  auto config = run_as(GENERATE(from_range(every_way)));
  config.auth.file = "there is none";
  broker b{config, options};
  REQUIRE(b.start());
  connection link;
  CHECK(try_as(b, link, role::desktop, "anna").fault == link_fault::sign_on_refused);
  CHECK(log.has("authenticate threw"));
  REQUIRE(try_as(b, link, role::desktop, "anna"));
  CHECK(log.has("principal=anna@house"));
  register_on(link, "7001");
}

TEST_CASE("a broker that ends while it looks at credentials ends all the same") {
  kept_log log;
  access_folder folder;
  for (int i = 0; i < 20; ++i) {
    broker b{guarded_by(folder), quiet(log)};
    REQUIRE(b.start());
    connection link;
    auto who = as(role::desktop);
    who.credentials = "rdt_anna";
    link.start(b.connect().transport, who);
    static_cast<void>(link.poll(std::chrono::milliseconds{0}));
    b.stop();
    CHECK(b.counters().connections == 0);
  }
}
