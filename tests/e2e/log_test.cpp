// The log, its readers and its disk: none of them is stronger than the broker.
#include "tests/e2e/bystander.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::e2e;
using Catch::Matchers::Contains;

namespace {

/// A FIFO with a reader that reads only when it is told.
class fifo {
public:
  fifo() : path_(place_.path() + "-fifo") { REQUIRE(::mkfifo(path_.c_str(), 0600) == 0); }
  ~fifo() {
    if (end_ >= 0)
      ::close(end_);
    ::unlink(path_.c_str());
  }
  fifo(const fifo&) = delete;
  fifo& operator=(const fifo&) = delete;

  const std::string& path() const noexcept { return path_; }
  void open() {
    end_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(end_ >= 0);
  }
  /// True if a writer would have to wait.
  bool is_full() const {
    pollfd more{::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), POLLOUT, 0};
    bool full = ::poll(&more, 1, 0) == 0;
    ::close(more.fd);
    return full;
  }
  std::string read() const {
    std::string all;
    char part[16 * 1024];
    for (ssize_t got = 0; (got = ::read(end_, part, sizeof part)) > 0;)
      all.append(part, static_cast<std::size_t>(got));
    return all;
  }

private:
  temporary_file place_;
  std::string path_;
  int end_ = -1;
};

} // namespace

TEST_CASE("A log that nobody reads stops neither commands nor SIGTERM") {
  fifo log;
  log.open();
  temporary_file config;
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--config=" + config.path(), "--log.bytes_per_second_max=0"}};
  bystander others{broker};
  config.write("[log]\nfile = \"" + log.path() + "\"\n");
  broker.child().signal(SIGHUP);
  await("the log has moved", [&] { return broker.count_log("reloaded log.file") == 1; });
  while (!log.is_full())
    signed_on(broker, v1::ROLE_DESKTOP).close();
  for (int i = 0; i < 50; ++i) // what they log finds no room
    signed_on(broker, v1::ROLE_DESKTOP).close();
  others.still_works();
  CHECK_THAT(log.read(), Contains("signed on")); // room again
  others.still_works();
  while (!log.is_full())
    signed_on(broker, v1::ROLE_DESKTOP).close();
  others.leave();
  CHECK(broker.stop() == 0);
}

TEST_CASE("A FIFO without a reader is refused at a reload, and the log stays where it was") {
  fifo log;
  temporary_file config;
  running_broker broker{{"--config=" + config.path()}};
  config.write("[log]\nfile = \"" + log.path() + "\"\n");
  broker.child().signal(SIGHUP);
  broker.await_log("the log stays where it was");
  CHECK_THAT(broker.child().err(), Contains("nobody reads this FIFO"));
  CHECK(broker.stop() == 0);
}

TEST_CASE("SIGHUP has an answer in the log, also where nothing changed, and while it drains") {
  temporary_file config;
  running_broker broker{{"--config=" + config.path(), "--limits.linger_timeout=60 s"}};
  constexpr auto unchanged = "the configuration was read again: nothing changed";
  broker.child().signal(SIGHUP);
  broker.await_log(unchanged, 1);
  config.write("[log]\nbytes_per_second_max = \"1 MiB\"\n");
  broker.child().signal(SIGHUP);
  broker.await_log("reloaded log.bytes_per_second_max");
  CHECK(broker.count_log(unchanged) == 1);
  broker.child().signal(SIGHUP);
  broker.await_log(unchanged, 2);
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  broker.child().signal(SIGTERM);
  check_disconnected(client, v1::DISCONNECT_REASON_DRAINING);
  broker.child().signal(SIGHUP);
  broker.await_log("the configuration is not read again: the broker drains");
  client.close();
  CHECK(broker.child().wait() == 0);
}

TEST_CASE("Whether there is an access file wants a restart, and SIGHUP says so") {
  temporary_file access{"[[token]]\nname = \"a\"\nsha256 = \"" + std::string(64, 'a') +
                        "\"\ngroups = [\"g\"]\n[[grant]]\ngroup = \"g\"\nroles = "
                        "[\"desktop\"]\ndns = [\"*\"]\nmay = [\"register\"]\n"};
  temporary_file config;
  running_broker broker{{"--config=" + config.path()}};
  config.write("[auth]\nfile = \"" + access.path() + "\"\n");
  for (std::size_t times = 1; times <= 2; ++times) {
    broker.child().signal(SIGHUP);
    broker.await_log("needs a restart: auth.file", times);
  }
  CHECK(broker.count_log("reloaded auth.file") == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("The limits are one line at start") {
  running_broker broker{{"--limits.dns_max=5"}};
  std::vector<nlohmann::json> lines;
  for (auto& line : broker.log())
    if (line["message"] == "limits")
      lines.push_back(line);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front()["dns_max"] == "5");
  CHECK(lines.front().contains("drain_timeout"));
  CHECK(broker.stop() == 0);
}

TEST_CASE(
  "A recorder that dies is told in the log with who it was, and a planned end is no trouble") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto killed = registered(broker, v1::ROLE_RECORDER, "7002");
  killed.close(); // as the kernel does for it
  broker.await_log("connection closed", 1);
  auto pause = desktop.request(capture("7001", "pause"));
  CHECK(desktop.answer(pause).has_event_ack());
  check_event(recorder.expect(), "pause");
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
  broker.child().signal(SIGTERM);
  for (auto* client : {&desktop, &recorder})
    while (!client->unasked().has_event_link_disconnected()) {
    }
  desktop.close();
  recorder.close();
  CHECK(broker.child().wait() == 0);
  std::vector<std::string> trouble;
  std::size_t ends = 0;
  for (auto& line : broker.log()) {
    if (line["message"] == "connection closed") {
      ++ends;
      for (auto* key : {"client", "application", "role", "peer", "reason", "lasted_ms"})
        CHECK(line.contains(key));
    }
    if (line["level"] == "warn" || line["level"] == "error")
      trouble.push_back(line["message"].get<std::string>() + ": " + line.value("role", ""));
  }
  CHECK(ends == 3);
  CHECK(trouble == std::vector<std::string>{"connection closed: recorder"});
}

TEST_CASE("Level debug shows requests, registrations and refusals") {
  running_broker broker{{"--log.level=debug"}};
  auto client = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto pause = client.request(capture("7002", "pause"));
  check_error(client.answer(pause), pause, error_code::not_registered);
  client.close();
  CHECK(broker.stop() == 0);
  for (auto* message : {"request", "registered", "request refused", "registration ended"}) {
    INFO(message);
    CHECK(broker.count_log(message) >= 1);
  }
}

namespace {

/// A file in the place of the journal of systemd.
class journal {
public:
  journal() {
    struct stat about {};
    REQUIRE(::stat(file_.path().c_str(), &about) == 0);
    around_.environment = {
      {"JOURNAL_STREAM", std::to_string(about.st_dev) + ':' + std::to_string(about.st_ino)},
      {"JOURNAL", file_.path()}};
  }
  process start(const flags& more) const {
    return {"/bin/sh",
            flags{"-c", "exec \"$0\" \"$@\" 2>>\"$JOURNAL\"", ringdownd_program(),
                  "--config=/dev/null", "--listen.port=0"} +
              more,
            around_};
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::ifstream in{file_.path()};
    for (std::string one; std::getline(in, one);)
      all.push_back(one);
    return all;
  }
  bool has(const std::string& beginning) const {
    for (auto& line : lines())
      if (line.starts_with(beginning))
        return true;
    return false;
  }

private:
  temporary_file file_;
  process::surroundings around_;
};

} // namespace

TEST_CASE("Under the journal each line has its priority, and no time of its own") {
  journal of_systemd;
  auto child = of_systemd.start({});
  await("it listens", [&] { return of_systemd.has("<6>INFO  broker     listening  "); });
  child.signal(SIGUSR1);
  await("it warns", [&] { return of_systemd.has("<4>WARN  broker     a signal that means"); });
  child.signal(SIGTERM);
  CHECK(child.wait() == 0);
  for (auto& line : of_systemd.lines()) {
    INFO(line);
    CHECK((line.starts_with("<6>INFO ") || line.starts_with("<4>WARN ")));
  }
}

TEST_CASE("Under the journal a start that fails is an error, and a log file has its own times") {
  journal of_systemd;
  CHECK(of_systemd.start({"--limits.dns_max=many"}).wait() == 2);
  REQUIRE(of_systemd.lines().size() == 1);
  CHECK(of_systemd.has("<3>ringdownd: "));
  temporary_file log;
  auto child = of_systemd.start({"--log.file=" + log.path()});
  auto text = [&] {
    std::ifstream in{log.path()};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  await("it listens", [&] { return text().find("listening") != std::string::npos; });
  CHECK(text().starts_with("20"));
  child.signal(SIGTERM);
  CHECK(child.wait() == 0);
}

TEST_CASE("Standard files that are closed at the start take nothing of a client's") {
  temporary_file log;
  process child{"/bin/sh",
                {"-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", ringdownd_program(), "--config=/dev/null",
                 "--listen.port=0", "--log.file=" + log.path()}};
  await("it listens", [&] {
    std::ifstream in{log.path()};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    return text.find("listening") != std::string::npos;
  });
  for (auto* file : {"0", "1", "2"})
    CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(child.pid()) + "/fd/" + file) ==
          "/dev/null");
  child.signal(SIGTERM);
  CHECK(child.wait() == 0);
}

TEST_CASE("Signals that end a program unasked are passed over, and told in the log") {
  running_broker broker;
  bystander others{broker};
  std::size_t told = 0;
  for (int signal : {SIGUSR1, SIGUSR2, SIGALRM}) {
    broker.child().signal(signal);
    broker.await_log("a signal that means nothing here is passed over", ++told);
  }
  CHECK_THAT(broker.child().err(), Contains("\"signal\":\"SIGUSR1\""));
  others.still_works();
  CHECK(broker.stop() == 0);
}

TEST_CASE("SIGQUIT drains as SIGTERM does") {
  running_broker broker;
  auto client = signed_on(broker, v1::ROLE_DESKTOP);
  broker.child().signal(SIGQUIT);
  check_disconnected(client, v1::DISCONNECT_REASON_DRAINING);
  client.close();
  CHECK(broker.child().wait() == 0);
  CHECK(broker.count_log("stopped") == 1);
}

TEST_CASE("A SIGTERM that comes while it starts ends it in order") {
  fifo config;
  process child{ringdownd_program(), {"--config=" + config.path(), "--listen.port=0"}};
  int end = ::open(config.path().c_str(), O_WRONLY | O_CLOEXEC); // until it reads it
  REQUIRE(end >= 0);
  child.signal(SIGTERM);
  ::close(end);
  CHECK(child.wait() == 0);
  CHECK_THAT(child.err(), Contains("stopped"));
}
