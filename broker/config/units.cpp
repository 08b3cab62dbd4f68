#include "broker/config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ringdown::configuration {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};
// Ascending: printing takes the largest that divides.
constexpr std::array size_units{unit{"B", 1}, unit{"KiB", 1024}, unit{"MiB", 1024 * 1024},
                                unit{"GiB", 1024 * 1024 * 1024}};
constexpr std::array duration_units{unit{"ms", 1}, unit{"s", 1000}, unit{"min", 60'000},
                                    unit{"h", 3'600'000}};
constexpr std::array<std::string_view, 4> size_names{"B", "KiB", "MiB", "GiB"};
constexpr std::array<std::string_view, 4> duration_names{"ms", "s", "min", "h"};

std::span<const unit> units(quantity q) noexcept {
  return q == quantity::size ? std::span<const unit>{size_units}
                             : std::span<const unit>{duration_units};
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

} // namespace

std::span<const std::string_view> unit_names(quantity q) noexcept {
  return q == quantity::size ? std::span<const std::string_view>{size_names}
                             : std::span<const std::string_view>{duration_names};
}

std::optional<std::uint64_t> parse_whole(std::string_view digits) noexcept {
  std::uint64_t number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, number);
  if (fault == std::errc::result_out_of_range && stop == end)
    return std::numeric_limits<std::uint64_t>::max(); // out of any range, and told as that
  if (fault != std::errc{} || stop != end)
    return std::nullopt;
  return number;
}

quantity_result parse_quantity(quantity q, std::string_view text) noexcept {
  text = trimmed(text);
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_whole(text.substr(0, digits));
  if (!number)
    return {quantity_fault::no_number, 0, {}};
  const auto name = trimmed(text.substr(digits));
  if (name.empty())
    return {quantity_fault::none, *number, {}};
  for (const auto& u : units(q)) {
    if (u.name != name)
      continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / u.factor)
      return {quantity_fault::none, std::numeric_limits<std::uint64_t>::max(), {}};
    return {quantity_fault::none, *number * u.factor, {}};
  }
  return {quantity_fault::bad_unit, 0, name};
}

std::string quantity_text(quantity q, std::uint64_t number) {
  const auto all = units(q);
  auto best = all.front();
  for (const auto& u : all)
    if (number != 0 && number % u.factor == 0)
      best = u;
  return std::to_string(number / best.factor) + ' ' + std::string{best.name};
}

} // namespace ringdown::configuration
