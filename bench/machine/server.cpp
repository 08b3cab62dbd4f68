#include "bench/machine/server.hpp"

#include "bench/machine/process.hpp"
#include "client/internal/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace ringdown::bench {

using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

namespace {

constexpr milliseconds look_every{10};
/// The broker's own drain takes up to 10 s.
constexpr milliseconds stop_patience{15'000};
constexpr int exit_not_executed = 127;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words)
    all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

/// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const server::plan& p, pid_t parent, char* const* words) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(exit_not_executed); // it has ended already
  if (p.core)
    pin_to(*p.core);
  int out =
    ::open(p.output.empty() ? "/dev/null" : p.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::setpgid(0, 0); // an interrupt at the terminal is this program's to handle
  ::execvp(words[0], words);
  ::_exit(exit_not_executed);
}

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool accepts(std::uint16_t port) {
  auto resolved = client::resolve("127.0.0.1", port);
  if (resolved.addresses.empty())
    return false;
  auto socket = client::start_connect(resolved.addresses.front());
  if (!socket)
    return false;
  pollfd entry{socket.get(), POLLOUT, 0};
  return ::poll(&entry, 1, static_cast<int>(look_every.count())) == 1 &&
         client::connect_error(socket.get()) == 0;
}

} // namespace

std::uint16_t free_port() {
  client::unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), generic, size) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0)
    return 0;
  return ntohs(address.sin_port);
}

std::optional<std::string> server::start(const plan& p) {
  name_ = p.command.at(0);
  auto words = p.command;
  if (!p.environment.empty()) {
    words = {"env"};
    words.insert(words.end(), p.environment.begin(), p.environment.end());
    words.insert(words.end(), p.command.begin(), p.command.end());
  }
  auto arguments = pointers(words);
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(p, parent, arguments.data());
  if (pid_ < 0)
    return name_ + ": " + client::error_text(errno);
  return std::nullopt;
}

bool server::ended() {
  if (pid_ < 0)
    return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_)
    return false;
  status_ = exit_status(status);
  pid_ = -1;
  return true;
}

std::optional<std::string> server::await(std::uint16_t port, milliseconds patience) {
  auto until = steady::now() + patience;
  while (!accepts(port)) {
    if (ended())
      return name_ + " ended with status " + std::to_string(status_) +
             (status_ == exit_not_executed ? ": is it installed?" : "");
    if (steady::now() >= until)
      return name_ + " does not listen after " + std::to_string(patience.count()) + " ms";
    std::this_thread::sleep_for(look_every);
  }
  return std::nullopt;
}

int server::stop() {
  if (ended())
    return status_;
  ::kill(pid_, SIGTERM);
  auto until = steady::now() + stop_patience;
  while (!ended()) {
    if (steady::now() >= until)
      ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(look_every);
  }
  return status_;
}

} // namespace ringdown::bench
