// Which node owns a DN, and under which epoch. One node owns them all, unless somebody says
// otherwise.
#pragma once

#include "messages/ids.hpp"

#include <optional>
#include <string_view>

namespace ringdown {

/// Asked by the directory alone, in its thread.
class placement {
public:
  virtual ~placement() = default;
  /// This node takes the DN, which is nowhere now: its epoch, above all that it ever had. Nothing:
  /// another node owns it.
  virtual std::optional<dn_epoch> claim(std::string_view dn) = 0;
};

/// Every DN lives here.
class all_here final : public placement {
public:
  /// `last` is at least the last epoch that this node has ever given.
  explicit all_here(dn_epoch last) noexcept : last_(last) {}
  std::optional<dn_epoch> claim(std::string_view) override { return dn_epoch{++last_.value}; }

private:
  dn_epoch last_;
};

} // namespace ringdown
