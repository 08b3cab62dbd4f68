#include "client/cli/text_table.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace ringdown::cli {

namespace {

constexpr std::string_view gap{"  "};
constexpr std::string_view cut_mark{"..."};
/// Of a column that gives way: names of fewer characters say nothing.
constexpr std::size_t narrowest = 12;

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The first so many characters.
std::string_view first_of(std::string_view text, std::size_t characters) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (begins_character(text[i]) && characters-- == 0)
      return text.substr(0, i);
  return text;
}

void add_cell(std::string& line, std::string_view text, std::size_t width, bool at_right) {
  auto has = characters_of(text);
  std::string blanks(width > has ? width - has : 0, ' ');
  if (at_right)
    line += blanks;
  line += text;
  if (!at_right)
    line += blanks;
}

} // namespace

std::string cut_to(std::string_view text, std::size_t characters) {
  if (characters_of(text) <= characters)
    return std::string{text};
  auto kept = characters > cut_mark.size() ? characters - cut_mark.size() : 0;
  return std::string{first_of(text, kept)} + std::string{cut_mark.substr(0, characters)};
}

std::string bytes_text(std::int64_t bytes) {
  constexpr double step = 1024;
  if (bytes < static_cast<std::int64_t>(step))
    return fmt::format("{} B", bytes);
  auto amount = static_cast<double>(bytes) / step;
  for (auto* unit : {"KiB", "MiB"}) {
    if (amount < step)
      return fmt::format("{:.{}f} {}", amount, amount < 10 ? 1 : 0, unit);
    amount /= step;
  }
  return fmt::format("{:.1f} GiB", amount);
}

/// As wide as the names and what stands below them.
std::vector<std::size_t> text_table::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto width = characters_of(columns_[i].name);
    for (auto& row : rows_)
      width = std::max(width, characters_of(row[i]));
    widths.push_back(std::min(width, std::max(columns_[i].width_max, columns_[i].name.size())));
  }
  return widths;
}

/// A column of width 0 is left out.
void text_table::fit(std::vector<std::size_t>& widths, std::size_t columns) const {
  std::size_t total = 0;
  for (auto width : widths)
    total += width + gap.size();
  columns += gap.size(); // behind the last there is none
  for (auto i = columns_.size(); i-- > 0 && total > columns;)
    if (columns_[i].is_spare) {
      total -= widths[i] + gap.size();
      widths[i] = 0;
    }
  for (std::size_t i = 0; i < columns_.size() && total > columns; ++i)
    if (columns_[i].gives_way && widths[i] > narrowest) {
      auto less = std::min(widths[i] - narrowest, total - columns);
      widths[i] -= less;
      total -= less;
    }
}

std::string text_table::text(std::size_t columns) const {
  auto width_of = widths();
  fit(width_of, columns);
  auto line_of = [&](auto cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (width_of[i] != 0)
        add_cell(line.append(line.empty() ? "" : gap), cut_to(cell_of(i), width_of[i]), width_of[i],
                 columns_[i].is_number);
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  auto text = line_of([&](std::size_t i) { return columns_[i].name; });
  for (auto& row : rows_)
    text += line_of([&](std::size_t i) { return std::string_view{row[i]}; });
  return text;
}

std::size_t output_columns() {
  winsize size{};
  bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : columns_usual;
}

} // namespace ringdown::cli
