// The signals of the daemon: taken by main alone, one at a time.
#pragma once

#include <signal.h> // sigset_t; <csignal> need not declare it

#include <chrono>
#include <string>

namespace ringdown {

/// What a signal asks for.
enum class asked : std::uint8_t {
  nothing, ///< none came
  end,     ///< SIGTERM, SIGINT, SIGQUIT: drain
  reload,  ///< SIGHUP
  other,   ///< one that would end a program unasked: passed over
};

/// Blocks every signal that would end the process or ask it for something, in this thread and those
/// that it makes; made before anything else, so that none finds a half-made daemon. Left as they
/// are: what tells of a fault of ours (SIGSEGV and its like, SIGABRT), what stops and continues
/// (SIGTSTP), and what does nothing by itself. SIGPIPE and SIGXFSZ become errors of a write.
class signals {
public:
  signals();
  /// Signals do again what they did before: for a program that only answers a question.
  void give_back() const;

  /// The next signal, waited for no longer than this.
  asked wait(std::chrono::milliseconds timeout);
  /// The name of what `wait` saw last: "SIGUSR1".
  std::string last() const;

private:
  sigset_t taken_;
  sigset_t before_;
  int last_ = 0;
};

} // namespace ringdown
