// Numbers with units. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ringdown::configuration {

/// What can be written with a unit: bytes (B, KiB, MiB, GiB) or milliseconds (ms, s, min, h).
enum class quantity : std::uint8_t { size, duration };

enum class quantity_fault : std::uint8_t { none, no_number, bad_unit };
struct quantity_result {
  quantity_fault fault = quantity_fault::none;
  std::uint64_t number = 0;    ///< bytes or milliseconds; the largest number if it is larger
  std::string_view wrong_unit; ///< of `bad_unit`, as it was written
};

/// "4 MiB", "4MiB", "4194304"; "5 s", "5000". A fraction or a sign is `no_number` or `bad_unit`.
quantity_result parse_quantity(quantity q, std::string_view text) noexcept;
/// With the largest unit that leaves a whole number: "128 KiB", "16000 B", "1500 ms".
std::string quantity_text(quantity q, std::uint64_t number);
std::span<const std::string_view> unit_names(quantity q) noexcept;

/// Decimal digits and nothing else; the largest number if it is larger than 64 bits.
std::optional<std::uint64_t> parse_whole(std::string_view digits) noexcept;

} // namespace ringdown::configuration
