#include "broker/admin/metrics_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace ringdown::admin {

namespace {

std::string_view kind_word(meter_kind kind) noexcept {
  switch (kind) {
  case meter_kind::counter: return "counter";
  case meter_kind::gauge: return "gauge";
  case meter_kind::histogram: return "histogram";
  }
  return "untyped";
}

/// The shortest text that is read back as the same number.
std::string text_of(double value) {
  char room[32];
  auto end = std::to_chars(room, room + sizeof room, value);
  return {room, end.ptr};
}

std::string text_of(std::uint64_t value) {
  return std::to_string(value);
}

/// `a="x",b="y"`: what stands between the braces.
class label_text {
public:
  void add(std::string_view name, std::string_view value) {
    if (!text_.empty())
      text_ += ',';
    text_.append(name).append("=\"");
    for (char c : value) {
      if (c == '"' || c == '\\')
        text_ += '\\';
      text_ += c == '\n' ? ' ' : c;
    }
    text_ += '"';
  }
  const std::string& view() const noexcept { return text_; }

private:
  std::string text_;
};

void add_line(std::string& out, std::string_view name, std::string_view suffix,
              const std::string& labels, const std::string& value) {
  out.append(name).append(suffix);
  if (!labels.empty())
    out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

/// Buckets each by itself, the last one above all bounds; Prometheus wants them summed up.
void add_histogram(std::string& out, std::string_view name, const label_text& labels,
                   std::span<const double> bounds, std::span<const std::uint64_t> buckets,
                   double sum) {
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    so_far += buckets[i];
    auto of_bucket = labels;
    of_bucket.add("le", i < bounds.size() ? text_of(bounds[i]) : "+Inf");
    add_line(out, name, "_bucket", of_bucket.view(), text_of(so_far));
  }
  add_line(out, name, "_sum", labels.view(), text_of(sum));
  add_line(out, name, "_count", labels.view(), text_of(so_far));
}

/// The cells of a number, over some blocks.
std::vector<std::uint64_t> sums(const meter_info& row, std::span<const meters* const> blocks) {
  std::vector<std::uint64_t> all(row.cells(*blocks.front()).size());
  for (auto* block : blocks) {
    auto cells = row.cells(*block);
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] += cells[i].get();
  }
  return all;
}

/// What its labels are called at this place among all combinations.
label_text labels_at(const meter_info& row, std::size_t place) {
  std::vector<std::size_t> of(row.labels.size());
  for (std::size_t i = row.labels.size(); i-- > 0;) {
    of[i] = place % row.labels[i].size;
    place /= row.labels[i].size;
  }
  label_text text;
  for (std::size_t i = 0; i < of.size(); ++i)
    text.add(row.labels[i].name, row.labels[i].value(of[i]));
  return text;
}

void add_counted(std::string& out, const meter_info& row, std::span<const meters* const> blocks,
                 std::string_view loop) {
  auto cells = sums(row, blocks);
  auto labels_of = [&](std::size_t place) {
    auto text = labels_at(row, place);
    if (!loop.empty())
      text.add("loop", loop);
    return text;
  };
  if (row.kind != meter_kind::histogram) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      // A gauge's blocks are not read at one moment: what moves between them may be missed twice.
      auto value = std::max<std::int64_t>(static_cast<std::int64_t>(cells[i]), 0);
      add_line(out, row.name, {}, labels_of(i).view(), std::to_string(value));
    }
    return;
  }
  std::vector<double> bounds;
  for (auto bound : row.bounds)
    bounds.push_back(static_cast<double>(bound) / row.bounds_per_unit);
  auto each = bounds.size() + 2;
  for (std::size_t i = 0; i * each < cells.size(); ++i)
    add_histogram(out, row.name, labels_of(i), bounds, std::span{cells}.subspan(i * each, each - 1),
                  static_cast<double>(cells[i * each + each - 1]) / row.bounds_per_unit);
}

void add_reading(std::string& out, const meter_info& row, const reading& one) {
  label_text labels;
  for (std::size_t i = 0; i < row.labels.size(); ++i)
    labels.add(row.labels[i].name, one.labels.at(i));
  if (row.kind == meter_kind::histogram)
    add_histogram(out, row.name, labels, one.bounds, one.buckets, one.value);
  else
    add_line(out, row.name, {}, labels.view(), text_of(one.value));
}

} // namespace

std::string metrics_text(const meter_set& counts, std::span<const reading> readings) {
  std::vector<const meters*> blocks{&counts.shared()};
  for (std::size_t i = 0; i < counts.loops(); ++i)
    blocks.push_back(&counts.of_loop(i));
  std::string out;
  for (auto& row : meter_catalog()) {
    out.append("# HELP ").append(row.name).append(" ").append(row.help).append("\n# TYPE ");
    out.append(row.name).append(" ").append(kind_word(row.kind)).append("\n");
    if (row.cells == nullptr) {
      for (auto& one : readings)
        if (one.what == row.reading)
          add_reading(out, row, one);
    } else if (!row.is_of_loop) {
      add_counted(out, row, blocks, {});
    } else if (counts.loops() == 0) { // the stock scheduler's
      add_counted(out, row, blocks, "all");
    } else {
      for (std::size_t i = 0; i < counts.loops(); ++i)
        add_counted(out, row, std::span{blocks}.subspan(i + 1, 1), std::to_string(i));
    }
  }
  return out;
}

} // namespace ringdown::admin
