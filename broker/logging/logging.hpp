// The broker's log. One line an entry, for a person or for a machine, each component with its own
// threshold that can change at run time. There is no global logger: main makes one and passes it
// by reference.
//
//   log.write(component::edge, level::info, "connection accepted", {{"client", id}, {"peer", p}});
//
//   2026-11-22 15:04:05.123 INFO  edge       connection accepted  client=0000000000000001 peer=...
//   {"time":"2026-11-22T15:04:05.123456Z","level":"info","component":"edge","message":"...",...}
//
// Blocking: a line is written with one system call under a mutex, by the thread that logs it. A
// loop that logs therefore waits if the disk or the reader of stderr does; so nothing on the path
// of an event logs above `debug`, and repeated warnings are rate-limited. Lines are not gathered
// for a thread of their own: a crash must not take the last of them with it.
#pragma once

#include "broker/logging/level.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::logging {

/// A key with its value, made where `write` is called and gone after it: text is not copied.
/// Keys are words of ours; values may be anybody's bytes.
struct field {
  using value_type = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

  field(std::string_view k, bool v) : key{k}, value{v} {}
  field(std::string_view k, std::signed_integral auto v)
    : key{k}, value{static_cast<std::int64_t>(v)} {}
  field(std::string_view k, std::unsigned_integral auto v)
    : key{k}, value{static_cast<std::uint64_t>(v)} {}
  field(std::string_view k, std::floating_point auto v) : key{k}, value{static_cast<double>(v)} {}
  field(std::string_view k, std::string_view v) : key{k}, value{v} {}
  field(std::string_view k, const std::string& v) : key{k}, value{std::string_view{v}} {}
  field(std::string_view k, const char* v) : key{k}, value{std::string_view{v}} {}

  std::string_view key;
  value_type value;
};

/// Text of a message or value beyond this many bytes is cut, and the line says how many are gone:
/// a peer's bytes must not fill the disk.
inline constexpr std::size_t text_bytes_max = 1024;

/// Receives each finished line, without its newline. Called under the logger's mutex, one line at
/// a time; it must not log itself and must not throw.
using sink = std::function<void(level, component, std::string_view line)>;

/// How a logger is made. All of it but the sink and the clock can change later.
struct options {
  thresholds levels = all_at(level::info);
  format shape = format::human;
  /// Where lines go. Empty: stderr, or the file of `open_file`.
  sink to{};
  /// The same component's same message of level warn or error is written at most so many times in
  /// a second; then one line tells how many were left out. 0: no bound.
  std::size_t repeats_per_second_max = 5;
  /// The time of a line, UTC. Empty: the system's clock.
  std::function<std::chrono::system_clock::time_point()> clock{};
};

/// Writes lines. Every member function may be called from any thread.
class logger {
public:
  explicit logger(options o = {});
  /// Tells what the rate limit still holds back, then flushes.
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  /// True if a line of this level would be written: one relaxed load. Ask before building a costly
  /// value; `write` asks by itself.
  bool enabled(component c, level l) const noexcept {
    return l >= levels_[static_cast<std::size_t>(c)].load(std::memory_order_relaxed);
  }

  /// Writes one line if its level is enabled. `message` is a fixed sentence of ours; what varies
  /// stands in `fields`, because equal messages are what the rate limit counts. Control characters
  /// and bad UTF-8 are escaped in all of it. `l` is never `off`. Does not throw; a line that
  /// cannot be written is lost, and stderr hears why.
  void write(component c, level l, std::string_view message,
             std::initializer_list<field> fields = {}) noexcept {
    if (enabled(c, l))
      write_enabled(c, l, message, fields);
  }

  /// Shorthands of `write`.
  void debug(component c, std::string_view message,
             std::initializer_list<field> fields = {}) noexcept {
    write(c, level::debug, message, fields);
  }
  void info(component c, std::string_view message,
            std::initializer_list<field> fields = {}) noexcept {
    write(c, level::info, message, fields);
  }
  void warn(component c, std::string_view message,
            std::initializer_list<field> fields = {}) noexcept {
    write(c, level::warn, message, fields);
  }
  void error(component c, std::string_view message,
             std::initializer_list<field> fields = {}) noexcept {
    write(c, level::error, message, fields);
  }

  /// Changes the thresholds or the look of the lines that follow (SIGHUP).
  void set_levels(const thresholds& levels) noexcept;
  void set_format(format f) noexcept { shape_.store(f, std::memory_order_relaxed); }

  /// Appends to this file from now on, created if absent; an empty path means stderr. A folder that
  /// does not exist is an error and is not made: a name mistyped must not hide the log. Opens anew
  /// even if the path is the same, which is what log rotation needs. Returns what went wrong, in
  /// words; the log then stays where it was. No effect on a logger with a sink.
  [[nodiscard]] std::optional<std::string> open_file(const std::filesystem::path& path);

  /// Tells what the rate limit held back in seconds that are over. Lines written do this too;
  /// main calls it once a second or so, for the time when nobody logs.
  void tick() noexcept;

private:
  struct state;
  void write_enabled(component c, level l, std::string_view message,
                     std::initializer_list<field> fields) noexcept;

  std::array<std::atomic<level>, component_count> levels_;
  std::atomic<format> shape_;
  std::unique_ptr<state> state_; // spdlog stays behind this
};

} // namespace ringdown::logging
