#include "bench/tell/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace ringdown::bench {

namespace {

// The picture, in pixels, and the room for text around the plot.
constexpr double width = 860;
constexpr double height = 340;
constexpr double left = 80;
constexpr double right = 44;
constexpr double top = 56;
constexpr double bottom = 46;
constexpr double title_y = 20;
constexpr double names_y = 42;
constexpr double letter_width = 7.5; // of 12 pixels of sans-serif, on the wide side
constexpr int ticks_wanted = 6;
/// Above the highest bar, for its value.
constexpr double value_room = 30;
/// Of a group's room, what stands between it and the next.
constexpr double gap_share = 0.18;

constexpr std::array<const char*, 7> colours{"#1f6fb4", "#d1621b", "#3a8f3a", "#8a4fb0",
                                             "#8c6d1f", "#c2407a", "#4d6570"};
constexpr std::string_view file_style =
  "text{font:12px sans-serif;fill:#333}.grid{stroke:#ddd}.value{font-size:10px}";

const char* colour_of(std::size_t index) {
  return colours[index % colours.size()];
}

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

std::string upright_text_at(double x, double y, const char* anchor, std::string_view kind,
                            std::string_view text) {
  return fmt::format("<text class=\"{4}\" transform=\"translate({0:.1f} {1:.1f}) rotate(-90)\" "
                     "text-anchor=\"{2}\">{3}</text>\n",
                     x, y, anchor, html_escaped(text), kind);
}

std::string line_between(double x1, double y1, double x2, double y2, std::string_view colour = {}) {
  auto look = colour.empty() ? std::string{"class=\"grid\""} : fmt::format("stroke=\"{}\"", colour);
  return fmt::format("<line {} x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", look,
                     x1, y1, x2, y2);
}

/// Title, the y axis and its lines.
std::string frame_of(const std::string& title, const std::string& y_name, const axis& y) {
  auto out = text_at(left, title_y, "start", title);
  out += upright_text_at(18, (top + height - bottom) / 2, "middle", "name", y_name);
  for (auto tick : ticks_of(y)) {
    out += line_between(left, y_at(y, tick), width - right, y_at(y, tick));
    out += text_at(left - 6, y_at(y, tick) + 4, "end", number_text(tick));
  }
  return out;
}

std::string x_axis(const plot& p, const axis& x) {
  std::string out;
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
  return out + text_at((left + width - right) / 2, height - 8, "middle", p.x_name);
}

/// Whose colour is whose, in a row.
std::string names_of(const std::vector<std::string>& names) {
  std::string out;
  auto x = left;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\" fill=\"{}\"/>\n",
                       x, names_y - 9, colour_of(i));
    out += text_at(x + 15, names_y, "start", names[i]);
    x += 15 + 16 + letter_width * static_cast<double>(names[i].size());
  }
  return out;
}

std::string line_of(const plot& p, const series& s, const char* colour, const axis& x,
                    const axis& y) {
  std::string points, dots;
  for (auto& point : s.points) {
    if (!shows(p, point))
      continue;
    auto at_x = x_at(x, point.first);
    auto at_y = y_at(y, point.second);
    points += fmt::format("{:.1f},{:.1f} ", at_x, at_y);
    if (p.dots)
      dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\" fill=\"{}\"/>\n", at_x,
                          at_y, colour);
  }
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" points=\"{}\"/>\n",
                     colour, points) +
         dots;
}

/// A bar with its value above it and its spread as a line.
std::string bar(double x, double bar_width, const spread& value, const char* colour,
                const axis& y) {
  if (!(value.median > 0))
    return {};
  auto place = [&](double v) { return y_at(y, std::clamp(v, y.low, y.high)); };
  auto middle = x + bar_width / 2;
  auto head = place(value.median);
  auto out = fmt::format(
    "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n",
    x + bar_width * 0.08, head, bar_width * 0.84, height - bottom - head, colour);
  out += line_between(middle, place(value.low), middle, place(value.high), "#333");
  auto number =
    value.median < 1000 ? fmt::format("{:.3g}", value.median) : fmt::format("{:.0f}", value.median);
  return out + upright_text_at(middle + 3.5, std::min(head, place(value.high)) - 4, "start",
                               "value", number);
}

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

drawing draw(const plot& p) {
  std::vector<double> xs, ys;
  std::vector<std::string> names;
  for (auto& s : p.lines) {
    names.push_back(s.name);
    for (auto& point : s.points)
      if (shows(p, point)) {
        xs.push_back(point.first);
        ys.push_back(point.second);
      }
  }
  auto x = axis_for(xs, p.log_x);
  auto y = axis_for(ys, p.log_y);
  drawing d{p.title, width, height, frame_of(p.title, p.y_name, y) + x_axis(p, x)};
  for (std::size_t i = 0; i < p.lines.size(); ++i)
    d.parts += line_of(p, p.lines[i], colour_of(i), x, y);
  d.parts += names_of(names);
  return d;
}

drawing draw(const bar_chart& c) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (auto& m : c.members) {
    names.push_back(m.name);
    for (auto& v : m.values)
      if (v.median > 0)
        values.insert(values.end(), {v.median, v.low > 0 ? v.low : v.median, v.high});
  }
  auto y = axis_for(values, true);
  y.high *= std::pow(y.high / y.low, value_room / (height - top - bottom));
  drawing d{c.title, width, height, frame_of(c.title, c.y_name, y)};
  auto group_width =
    (width - left - right) / static_cast<double>(std::max<std::size_t>(c.groups.size(), 1));
  auto bar_width =
    group_width * (1 - gap_share) / static_cast<double>(std::max<std::size_t>(c.members.size(), 1));
  for (std::size_t g = 0; g < c.groups.size(); ++g) {
    auto begin = left + group_width * (static_cast<double>(g) + gap_share / 2);
    for (std::size_t m = 0; m < c.members.size(); ++m)
      if (g < c.members[m].values.size())
        d.parts += bar(begin + bar_width * static_cast<double>(m), bar_width,
                       c.members[m].values[g], colour_of(m), y);
    // Long names stand a line lower than their neighbours, which they would run into.
    auto row = c.groups[g].size() * letter_width > group_width ? 2 : 1;
    d.parts += text_at(left + group_width * (static_cast<double>(g) + 0.5),
                       height - bottom + 16 * row, "middle", c.groups[g]);
  }
  d.parts += names_of(names);
  return d;
}

std::string inline_svg(const drawing& d) {
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n{}</svg>\n", d.width, d.height,
                     d.parts);
}

std::string svg_file(const drawing& d) {
  return fmt::format(
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
    "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n<style>{3}</style>\n"
    "<rect width=\"{0}\" height=\"{1}\" rx=\"6\" fill=\"#fff\"/>\n{4}</svg>\n",
    d.width, d.height, html_escaped(d.title), file_style, d.parts);
}

} // namespace ringdown::bench
