#include "actors/directory/program_register.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

std::size_t program_register::place_of(const client_identity& who, const keyed_hash& hash) {
  std::string key{who.instance.view()};
  key += who.application;
  return hash(key);
}

bool program_register::same_program::operator()(const row& a, const row& b) const noexcept {
  auto& one = a.client->who;
  auto& other = b.client->who;
  return one.instance == other.instance && one.application == other.application;
}

program_register::milliseconds program_register::wait_of(const client_ptr& client,
                                                         time_point now) const {
  auto known = programs_.find(row{{client, {}}});
  if (known == programs_.end() || is_calm(*known, now) || known->in_a_row + 1 < fight_from)
    return {};
  auto wait = first_wait;
  for (auto i = fight_from; i <= known->in_a_row && wait < longest_wait; ++i)
    wait *= 2;
  return std::min(wait, longest_wait);
}

std::optional<program_register::taken_over> program_register::sign_on(signed_on_program newest,
                                                                      time_point now) {
  row made{std::move(newest)};
  auto [place, is_first] = programs_.insert(made);
  if (is_first)
    return std::nullopt;
  taken_over last{*place};
  made.taken_over_at = now;
  made.in_a_row = is_calm(*place, now) ? 1 : place->in_a_row + 1;
  last.is_fight = made.in_a_row == fight_from;
  programs_.erase(place);
  programs_.insert(std::move(made));
  return last;
}

void program_register::sign_off(const client_ptr& client) {
  auto place = programs_.find(row{{client, {}}});
  if (place != programs_.end() && place->client == client)
    programs_.erase(place);
}

} // namespace ringdown
