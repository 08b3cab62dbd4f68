#include "client/cli/check_recorder_broker.hpp"

#include "messages/text.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

constexpr int exit_not_executed = 127;
constexpr std::size_t line_bytes_max = 4096;
constexpr std::size_t path_bytes_max = 4096;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words)
    all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

/// Without the variables that would configure the daemon.
std::vector<std::string> plain_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!std::string_view{*entry}.starts_with("RINGDOWN_"))
      all.emplace_back(*entry);
  return all;
}

/// In the child, between fork and exec: system calls only.
[[noreturn]] void become(pid_t parent, int log, char* const* words, char* const* environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(exit_not_executed); // it has ended already
  ::dup2(::open("/dev/null", O_RDWR), STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::setpgid(0, 0); // an interrupt at the terminal is the check's to handle
  ::execvpe(words[0], words, environment);
  ::_exit(exit_not_executed);
}

std::string time(std::string_view key, milliseconds value) {
  return "--limits." + std::string{key} + "=" + std::to_string(value.count()) + "ms";
}

} // namespace

std::string ringdownd_beside_us() {
  char path[path_bytes_max];
  auto size = ::readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0 || static_cast<std::size_t>(size) == sizeof path)
    return "ringdownd";
  std::string_view own{path, static_cast<std::size_t>(size)};
  auto beside = std::string{own.substr(0, own.rfind('/') + 1)} + "ringdownd";
  return ::access(beside.c_str(), X_OK) == 0 ? beside : "ringdownd";
}

std::vector<std::string> child_broker::command(const std::string& program,
                                               const check_options& check) const {
  auto interval = heartbeat_interval(check);
  return {program,
          "--config=/dev/null", // not what this machine may have in /etc
          "--listen.address=127.0.0.1",
          "--listen.port=" + std::to_string(port_),
          "--log.format=json",
          "--log.level=info",
          time("confirm_timeout", check.confirm_timeout),
          time("heartbeat_interval", interval),
          time("heartbeat_interval_max", interval), // who asks for a longer one gets this
          "--limits.heartbeat_timeout_percent=" +
            std::to_string(100 * heartbeat_timeout(check) / interval)};
}

std::optional<std::string> child_broker::start(const std::string& program,
                                               const check_options& check, milliseconds patience) {
  kill();
  auto words = command(program, check);
  auto variables = plain_environment();
  auto arguments = pointers(words);
  auto environment = pointers(variables);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return error_text(errno);
  log_ = unique_fd{ends[0]};
  unique_fd its_log{ends[1]};
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(parent, its_log.get(), arguments.data(), environment.data());
  if (pid_ < 0)
    return error_text(errno);
  its_log.reset();
  auto until = clock::now() + patience;
  while (!listens_) {
    if (auto why = ended())
      return *why;
    auto left = std::chrono::ceil<milliseconds>(until - clock::now());
    if (left <= milliseconds{0})
      return program + " does not listen after " + std::to_string(patience.count()) + " ms";
    pollfd entry{log_.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(left.count()));
    read_log();
  }
  return std::nullopt;
}

void child_broker::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  pid_ = -1;
  listens_ = false;
  line_.clear();
}

void child_broker::read_log() {
  char bytes[line_bytes_max];
  for (;;) {
    auto got = ::read(log_.get(), bytes, sizeof bytes);
    if (got <= 0)
      return;
    for (char byte : std::string_view{bytes, static_cast<std::size_t>(got)}) {
      if (byte != '\n') {
        if (line_.size() < line_bytes_max)
          line_ += byte;
        continue;
      }
      last_line_ = std::exchange(line_, {});
      listens_ = listens_ || find_port();
    }
  }
}

/// True if the last line of the log names the port that it listens on.
bool child_broker::find_port() {
  auto object = nlohmann::json::parse(last_line_, nullptr, false);
  if (!object.is_object() || object.value("message", "") != "listening")
    return false;
  auto port = object.find("port");
  if (port == object.end())
    return false;
  auto text = port->is_string() ? port->get<std::string>() : port->dump();
  port_ = static_cast<std::uint16_t>(std::stoul(text));
  return true;
}

std::optional<std::string> child_broker::ended() {
  int status = 0;
  if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) != pid_)
    return std::nullopt;
  pid_ = -1;
  read_log();
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_not_executed)
    return "the broker cannot be started: is it installed? (--ringdownd PROGRAM)";
  return "the broker has ended: " + printable(last_line_);
}

} // namespace ringdown::cli
