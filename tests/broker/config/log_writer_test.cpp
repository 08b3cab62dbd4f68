// Nobody who logs waits, and nothing is lost without a count.
#include "broker/logging/log_writer.hpp"
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <optional>

using namespace ringdown::logging;
using namespace std::chrono_literals;

namespace {

/// Turns a hang into a failure, and decides nothing else.
constexpr auto patience = 60s;

/// A pipe with a blocking end for writing, as stderr often is.
class reader {
public:
  reader() {
    REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~reader() {
    close();
    ::close(ends_[1]);
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  destination_ptr as_destination() const { return destination::borrowed(ends_[1]); }
  void close() {
    if (ends_[0] >= 0)
      ::close(ends_[0]);
    ends_[0] = -1;
  }
  /// Reads what is there; the whole text so far.
  const std::string& read() {
    char part[16 * 1024];
    for (ssize_t got = 0; (got = ::read(ends_[0], part, sizeof part)) > 0;)
      text_.append(part, static_cast<std::size_t>(got));
    return text_;
  }
  /// Reads until the text has this; false if it does not come.
  bool reads(std::string_view awaited) {
    for (auto end = std::chrono::steady_clock::now() + patience;
         read().find(awaited) == std::string::npos; ::usleep(1000))
      if (std::chrono::steady_clock::now() > end)
        return false;
    return true;
  }

private:
  int ends_[2];
  std::string text_;
};

std::string counted(std::uint64_t lines, std::string_view why) {
  return "LOST " + std::to_string(lines) + " " + std::string{why};
}

log_writer::options bounded(std::size_t bytes, std::size_t reserve = 0) {
  return {bytes, reserve, std::chrono::milliseconds{patience}, counted};
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// The sum of the counts that were told.
std::uint64_t lost_in(const std::string& text) {
  std::uint64_t sum = 0;
  for (auto at = text.find("LOST "); at != std::string::npos; at = text.find("LOST ", at + 1))
    sum += std::stoull(text.substr(at + 5));
  return sum;
}

const std::string line(199, 'x'); // with its newline 200 bytes

} // namespace

TEST_CASE("a pipe that nobody reads keeps nobody who logs, and what was lost is told") {
  reader pipe;
  log_writer writer{bounded(20'000), pipe.as_destination()};
  constexpr std::size_t lines = 5'000; // a million bytes: more than pipe and queue hold
  for (std::size_t i = 0; i < lines; ++i)
    writer.put(line, false);
  REQUIRE(pipe.reads("LOST "));
  CHECK(writer.flush(patience));
  writer.put("at last", false);
  REQUIRE(pipe.reads("at last"));
  auto& text = pipe.read();
  CHECK(count(text, line + '\n') + lost_in(text) == lines);
  CHECK(text.find("LOST") < text.find("at last"));
  CHECK(text.find("written too slowly") != std::string::npos);
}

TEST_CASE("warnings and errors have room when others have filled the queue") {
  reader pipe;
  log_writer writer{bounded(20'000, 10'000), pipe.as_destination()};
  for (int i = 0; i < 5'000; ++i)
    writer.put(line, false);
  writer.put("an alarm", true);
  writer.put("small talk", false);
  REQUIRE(pipe.reads("an alarm"));
  CHECK(pipe.read().find("small talk") == std::string::npos);
}

TEST_CASE("the end waits for a slow reader, and gives up one that does not read") {
  reader pipe;
  {
    log_writer writer{{1'000'000, 0, 50ms, counted}, pipe.as_destination()};
    for (int i = 0; i < 4'000; ++i)
      writer.put(line, false);
  } // a hang here would be the failure
  CHECK(count(pipe.read(), line) > 0);
  {
    log_writer writer{bounded(1'000'000), pipe.as_destination()};
    writer.put("the last word", false);
  }
  CHECK(pipe.reads("the last word"));
}

TEST_CASE("lines that the old place does not take go to the new one") {
  const ringdown::test::folder f;
  reader stuck;
  log_writer writer{bounded(1'000'000), stuck.as_destination()};
  for (int i = 0; i < 1'000; ++i)
    writer.put(line, false);
  auto file = destination::open(f.path() / "log");
  writer.write_to(std::get<destination_ptr>(file));
  writer.put("of the new file", false);
  REQUIRE(writer.flush(patience));
  std::ifstream in{f.path() / "log"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  CHECK(text.ends_with("of the new file\n"));
  CHECK(count(text + stuck.read(), line + '\n') == 1'000);
}

TEST_CASE("a full disk loses lines, and the first that can be written again says how many") {
  const ringdown::test::folder f;
  auto full = destination::open("/dev/full");
  REQUIRE(std::holds_alternative<destination_ptr>(full));
  log_writer writer{bounded(1'000'000), std::get<destination_ptr>(full)};
  for (int i = 0; i < 3; ++i)
    writer.put(line, false);
  REQUIRE(writer.flush(patience));
  reader pipe;
  writer.write_to(pipe.as_destination());
  CHECK(pipe.reads("LOST 3 No space left on device\n")); // though nobody logs any more
}

TEST_CASE("a reader that has gone is a loss as any other") {
  std::signal(SIGPIPE, SIG_IGN);
  reader gone;
  gone.close();
  log_writer writer{bounded(1'000'000), gone.as_destination()};
  writer.put(line, false);
  REQUIRE(writer.flush(patience));
  reader pipe;
  writer.write_to(pipe.as_destination());
  CHECK(pipe.reads("LOST 1 Broken pipe\n"));
}

TEST_CASE("a FIFO that nobody reads is refused, and one that is read is written to") {
  const ringdown::test::folder f;
  const auto path = f.path() / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  auto refused = destination::open(path);
  REQUIRE(std::holds_alternative<std::string>(refused));
  CHECK(std::get<std::string>(refused).ends_with("fifo: nobody reads this FIFO"));
  const int end = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(end >= 0);
  auto opened = destination::open(path);
  REQUIRE(std::holds_alternative<destination_ptr>(opened));
  {
    log_writer writer{bounded(1'000'000), std::get<destination_ptr>(opened)};
    for (int i = 0; i < 10; ++i)
      writer.put("heard", false);
  }
  char text[100];
  CHECK(::read(end, text, sizeof text) == 60);
  ::close(end);
}

TEST_CASE("a line longer than a pipe takes at once arrives whole") {
  reader pipe;
  log_writer writer{bounded(1'000'000), pipe.as_destination()};
  const std::string long_line(10'000, 'y');
  writer.put(long_line, false);
  CHECK(pipe.reads(long_line + '\n'));
}
