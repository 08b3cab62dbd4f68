#include "actors/meters.hpp"

namespace ringdown {

meter_set::meter_set() : shared_(std::make_unique<meters>(threads::many)) {}

void meter_set::make_blocks(std::size_t loops) {
  for (std::size_t i = 0; i < loops; ++i)
    of_loops_.push_back(std::make_unique<meters>(threads::one));
}

namespace {

template <class... Labels>
struct labels_of {
  static constexpr std::array<label_info, sizeof...(Labels)> all{
    label_info{label<Labels>::name, label<Labels>::size, &label<Labels>::value}...};
};

template <class Kind>
struct bounds_of {
  static constexpr std::span<const std::uint64_t> all{};
  static constexpr double per_unit = 1;
};
template <class Bounds>
struct bounds_of<meter_kinds::histogram<Bounds>> {
  static constexpr std::span<const std::uint64_t> all{Bounds::bounds};
  static constexpr double per_unit = Bounds::per_unit;
};

template <auto Member>
std::span<const thread_counter> cells_of(const meters& of) noexcept {
  return (of.*Member).cells();
}

template <class Kind, auto Member, class Labels>
constexpr meter_info counted(std::string_view name, std::string_view total, std::string_view unit,
                             std::string_view help, bool is_of_loop) {
  return {Kind::kind,
          Kind::kind == meter_kind::counter ? total : name,
          unit,
          help,
          Labels::all,
          is_of_loop,
          bounds_of<Kind>::all,
          bounds_of<Kind>::per_unit,
          &cells_of<Member>,
          {}};
}

template <class Labels>
constexpr meter_info looked_at(meter_kind kind, reading_id what, std::string_view name,
                               std::string_view total, std::string_view unit,
                               std::string_view help) {
  return {kind,        kind == meter_kind::counter ? total : name,
          unit,        help,
          Labels::all, false,
          {},          1,
          nullptr,     what};
}

// NOLINTBEGIN(cppcoreguidelines-macro-usage): the catalog's columns
#define RINGDOWN_ROW(kind, name, unit, help, labels, is_of_loop)                                   \
  counted<meter_kinds::kind, &meters::name, labels_of<RINGDOWN_UNPACKED labels>>(                  \
    "ringdown_" #name, "ringdown_" #name "_total", unit, help, is_of_loop),
#define RINGDOWN_METER(kind, name, unit, help, labels)                                             \
  RINGDOWN_ROW(kind, name, unit, help, labels, false)
#define RINGDOWN_METER_OF_LOOP(kind, name, unit, help, labels)                                     \
  RINGDOWN_ROW(kind, name, unit, help, labels, true)
#define RINGDOWN_READING(kind, name, unit, help, labels)                                           \
  looked_at<labels_of<RINGDOWN_UNPACKED labels>>(meter_kind::kind, reading_id::name,               \
                                                 "ringdown_" #name, "ringdown_" #name "_total",    \
                                                 unit, help),
constexpr meter_info catalog[] = {
#include "actors/meters.def"
};
// NOLINTEND(cppcoreguidelines-macro-usage)

} // namespace

std::span<const meter_info> meter_catalog() noexcept {
  return catalog;
}

} // namespace ringdown
