#include "bench/html.hpp"

#include "bench/hgrm.hpp"
#include "bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace ringdown::bench {

namespace {

// The picture, in pixels, and the room for text around the plot.
constexpr double width = 860;
constexpr double height = 320;
constexpr double left = 80;
constexpr double right = 44;
constexpr double top = 34;
constexpr double bottom = 46;
constexpr int ticks_wanted = 6;
constexpr double bytes_in_mib = 1024.0 * 1024.0;

constexpr std::array<const char*, 4> colours{"#1f6fb4", "#d1621b", "#3a8f3a", "#8a4fb0"};

/// One axis: from values to places between 0 and 1.
struct axis {
  double low = 0;
  double high = 1;
  bool is_log = false;

  double place(double value) const {
    if (is_log)
      return (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low));
    return (value - low) / (high - low);
  }
};

bool shows(const plot& p, std::pair<double, double> point) {
  return (!p.log_x || point.first > 0) && (!p.log_y || point.second > 0);
}

/// Room for all values; linear ones begin at 0, logarithmic ones at a power of ten.
axis axis_for(const std::vector<double>& values, bool is_log) {
  axis a;
  a.is_log = is_log;
  if (is_log)
    a.high = 10;
  if (values.empty())
    return {is_log ? 1.0 : 0.0, a.high, is_log};
  auto [low, high] = std::minmax_element(values.begin(), values.end());
  a.low = is_log ? std::pow(10, std::floor(std::log10(*low))) : std::min(0.0, *low);
  a.high = is_log ? std::pow(10, std::ceil(std::log10(*high))) : *high * 1.05;
  if (a.high <= a.low)
    a.high = is_log ? a.low * 10 : a.low + 1;
  return a;
}

std::vector<double> ticks_of(const axis& a) {
  std::vector<double> ticks;
  if (a.is_log) {
    for (double tick = a.low; tick <= a.high * 1.001; tick *= 10)
      ticks.push_back(tick);
    return ticks;
  }
  auto rough = (a.high - a.low) / ticks_wanted;
  auto unit = std::pow(10, std::floor(std::log10(rough)));
  auto step = rough / unit < 1.5   ? unit
              : rough / unit < 3.5 ? 2 * unit
              : rough / unit < 7.5 ? 5 * unit
                                   : 10 * unit;
  for (auto tick = std::ceil(a.low / step) * step; tick <= a.high; tick += step)
    ticks.push_back(tick);
  return ticks;
}

std::string number_text(double value) {
  if (value >= 1e6)
    return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e3)
    return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

double x_at(const axis& a, double value) {
  return left + a.place(value) * (width - left - right);
}

double y_at(const axis& a, double value) {
  return height - bottom - a.place(value) * (height - top - bottom);
}

std::string text_at(double x, double y, const char* anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     html_escaped(text));
}

std::string line_between(double x1, double y1, double x2, double y2) {
  return fmt::format(
    "<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", x1, y1, x2,
    y2);
}

std::string grid(const plot& p, const axis& x, const axis& y) {
  std::string out;
  for (auto tick : ticks_of(y)) {
    out += line_between(left, y_at(y, tick), width - right, y_at(y, tick));
    out += text_at(left - 6, y_at(y, tick) + 4, "end", number_text(tick));
  }
  auto labels = p.x_labels;
  if (labels.empty())
    for (auto tick : ticks_of(x))
      labels.emplace_back(tick, number_text(tick));
  for (auto& [value, text] : labels) {
    if (value < x.low || value > x.high)
      continue;
    out += line_between(x_at(x, value), top, x_at(x, value), height - bottom);
    out += text_at(x_at(x, value), height - bottom + 16, "middle", text);
  }
  return out;
}

std::string line_of(const plot& p, const series& s, const char* colour, const axis& x,
                    const axis& y) {
  std::string points;
  for (auto& point : s.points)
    if (shows(p, point))
      points += fmt::format("{:.1f},{:.1f} ", x_at(x, point.first), y_at(y, point.second));
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" points=\"{}\"/>\n",
                     colour, points);
}

plot latency_plot(const load_result& r) {
  plot p{"Latency by percentile", "percentile", "microseconds", true, true, {}, {}};
  for (auto [name, h] : {std::pair{"ACK", &r.ack_latency}, {"delivery", &r.delivery_latency}}) {
    series s{name, {}};
    for (auto& point : distribution(*h))
      if (point.percent < 100) // at 100 the axis has no end
        s.points.emplace_back(100 / (100 - point.percent), static_cast<double>(point.value) / 1000);
    p.lines.push_back(std::move(s));
  }
  p.x_labels = {{1, "0 %"},       {2, "50 %"},         {10, "90 %"},          {100, "99 %"},
                {1000, "99.9 %"}, {10'000, "99.99 %"}, {100'000, "99.999 %"}, {1e6, "99.9999 %"}};
  return p;
}

/// A value of each sample over time.
template <class Value>
series over_time(std::string name, const load_result& r, Value value) {
  series s{std::move(name), {}};
  for (auto& one : r.samples)
    s.points.emplace_back(std::chrono::duration<double>(one.at).count(), value(one));
  return s;
}

std::vector<plot> plots_of(const load_result& r) {
  auto micros = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
  plot rate{"Rate", "seconds", "a second", false, false, {}, {}};
  rate.lines = {
    over_time("accepted", r, [](auto& s) { return per_second(s.acked, s.length); }),
    over_time("delivered", r, [](auto& s) { return per_second(s.delivered, s.length); }),
    over_time("refused", r, [](auto& s) { return per_second(s.refused, s.length); })};
  plot latency{"ACK latency over time", "seconds", "microseconds", false, true, {}, {}};
  latency.lines = {over_time("p50", r, [&](auto& s) { return micros(s.ack_p50_ns); }),
                   over_time("p99", r, [&](auto& s) { return micros(s.ack_p99_ns); })};
  std::vector<plot> all{latency_plot(r), rate, latency};
  if (!r.samples.empty() && r.samples.front().resident_bytes) {
    plot memory{"Broker memory", "seconds", "MiB", false, false, {}, {}};
    memory.lines = {over_time("resident", r, [](auto& s) {
      return static_cast<double>(s.resident_bytes.value_or(0)) / bytes_in_mib;
    })};
    all.push_back(memory);
  }
  return all;
}

constexpr std::string_view style =
  "body{font:14px sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222}"
  "pre{background:#f4f4f4;padding:1em;overflow-x:auto}"
  "svg{display:block;margin:1.5em 0;width:100%;height:auto}svg text{font:12px sans-serif;fill:#444}"
  ".grid{stroke:#ddd}.bad{color:#b00}";

} // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (char c : text)
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  return out;
}

std::string svg_of(const plot& p) {
  std::vector<double> xs, ys;
  for (auto& s : p.lines)
    for (auto& point : s.points)
      if (shows(p, point)) {
        xs.push_back(point.first);
        ys.push_back(point.second);
      }
  auto x = axis_for(xs, p.log_x);
  auto y = axis_for(ys, p.log_y);
  auto out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n", width, height);
  out += text_at(left, 16, "start", p.title + " (" + p.y_name + ")") + grid(p, x, y);
  out += text_at((left + width - right) / 2, height - 8, "middle", p.x_name);
  for (std::size_t i = 0; i < p.lines.size(); ++i) {
    auto* colour = colours[i % colours.size()];
    out += line_of(p, p.lines[i], colour, x, y);
    out += fmt::format("<text x=\"{}\" y=\"16\" text-anchor=\"end\" style=\"fill:{}\">{}</text>\n",
                       width - right - 90 * static_cast<double>(p.lines.size() - 1 - i), colour,
                       html_escaped(p.lines[i].name));
  }
  return out + "</svg>\n";
}

std::string html_report(const std::string& command, const load_options& o, const load_result& r) {
  auto out = fmt::format(
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ringdown-bench</title>"
    "<style>{}</style></head><body>\n<h1>ringdown-bench</h1>\n<p><code>{}</code></p>\n",
    style, html_escaped(command));
  if (!r.good())
    out += "<p class=\"bad\">Not verified: these figures do not count.</p>\n";
  out += "<pre>" + html_escaped(text_of(o, r)) + "</pre>\n";
  for (auto& p : plots_of(r))
    out += svg_of(p);
  return out + "</body></html>\n";
}

} // namespace ringdown::bench
