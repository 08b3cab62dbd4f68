#include "actors/command_table.hpp"

#include <functional>

namespace ringdown {

std::uint64_t content_of(const send_event_view& command) noexcept {
  auto mix = [](std::uint64_t seed, std::uint64_t value) {
    return (seed ^ value) * 0x9e3779b97f4a7c15u + (seed >> 32);
  };
  std::uint64_t content = std::hash<std::string_view>{}(command.event);
  content = mix(content, command.if_version ? *command.if_version + 1 : 0);
  content = mix(content, command.confirm_timeout_ms.value_or(0));
  return mix(content, command.directed_to.value);
}

command_table::entry* command_table::find(std::string_view application, const command_id& id) {
  auto known = rows_.find(key{application, id});
  return known == rows_.end() ? nullptr : &known->second.content;
}

void command_table::add(std::string_view application, const command_id& id, std::uint64_t content,
                        const ack& answer, std::chrono::milliseconds now) {
  expire(now);
  if (order_.size() >= bounds_.command_ids_per_dn_max)
    for (auto oldest = order_.begin(); oldest != order_.end(); ++oldest)
      if (!rows_.find(**oldest)->second.content.outcome.empty()) {
        forget(oldest);
        break;
      }
  auto [known, added] = rows_.try_emplace(key{application, id});
  if (added) {
    known->second.place = order_.insert(order_.end(), &known->first);
    budget_.add(command_bytes);
  }
  known->second.content = {content, answer, {}, now + bounds_.command_id_window};
}

void command_table::expire(std::chrono::milliseconds now) {
  while (!order_.empty() && rows_.find(*order_.front())->second.content.expires <= now)
    forget(order_.begin());
}

void command_table::forget(std::list<const key*>::iterator place) {
  auto known = rows_.find(**place);
  order_.erase(place);
  rows_.erase(known);
  budget_.remove(command_bytes);
}

} // namespace ringdown
