// Rows of Markdown tables. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ringdown::docs {

/// Adds one cell to a row that begins with `|`.
inline void add_cell(std::string& row, std::string_view text) {
  row += ' ';
  for (const char c : text) {
    if (c == '|')
      row += '\\';
    row += c;
  }
  row += " |";
}

} // namespace ringdown::docs
