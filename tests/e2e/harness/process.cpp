#include "tests/e2e/harness/process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace ringdown::e2e {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error{what + ": " + std::strerror(errno)};
}

int memory_file(const char* name) {
  int file = ::memfd_create(name, MFD_CLOEXEC);
  if (file < 0)
    fail("memfd_create");
  return file;
}

int input_file(const std::string& content) {
  if (content.empty())
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int file = memory_file("stdin");
  if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      ::lseek(file, 0, SEEK_SET) != 0)
    fail("cannot write the child's input");
  return file;
}

/// The test's own environment without the variables that the daemon would read.
std::vector<std::string> environment_of(const process::surroundings& around) {
  std::vector<std::string> all;
  for (auto& [name, value] : around.environment)
    all.push_back(name + "=" + value); // who looks for a variable takes the first
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!std::string_view{*entry}.starts_with("RINGDOWN_"))
      all.emplace_back(*entry);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string content_of(int file) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    auto got = ::pread(file, buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (got <= 0)
      return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

} // namespace

process::process(const std::string& program, const std::vector<std::string>& arguments,
                 const surroundings& around) {
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto variables = environment_of(around);
  auto argv = pointers(words);
  auto envp = pointers(variables);
  int in = input_file(around.input);
  out_ = memory_file("stdout");
  err_ = memory_file("stderr");
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    fail("fork");
  if (pid_ == 0) {
    // However the test ends, its children end too.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (around.open_files_max != 0) {
      rlimit most{around.open_files_max, around.open_files_max};
      ::setrlimit(RLIMIT_NOFILE, &most);
    }
    if (::getppid() != parent || ::dup2(in, 0) < 0 || ::dup2(out_, 1) < 0 || ::dup2(err_, 2) < 0)
      ::_exit(127);
    ::close_range(3, ~0u, 0); // whatever the test was started with is not the child's
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(in);
}

process::~process() {
  if (runs()) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

void process::signal(int number) const {
  if (!ended_)
    ::kill(pid_, number);
}

bool process::runs() {
  if (ended_)
    return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0)
    return true;
  ended_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

int process::wait() {
  await("the process ends", [this] { return !runs(); });
  return status_;
}

std::string process::out() const {
  return content_of(out_);
}

std::string process::err() const {
  return content_of(err_);
}

void process::allow_no_more_files() const {
  rlimit limit{};
  if (::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit) != 0)
    fail("prlimit");
  limit.rlim_cur = 0; // the number of a new file must be below it
  for (auto& entry : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid_) + "/fd"}) {
    rlim_t number = std::stoul(entry.path().filename());
    limit.rlim_cur = std::max(limit.rlim_cur, number + 1);
  }
  if (::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr) != 0)
    fail("prlimit");
}

void process::allow_more_files() const {
  rlimit limit{};
  if (::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit) != 0)
    fail("prlimit");
  limit.rlim_cur = limit.rlim_max;
  if (::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr) != 0)
    fail("prlimit");
}

namespace {

/// The first numbers of its statm, in bytes: address space, and what of it is resident.
std::pair<std::size_t, std::size_t> memory_of(pid_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  if (!file)
    throw std::runtime_error{"cannot read the process's memory use"};
  auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return {total * page, resident * page};
}

} // namespace

std::size_t process::resident_bytes() const {
  return memory_of(pid_).second;
}

void process::allow_memory(std::size_t more) const {
  auto bytes = memory_of(pid_).first + more;
  rlimit limit{bytes, bytes};
  if (::prlimit(pid_, RLIMIT_AS, &limit, nullptr) != 0)
    fail("prlimit");
}

polling::polling(std::string what)
  : what_(std::move(what)), deadline_(std::chrono::steady_clock::now() + patience) {}

void polling::pause() {
  if (std::chrono::steady_clock::now() >= deadline_)
    throw std::runtime_error{"does not happen in time: " + what_};
  std::this_thread::sleep_for(std::chrono::milliseconds{2});
}

bool has_sanitizer_report(const std::string& err) {
  for (auto* sign : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                     "runtime error:", "WARNING: ThreadSanitizer"})
    if (err.find(sign) != std::string::npos)
      return true;
  return false;
}

} // namespace ringdown::e2e
