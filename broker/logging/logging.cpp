// What a line says and how often it is said; log_writer.cpp writes it.
#include "broker/logging/logging.hpp"

#include "broker/logging/journal.hpp"
#include "broker/logging/line.hpp"
#include "broker/logging/log_writer.hpp"
#include "broker/logging/repeat_filter.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

namespace ringdown::logging {
namespace {

using time_point = std::chrono::system_clock::time_point;

/// How lines look and what time it is: the writer's thread asks too.
struct line_maker {
  explicit line_maker(options& o) : shape{o.shape}, clock{std::move(o.clock)} {}

  time_point now() {
    if (!clock)
      return std::chrono::system_clock::now();
    const std::lock_guard guard{of_clock};
    return clock();
  }

  std::atomic<format> shape;
  std::atomic<reader> read_by{reader::anybody};
  std::mutex of_clock;
  const std::function<time_point()> clock;
};

std::string lost_line(line_maker& maker, std::uint64_t lines, std::string_view why) {
  const std::array fields{field{"lost", lines}, field{"why", why}};
  std::string text;
  append_line(text, maker.shape.load(std::memory_order_relaxed),
              {maker.now(), component::broker, level::error, "lines of the log were lost", fields},
              maker.read_by.load(std::memory_order_relaxed));
  return text;
}

void say_lost(std::string_view why) noexcept {
  try {
    say_on_standard_error("a line of the log was lost: " + std::string{why} + '\n');
  } catch (...) {
    say_on_standard_error("a line of the log was lost\n");
  }
}

/// Calls `log`, and keeps whatever it throws from those who only wanted to log.
template <class Log>
void guarded(Log log) noexcept {
  try {
    log();
  } catch (const std::exception& e) {
    say_lost(e.what());
  } catch (...) { // a sink is a host's own code
    say_lost("the sink threw");
  }
}

} // namespace

struct logger::state {
  explicit state(options& o)
    : to{std::move(o.to)}, maker{o}, repeats{o.repeats_per_second_max, o.bytes_per_second_max} {
    if (to)
      return;
    auto tells = [this](std::uint64_t lines, std::string_view why) {
      return lost_line(maker, lines, why);
    };
    writer = std::make_unique<log_writer>(
      log_writer::options{o.queue_bytes_max, o.queue_bytes_reserve, o.end_timeout, tells},
      destination::standard_error());
    maker.read_by = reader_of_standard_error();
  }

  void write(format f, const entry& e) {
    line.clear();
    append_line(line, f, e, maker.read_by.load(std::memory_order_relaxed));
    repeats.count(line.size() + 1);
    if (to)
      to(e.importance, e.from, line);
    else
      writer->put(line, e.importance >= level::warn);
  }

  void write_summaries(format f, time_point at) {
    for (const auto& s : summaries) {
      const std::array fields{field{"suppressed", s.suppressed}, field{"repeated", s.message}};
      write(f, {at, s.from, s.at, "repeated message suppressed", fields});
    }
    summaries.clear();
  }

  /// What was left out in seconds that are over.
  void tell_suppressed(format f, time_point at) {
    repeats.collect(at, summaries);
    write_summaries(f, at);
  }

  std::mutex mutex;
  const sink to;
  line_maker maker;
  repeat_filter repeats;
  std::vector<repeat_filter::summary> summaries;
  std::string line;                   // kept, so that a line allocates nothing
  std::unique_ptr<log_writer> writer; // none with a sink; the first to go: it asks the maker
};

logger::logger(options o) : state_{std::make_unique<state>(o)} {
  set_levels(o.levels);
}

logger::~logger() {
  guarded([this] {
    state_->repeats.collect_all(state_->summaries);
    state_->write_summaries(state_->maker.shape, state_->maker.now());
  });
}

void logger::set_levels(const thresholds& levels) noexcept {
  for (std::size_t i = 0; i < component_count; ++i)
    levels_[i].store(levels[i], std::memory_order_relaxed);
  lowest_.store(*std::min_element(levels.begin(), levels.end()), std::memory_order_relaxed);
}

void logger::set_format(format f) noexcept {
  state_->maker.shape.store(f, std::memory_order_relaxed);
}

void logger::set_bytes_per_second_max(std::size_t bytes) noexcept {
  const std::lock_guard guard{state_->mutex};
  state_->repeats.set_bytes_per_second_max(bytes);
}

std::optional<std::string> logger::open_file(const std::filesystem::path& path) {
  if (!state_->writer)
    return std::nullopt;
  if (path.empty()) {
    state_->maker.read_by = reader_of_standard_error();
    state_->writer->write_to(destination::standard_error());
    return std::nullopt;
  }
  auto opened = destination::open(path);
  if (auto* why_not = std::get_if<std::string>(&opened))
    return std::move(*why_not);
  state_->maker.read_by = reader::anybody;
  state_->writer->write_to(std::get<destination_ptr>(std::move(opened)));
  return std::nullopt;
}

void logger::write_enabled(component c, level l, std::string_view message,
                           std::span<const field> fields) noexcept {
  if (l == level::off)
    return;
  guarded([&] {
    const std::lock_guard guard{state_->mutex};
    const auto f = state_->maker.shape.load(std::memory_order_relaxed);
    const auto at = state_->maker.now();
    state_->tell_suppressed(f, at);
    if (state_->repeats.admit(c, l, message, at))
      state_->write(f, {at, c, l, message, fields});
  });
}

void logger::tick() noexcept {
  guarded([this] {
    const std::lock_guard guard{state_->mutex};
    state_->tell_suppressed(state_->maker.shape, state_->maker.now());
  });
}

bool logger::flush(std::chrono::milliseconds timeout) {
  return !state_->writer || state_->writer->flush(timeout);
}

} // namespace ringdown::logging
