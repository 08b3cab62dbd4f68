// A child process of a test: its output is kept, and it never outlives the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::e2e {

/// How long a test waits for anything that must happen. It bounds a hang and never decides a
/// success; a loaded machine with sanitizers must fit in.
inline constexpr std::chrono::seconds patience{60};

class process {
public:
  /// What the child gets beside its arguments.
  struct surroundings {
    /// Set in addition to the test's own environment, out of which RINGDOWN_* is taken.
    std::vector<std::pair<std::string, std::string>> environment;
    /// Its standard input; empty: /dev/null.
    std::string input;
    /// How many files it may have open; 0: as many as the test.
    std::size_t open_files_max = 0;
  };

  process(const std::string& program, const std::vector<std::string>& arguments,
          const surroundings& around);
  process(const std::string& program, const std::vector<std::string>& arguments)
    : process(program, arguments, surroundings{}) {}
  /// Kills the child if it still runs.
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// True until its end was seen.
  bool runs();
  /// Waits for its end. The exit status, or 128 and the number of the signal that ended it.
  /// Throws if it does not end.
  int wait();

  /// All that it has written so far.
  std::string out() const;
  std::string err() const;
  /// Lowers how many files it may have open to those that it has, or raises it again.
  void allow_no_more_files() const;
  void allow_more_files() const;
  /// Address space beside what it has, in bytes.
  void allow_memory(std::size_t more) const;
  /// Resident memory in bytes, from /proc.
  std::size_t resident_bytes() const;

private:
  pid_t pid_ = -1;
  int out_ = -1; // memory files: never full, and readable while the child writes
  int err_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

/// Throws std::runtime_error unless `done` becomes true.
template <class Predicate>
void await(const char* what, Predicate done);

/// Sleeps a moment between two looks at something; throws once patience is over.
class polling {
public:
  explicit polling(std::string what);
  void pause();

private:
  std::string what_;
  std::chrono::steady_clock::time_point deadline_;
};

template <class Predicate>
void await(const char* what, Predicate done) {
  for (polling p{what}; !done();)
    p.pause();
}

/// The process writes a report of a sanitizer into its standard error, or it does not.
bool has_sanitizer_report(const std::string& err);

} // namespace ringdown::e2e
