// What the actors tell, as lines of the log.
#pragma once

#include "actors/context.hpp"
#include "broker/logging/logging.hpp"

namespace ringdown {

/// Any thread; the logger outlives it.
class log_observer final : public observer {
public:
  explicit log_observer(logging::logger& log) : log_(log) {}
  bool wants(std::string_view part, severity level) const noexcept override;
  void log(std::string_view part, severity level, std::string_view what,
           fields details) noexcept override;

private:
  logging::logger& log_;
};

} // namespace ringdown
