#include "actors/command_table.hpp"

#include <string>

namespace ringdown {

content_hash content_of(const send_event_view& command, const keyed_hash& hash) {
  std::string all;
  auto add_number = [&](std::uint64_t number) {
    all.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  auto add_optional = [&](auto number) {
    add_number(number.has_value());
    add_number(number.value_or(0));
  };
  auto add_text = [&](std::string_view text) { // with its length: two texts do not run together
    add_number(text.size());
    all += text;
  };
  auto details = details_of(command);
  add_optional(command.if_version);
  add_optional(command.confirm_timeout_ms);
  add_number(command.directed_to.value);
  add_text(details.reason);
  add_text(details.agent_id);
  add_text(command.event);
  return hash.whole(all);
}

command_table::entry* command_table::find(std::string_view owner, const command_id& id) {
  auto known = rows_.find(key{owner, id});
  return known == rows_.end() ? nullptr : &known->second.content;
}

void command_table::add(std::string_view owner, const command_id& id, const content_hash& content,
                        const ack& answer, std::chrono::milliseconds now) {
  expire(now);
  if (order_.size() >= bounds_.command_ids_per_dn_max)
    for (auto oldest = order_.begin(); oldest != order_.end(); ++oldest)
      if (!rows_.find(**oldest)->second.content.outcome.empty()) {
        forget(oldest);
        break;
      }
  auto [known, added] = rows_.try_emplace(key{owner, id});
  if (added) {
    known->second.place = order_.insert(order_.end(), &known->first);
    count(command_bytes);
  }
  count(-static_cast<std::ptrdiff_t>(known->second.content.outcome.size()));
  known->second.content = {content, answer, {}, now + bounds_.command_id_window};
}

void command_table::expire(std::chrono::milliseconds now) {
  while (!order_.empty() && rows_.find(*order_.front())->second.content.expires <= now)
    forget(order_.begin());
}

void command_table::forget(std::list<const key*>::iterator place) {
  auto known = rows_.find(**place);
  count(-static_cast<std::ptrdiff_t>(command_bytes + known->second.content.outcome.size()));
  order_.erase(place);
  rows_.erase(known);
}

void command_table::decide(entry& command, std::string outcome) {
  count(static_cast<std::ptrdiff_t>(outcome.size()) -
        static_cast<std::ptrdiff_t>(command.outcome.size()));
  command.outcome = std::move(outcome);
}

void command_table::count(std::ptrdiff_t bytes) {
  counted_ += static_cast<std::size_t>(bytes);
  memory_.holds(counted_);
}

} // namespace ringdown
