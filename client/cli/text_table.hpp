// A table for people, as wide as their terminal. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::cli {

/// Where standard output is no terminal.
inline constexpr std::size_t columns_usual = 120;

struct table_column {
  std::string_view name;
  std::size_t width_max = 16; ///< in characters; what is longer is cut, and ends in ...
  bool is_number = false;     ///< stands at the right
  bool is_spare = false;      ///< left out where there is no room, the last first
  bool gives_way = false;     ///< then grows narrower, if it is a text
};

class text_table {
public:
  explicit text_table(std::vector<table_column> columns) : columns_(std::move(columns)) {}

  /// One cell for each column. Made printable by the caller.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool is_empty() const noexcept { return rows_.empty(); }
  /// A line for the names and one for each row, none wider than `columns` as far as what is neither
  /// spare nor gives way allows.
  std::string text(std::size_t columns) const;

private:
  std::vector<std::size_t> widths() const;
  void fit(std::vector<std::size_t>& widths, std::size_t columns) const;

  std::vector<table_column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// As many characters, of UTF-8; what is longer ends in `...`.
std::string cut_to(std::string_view text, std::size_t characters);
/// 900 B, 12 KiB, 3.4 MiB.
std::string bytes_text(std::int64_t bytes);
/// As the terminal is wide, or `columns_usual`.
std::size_t output_columns();

} // namespace ringdown::cli
