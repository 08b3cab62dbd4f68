// The logger over spdlog, which is included here and in line.cpp only. spdlog carries the finished
// lines to stderr or a file; what a line says and how often is decided before.
#include "broker/logging/logging.hpp"

#include "broker/logging/line.hpp"
#include "broker/logging/repeat_filter.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdio>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

namespace ringdown::logging {
namespace {

/// A logger that writes each line as it is, at once, and stands in no registry.
std::unique_ptr<spdlog::logger> make_output(spdlog::sink_ptr to) {
  to->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
  auto result = std::make_unique<spdlog::logger>("ringdown", std::move(to));
  result->set_level(spdlog::level::trace);
  result->flush_on(spdlog::level::trace);
  return result;
}

spdlog::level::level_enum spdlog_level(level l) noexcept {
  return static_cast<spdlog::level::level_enum>(l); // the same order, checked below
}
static_assert(static_cast<int>(level::trace) == SPDLOG_LEVEL_TRACE);
static_assert(static_cast<int>(level::warn) == SPDLOG_LEVEL_WARN);
static_assert(static_cast<int>(level::error) == SPDLOG_LEVEL_ERROR);

} // namespace

struct logger::state {
  explicit state(options& o)
    : to{std::move(o.to)}, clock{std::move(o.clock)}, repeats{o.repeats_per_second_max} {
    if (!to)
      output = make_output(std::make_shared<spdlog::sinks::stderr_sink_st>());
  }

  std::chrono::system_clock::time_point now() const {
    return clock ? clock() : std::chrono::system_clock::now();
  }

  void emit(format f, const entry& e) {
    line.clear();
    append_line(line, f, e);
    if (to)
      to(e.importance, e.from, line);
    else
      output->log(spdlog_level(e.importance), spdlog::string_view_t{line});
  }

  void emit_summaries(format f, std::chrono::system_clock::time_point at) {
    for (const auto& s : summaries)
      emit(f, {at,
               s.from,
               s.at,
               "repeated message suppressed",
               {{"suppressed", s.suppressed}, {"repeated", s.message}}});
    summaries.clear();
  }

  std::mutex mutex;
  sink to;
  std::function<std::chrono::system_clock::time_point()> clock;
  std::unique_ptr<spdlog::logger> output;
  repeat_filter repeats;
  std::vector<repeat_filter::summary> summaries;
  std::string line; // kept, so that a line allocates nothing
};

logger::logger(options o) : shape_{o.shape}, state_{std::make_unique<state>(o)} {
  set_levels(o.levels);
}

logger::~logger() {
  try {
    state_->repeats.collect_all(state_->summaries);
    state_->emit_summaries(shape_.load(), state_->now());
  } catch (...) {
    // The program ends; there is nobody left to tell.
  }
}

void logger::set_levels(const thresholds& levels) noexcept {
  for (std::size_t i = 0; i < component_count; ++i)
    levels_[i].store(levels[i], std::memory_order_relaxed);
}

std::optional<std::string> logger::open_file(const std::filesystem::path& path) {
  if (state_->to)
    return std::nullopt;
  std::error_code ignored;
  if (auto folder = path.parent_path();
      !folder.empty() && !std::filesystem::is_directory(folder, ignored))
    return path.string() + ": " + folder.string() + " is no directory";
  try {
    spdlog::sink_ptr to;
    if (path.empty())
      to = std::make_shared<spdlog::sinks::stderr_sink_st>();
    else
      to = std::make_shared<spdlog::sinks::basic_file_sink_st>(path.string());
    auto output = make_output(std::move(to));
    const std::lock_guard guard{state_->mutex};
    state_->output = std::move(output);
    return std::nullopt;
  } catch (const std::exception& e) {
    return e.what();
  }
}

void logger::write_enabled(component c, level l, std::string_view message,
                           std::initializer_list<field> fields) noexcept {
  if (l == level::off)
    return;
  try {
    const std::lock_guard guard{state_->mutex};
    const auto f = shape_.load(std::memory_order_relaxed);
    const auto at = state_->now();
    state_->repeats.collect(at, state_->summaries);
    state_->emit_summaries(f, at);
    if (l < level::warn || state_->repeats.admit(c, l, message, at))
      state_->emit(f, {at, c, l, message, fields});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "a line of the log was lost: %s\n", e.what());
  } catch (...) { // a sink is a host's own code
    std::fprintf(stderr, "a line of the log was lost: the sink threw\n");
  }
}

void logger::tick() noexcept {
  try {
    const std::lock_guard guard{state_->mutex};
    const auto at = state_->now();
    state_->repeats.collect(at, state_->summaries);
    state_->emit_summaries(shape_.load(std::memory_order_relaxed), at);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "a line of the log was lost: %s\n", e.what());
  } catch (...) { // a sink is a host's own code
    std::fprintf(stderr, "a line of the log was lost: the sink threw\n");
  }
}

} // namespace ringdown::logging
