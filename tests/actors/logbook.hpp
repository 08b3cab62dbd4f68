// What an operator is told of one part of the broker, line by line.
#pragma once

#include "tests/actors/office.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::test {

/// A ConnID is told with all its digits.
inline std::string without_zeros(std::string_view value) {
  auto begin = value.size() == 16 ? std::min(value.find_first_not_of('0'), value.size() - 1) : 0;
  return std::string{value.substr(begin)};
}

/// What a part tells its operator, at this level and above. While it stands.
class logbook final : public observer {
public:
  explicit logbook(office& o, std::string part = "dn", severity least = severity::info)
    : office_(o), part_(std::move(part)), least_(least),
      before_(std::exchange(o.context.observed_by, this)) {}
  ~logbook() override {
    office_.settle();
    office_.context.observed_by = before_;
  }
  bool wants(std::string_view part, severity level) const noexcept override {
    return part == part_ && level >= least_;
  }
  void log(std::string_view part, severity level, std::string_view what,
           fields details) noexcept override {
    static constexpr std::array names{"debug", "info", "warning", "error"};
    if (part != part_ || level < least_)
      return;
    auto line = names[static_cast<std::size_t>(level)] + std::string{": "} + std::string{what};
    for (auto& [name, value] : details)
      if (!value.empty())
        line += " " + std::string{name} + "=" + without_zeros(value);
    std::lock_guard held{mutex_};
    told_.push_back(std::move(line));
  }
  lines told() {
    office_.settle();
    std::lock_guard held{mutex_};
    return std::exchange(told_, {});
  }

private:
  office& office_;
  const std::string part_;
  const severity least_;
  observer* before_;
  std::mutex mutex_;
  lines told_;
};

} // namespace ringdown::test
