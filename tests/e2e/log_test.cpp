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
