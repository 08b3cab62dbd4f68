#include "broker/edge/traces.hpp"

#include "messages/frame.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace ringdown::edge {

namespace {

/// Answers that a trace of a DN waits for: as many as some clients may have outstanding. What is
/// answered beyond is not told.
constexpr std::size_t answers_max = 4096;

std::size_t bytes_of(const trace_line& line) noexcept {
  return sizeof line + line.application.size() + line.frame.dn.size() + line.frame.result.size();
}

} // namespace

void loop_traces::open(trace_wanted what, time_point now) {
  close(what.id);
  auto until = now + what.time;
  traces_.push_back({std::move(what), until, false, {}, 0, 0, {}});
  count_running();
}

void loop_traces::close(std::uint64_t id) noexcept {
  std::erase_if(traces_, [id](auto& one) { return one.what.id == id; });
  count_running();
}

trace_part loop_traces::read(std::uint64_t id, std::uint64_t after, std::size_t lines_max) {
  auto found =
    std::find_if(traces_.begin(), traces_.end(), [id](auto& one) { return one.what.id == id; });
  if (found == traces_.end())
    return {};
  auto& lines = found->lines;
  while (!lines.empty() && lines.front().number <= after) {
    found->bytes -= bytes_of(lines.front());
    lines.pop_front();
  }
  auto count = std::min(lines.size(), lines_max);
  auto end = lines.begin() + static_cast<std::ptrdiff_t>(count);
  return {{lines.begin(), end}, found->last, found->is_over, count == lines.size(), true};
}

void loop_traces::look_at_clock(time_point now) noexcept {
  std::erase_if(traces_, [now](auto& one) { return now >= one.until + trace_grace; });
  for (auto& one : traces_)
    one.is_over = now >= one.until;
  count_running();
}

void loop_traces::count_running() noexcept {
  running_ = static_cast<std::size_t>(
    std::count_if(traces_.begin(), traces_.end(), [](auto& one) { return !one.is_over; }));
}

// ---- what passes ---------------------------------------------------------------------------

void loop_traces::came(const client_identity& from, std::int64_t time_us,
                       const std::vector<std::string_view>& frames) noexcept {
  for (auto frame : frames)
    tell(from, time_us, true, frame);
}

void loop_traces::left(const client_identity& to, std::int64_t time_us,
                       std::string_view stream) noexcept {
  constexpr auto any_size = std::numeric_limits<std::uint32_t>::max(); // it was made here
  for (auto next = next_frame(stream, any_size); next.status == cut_status::complete;
       next = next_frame(stream, any_size)) {
    tell(to, time_us, false, next.frame);
    stream.remove_prefix(next.consumed);
  }
}

void loop_traces::tell(const client_identity& who, std::int64_t time_us, bool is_from_client,
                       std::string_view frame) noexcept {
  for (auto& one : traces_) {
    if (one.is_over || !may_be_told(one, who, is_from_client, frame))
      continue;
    try {
      tell(one, who, time_us, is_from_client, frame);
    } catch (const std::bad_alloc&) { // a trace must not end a connection: the line is lost
      ++one.last;
    }
  }
}

/// Without taking the frame apart: nearly all that passes is of others. A frame about a DN has the
/// DN's bytes in it.
bool loop_traces::may_be_told(const trace& of, const client_identity& who, bool is_from_client,
                              std::string_view frame) noexcept {
  if (of.what.dn.empty())
    return who.id == of.what.client;
  if (frame.find(of.what.dn) != std::string_view::npos)
    return true;
  return !is_from_client && !of.answers.empty() &&
         of.answers.contains({who.id, look(frame).reference});
}

void loop_traces::tell(trace& of, const client_identity& who, std::int64_t time_us,
                       bool is_from_client, std::string_view frame) {
  auto seen = trace_of(frame, of.what.dn);
  if (!of.what.dn.empty()) {
    awaited answer{who.id, seen.reference};
    bool is_awaited = seen.is_answer && seen.dn.empty() && of.answers.contains(answer);
    if (!seen.names_wanted && !is_awaited)
      return;
    if (seen.is_request && seen.reference && of.answers.size() < answers_max)
      of.answers.insert(answer);
    if (seen.is_answer)
      of.answers.erase(answer);
    if (seen.dn.empty())
      seen.dn = of.what.dn;
  }
  auto number = of.last + 1;
  trace_line line{number,   time_us,         is_from_client, who.id,
                  who.role, who.application, std::move(seen)};
  auto bytes = bytes_of(line);
  if (of.lines.size() < trace_lines_max && of.bytes + bytes <= trace_bytes_max) {
    of.lines.push_back(std::move(line));
    of.bytes += bytes;
  }
  of.last = number;
}

} // namespace ringdown::edge
