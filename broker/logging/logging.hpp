// The broker's log. One line an entry, for a person or for a machine, each component with its own
// threshold that can change at run time. There is no global logger: main makes one and passes it
// by reference.
//
//   log.write(component::edge, level::info, "connection accepted", {{"client", id}, {"peer", p}});
//
//   2026-11-22 15:04:05.123 INFO  edge       connection accepted  client=0000000000000001 peer=...
//   {"time":"2026-11-22T15:04:05.123456Z","level":"info","component":"edge","message":"...",...}
//
// Where standard error is the journal of systemd, a line begins with its priority, and one for
// people has no time.
//
// Nobody who logs waits: a line goes into a bounded queue, and a thread of the log's own writes it
// (docs/decisions/0010). Lines that find no room because the disk or the reader is slow,
// or that cannot be written, are lost; a line of the log tells how many, as soon as one can be
// written. The price: what was logged in the last moment before a crash may be missing. With a
// `sink` there is neither queue nor thread: it is called by who logs.
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
#include <span>
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

/// Lines that wait to be written, in bytes: sixteen seconds' worth of `bytes_per_second_default`.
inline constexpr std::size_t queue_bytes_default = 1024 * 1024;
/// So much more for warnings and errors alone: they must not be lost because others talk.
inline constexpr std::size_t queue_reserve_default = 256 * 1024;
/// How long the end of a logger waits for the rest of its lines. A disk has taken them in
/// milliseconds; a reader that does not read must not keep the program.
inline constexpr std::chrono::milliseconds end_timeout_default{1000};

/// How a logger is made. All of it but the sink, the clock and the queue can change later.
struct options {
  thresholds levels = all_at(level::info);
  format shape = format::human;
  /// Where lines go. Empty: stderr, or the file of `open_file`.
  sink to{};
  /// The same component's same message is written so many times in a second whatever else is
  /// logged. Beyond them warnings and errors are left out, and one line tells how many. 0: no
  /// bound on warnings and errors.
  std::size_t repeats_per_second_max = 5;
  /// Other lines are left out beyond `repeats_per_second_max` once so many bytes have been written
  /// in a second: clients that make lines without end must not fill a disk. 0: no bound.
  std::size_t bytes_per_second_max = bytes_per_second_default;
  std::size_t queue_bytes_max = queue_bytes_default;
  std::size_t queue_bytes_reserve = queue_reserve_default;
  std::chrono::milliseconds end_timeout = end_timeout_default;
  /// The time of a line, UTC. Empty: the system's clock. Called by several threads, one at a time.
  std::function<std::chrono::system_clock::time_point()> clock{};
};

/// Writes lines. Every member function may be called from any thread.
class logger {
public:
  explicit logger(options o = {});
  /// Tells what the bounds still hold back; then waits for what is to be written, no longer than
  /// `end_timeout`.
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  /// True if a line of this level would be written: one relaxed load. Ask before building a costly
  /// value; `write` asks by itself.
  bool enabled(component c, level l) const noexcept {
    return l >= levels_[static_cast<std::size_t>(c)].load(std::memory_order_relaxed);
  }

  /// The same of whatever component: false where none writes such lines.
  bool enabled(level l) const noexcept { return l >= lowest_.load(std::memory_order_relaxed); }

  /// Writes one line if its level is enabled. `message` is a fixed sentence of ours; what varies
  /// stands in `fields`, because equal messages are what the bounds count. Control characters and
  /// bad UTF-8 are escaped in all of it. `l` is never `off`. Neither waits nor throws; a line whose
  /// sink throws, or that there is no memory for, is lost, and stderr hears why.
  void write(component c, level l, std::string_view message,
             std::span<const field> fields) noexcept {
    if (enabled(c, l))
      write_enabled(c, l, message, fields);
  }
  void write(component c, level l, std::string_view message,
             std::initializer_list<field> fields = {}) noexcept {
    write(c, l, message, std::span{fields.begin(), fields.size()});
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
  void set_format(format f) noexcept;
  void set_bytes_per_second_max(std::size_t bytes) noexcept;

  /// Appends to this file from now on, created if absent; an empty path means stderr. A folder that
  /// does not exist is an error and is not made: a name mistyped must not hide the log. Opens anew
  /// even if the path is the same, which is what log rotation needs. A FIFO must have a reader.
  /// Returns what went wrong, in words; the log then stays where it was. Lines that were logged
  /// before go to the place of before, unless that takes none. No effect on a logger with a sink.
  [[nodiscard]] std::optional<std::string> open_file(const std::filesystem::path& path);

  /// Tells what the bounds held back in seconds that are over. Lines written do this too;
  /// main calls it once a second or so, for the time when nobody logs.
  void tick() noexcept;

  /// Waits until what was logged before is written or lost; false: not within `timeout`.
  bool flush(std::chrono::milliseconds timeout);

private:
  struct state;
  void write_enabled(component c, level l, std::string_view message,
                     std::span<const field> fields) noexcept;

  std::array<std::atomic<level>, component_count> levels_;
  std::atomic<level> lowest_{level::trace}; ///< of them
  std::unique_ptr<state> state_;
};

} // namespace ringdown::logging
