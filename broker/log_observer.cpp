#include "broker/log_observer.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

logging::component component_of(std::string_view part) noexcept {
  auto& names = logging::component_names;
  auto found = std::find(names.begin(), names.end(), part);
  return found == names.end() ? logging::component::broker
                              : static_cast<logging::component>(found - names.begin());
}

logging::level level_of(observer::severity severity) noexcept {
  switch (severity) {
  case observer::severity::debug: return logging::level::debug;
  case observer::severity::info: return logging::level::info;
  case observer::severity::warning: return logging::level::warn;
  case observer::severity::error: return logging::level::error;
  }
  return logging::level::info;
}

} // namespace

bool log_observer::wants(std::string_view part, severity level) const noexcept {
  return log_.enabled(component_of(part), level_of(level));
}

void log_observer::tell(std::string_view part, severity level, std::string_view what,
                        fields details) noexcept {
  auto write = [&]<std::size_t... I>(std::index_sequence<I...>) {
    auto* d = details.begin();
    log_.write(component_of(part), level_of(level), what,
               {logging::field{d[I].first, d[I].second}...});
  };
  // The log takes a list whose length is known here; ours have at most eight fields.
  switch (details.size()) {
  case 0: return log_.write(component_of(part), level_of(level), what);
  case 1: return write(std::make_index_sequence<1>{});
  case 2: return write(std::make_index_sequence<2>{});
  case 3: return write(std::make_index_sequence<3>{});
  case 4: return write(std::make_index_sequence<4>{});
  case 5: return write(std::make_index_sequence<5>{});
  case 6: return write(std::make_index_sequence<6>{});
  case 7: return write(std::make_index_sequence<7>{});
  default: return write(std::make_index_sequence<8>{});
  }
}

} // namespace ringdown
