#include "actors/context.hpp"

namespace ringdown {

bool dn_list::has(std::string_view dn) const {
  auto list = std::atomic_load(&names_);
  return list == nullptr || list->contains(std::string{dn});
}

} // namespace ringdown
