// The real ringdownd as a child process.
#pragma once

#include "tests/e2e/harness/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ringdown::e2e {

using flags = std::vector<std::string>;

/// The ways to run the actors that every scenario must survive. For GENERATE.
inline const std::vector<std::string> every_way_to_run{"loop", "two loops", "stock"};
/// The flags of one of them.
flags run_as(const std::string& way);
flags operator+(flags all, const flags& more);

/// Starts the daemon on a port of the kernel's choice and waits until it listens.
///
/// Unless told otherwise it has long heartbeats and timeouts, so that a test that is slow to look
/// at one of its clients loses none of them, and a short linger, so that it ends at once.
class running_broker {
public:
  explicit running_broker(const flags& more = {}, const process::surroundings& around = {});

  std::uint16_t port() const noexcept { return port_; }
  process& child() noexcept { return child_; }

  /// SIGTERM, and waits for the end. The exit status; -1 if a sanitizer has reported something.
  [[nodiscard]] int stop();

  /// The log so far, a JSON object a line.
  std::vector<nlohmann::json> log() const;
  /// Waits until the messages of so many lines begin so.
  void await_log(const std::string& message, std::size_t times = 1) const;
  std::size_t count_log(const std::string& message) const;

private:
  process child_;
  std::uint16_t port_ = 0;
};

/// ringdownd with flags, to its end: for starts that fail and for questions.
struct finished {
  int status = 0;
  std::string out;
  std::string err;
};
finished run_ringdownd(const flags& all, const process::surroundings& around = {});
/// The command line tool, to its end, with `--connect` for this daemon's port if it is not 0.
finished run_ringdown(std::uint16_t port, const flags& all,
                      const process::surroundings& around = {});
/// Where the programs are.
std::string ringdownd_program();
std::string ringdown_program();

/// A file that goes with the test.
class temporary_file {
public:
  explicit temporary_file(const std::string& content = {});
  ~temporary_file();
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  const std::string& path() const noexcept { return path_; }
  void write(const std::string& content) const;

private:
  std::string path_;
};

} // namespace ringdown::e2e
