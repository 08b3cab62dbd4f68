#include "tests/e2e/harness/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ringdown::e2e {

namespace {

const flags quiet_flags{
  "--config=/dev/null", // not what this machine may have in /etc
  "--listen.port=0",
  "--log.format=json",
  "--limits.connections_max=2000",
  "--limits.heartbeat_interval=60 s",
  "--limits.sign_on_timeout=60 s",
  "--limits.drain_timeout=60 s",
  "--limits.control_timeout=60 s",
  "--limits.confirm_timeout=60 s", // a recorder that says nothing is not asked meanwhile
  "--limits.linger_timeout=50 ms",
};

} // namespace

flags operator+(flags all, const flags& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

flags run_as(const std::string& way) {
  if (way == "two loops")
    return {"--runtime.loops=2"};
  if (way == "stock")
    return {"--scheduler=stock"};
  return {};
}

namespace {

/// A broker that is stopped waits a quarter of drain_timeout for commands that nobody confirms:
/// many tests leave such behind. Those that look at the end choose their own times.
flags with_short_drain(const flags& more) {
  auto is_about_it = [](const std::string& flag) {
    return flag.find("drain_timeout") != std::string::npos ||
           flag.find("linger_timeout") != std::string::npos;
  };
  if (std::any_of(more.begin(), more.end(), is_about_it))
    return more;
  return more + flags{"--limits.drain_timeout=2 s"};
}

} // namespace

running_broker::running_broker(const flags& more, const process::surroundings& around)
  : child_(ringdownd_program(), quiet_flags + with_short_drain(more), around) {
  await("ringdownd listens", [this] {
    for (auto& line : log())
      if (line["message"] == "listening" && line["component"] == "broker")
        port_ = line["port"].get<std::uint16_t>();
    if (port_ == 0 && !child_.runs())
      throw std::runtime_error{"ringdownd does not start: " + child_.err()};
    return port_ != 0;
  });
}

int running_broker::stop() {
  child_.signal(SIGTERM);
  auto status = child_.wait();
  return has_sanitizer_report(child_.err()) ? -1 : status;
}

std::vector<nlohmann::json> running_broker::log() const {
  std::vector<nlohmann::json> lines;
  std::istringstream in{child_.err()};
  for (std::string one; std::getline(in, one) && !in.eof();) { // the last may not be whole
    auto line = nlohmann::json::parse(one, nullptr, false);
    if (line.is_object())
      lines.push_back(std::move(line));
  }
  return lines;
}

std::size_t running_broker::count_log(const std::string& message) const {
  std::size_t count = 0;
  for (auto& line : log())
    count += line["message"].get<std::string>().starts_with(message) ? 1 : 0;
  return count;
}

void running_broker::await_log(const std::string& message, std::size_t times) const {
  await(("the log says: " + message).c_str(), [&] { return count_log(message) >= times; });
}

namespace {

finished to_the_end(const std::string& program, const flags& all,
                    const process::surroundings& around) {
  process child{program, all, around};
  auto status = child.wait();
  return {has_sanitizer_report(child.err()) ? -1 : status, child.out(), child.err()};
}

} // namespace

finished run_ringdownd(const flags& all, const process::surroundings& around) {
  return to_the_end(ringdownd_program(), all, around);
}

finished run_ringdown(std::uint16_t port, const flags& all, const process::surroundings& around) {
  auto words = all;
  if (port != 0)
    words.push_back("--connect=127.0.0.1:" + std::to_string(port));
  return to_the_end(ringdown_program(), words, around);
}

std::string ringdownd_program() {
  return RINGDOWN_RINGDOWND_PROGRAM;
}

std::string ringdown_program() {
  return RINGDOWN_RINGDOWN_PROGRAM;
}

temporary_file::temporary_file(const std::string& content) : path_("/tmp/ringdown-e2e-XXXXXX") {
  int file = ::mkstemp(path_.data());
  if (file < 0)
    throw std::runtime_error{"cannot make a temporary file"};
  ::close(file);
  write(content);
}

temporary_file::~temporary_file() {
  ::unlink(path_.c_str());
}

void temporary_file::write(const std::string& content) const {
  std::ofstream{path_, std::ios::binary | std::ios::trunc} << content;
}

} // namespace ringdown::e2e
