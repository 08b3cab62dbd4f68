#include "broker/log_observer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <vector>

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
  auto wanted = level_of(level); // asked for each read: mostly nobody wants lines of debug
  return log_.enabled(wanted) && log_.enabled(component_of(part), wanted);
}

void log_observer::log(std::string_view part, severity level, std::string_view what,
                       fields details) noexcept {
  // Ours have eight fields at most; more take memory, and there may be none.
  alignas(logging::field) std::array<std::byte, 12 * sizeof(logging::field)> room;
  std::pmr::monotonic_buffer_resource memory{room.data(), room.size()};
  try {
    std::pmr::vector<logging::field> all{&memory};
    all.reserve(details.size());
    for (auto& [key, value] : details)
      if (!value.empty()) // nothing to say of it
        all.emplace_back(key, value);
    log_.write(component_of(part), level_of(level), what, {all.data(), all.size()});
  } catch (const std::bad_alloc&) {
    log_.write(component_of(part), level_of(level), what);
  }
}

} // namespace ringdown
