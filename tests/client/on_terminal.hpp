// The program `ringdown` with a terminal before it, as a person has one.
#pragma once

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::test {

class on_terminal {
public:
  explicit on_terminal(std::vector<std::string> arguments) {
    std::vector<char*> words{const_cast<char*>(RINGDOWN_CLI)};
    for (auto& argument : arguments)
      words.push_back(argument.data());
    words.push_back(nullptr);
    child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      ::setenv("TERM", "xterm", 1);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
  }
  ~on_terminal() {
    ::close(terminal_);
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }
  on_terminal(const on_terminal&) = delete;
  on_terminal& operator=(const on_terminal&) = delete;

  /// False if it ended, or was silent for long, before it showed that.
  bool await(std::string_view shown) {
    while (text_.find(shown) == std::string::npos)
      if (!read_some())
        return false;
    return true;
  }
  void say(std::string_view keys) {
    CHECK(::write(terminal_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  void signal(int number) { ::kill(child_, number); }
  /// Its exit status.
  int end() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    UNSCOPED_INFO(text_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  /// All that was shown.
  const std::string& text() const { return text_; }

private:
  bool read_some() {
    constexpr int patience_ms = 30'000; // bounds a failure
    pollfd one{terminal_, POLLIN, 0};
    char bytes[4096];
    auto got = ::poll(&one, 1, patience_ms) > 0 ? ::read(terminal_, bytes, sizeof bytes) : 0;
    if (got <= 0) // EIO: it has ended
      return false;
    text_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string text_;
};

} // namespace ringdown::test
