#include "actors/dn/roster.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

registration* roster::find(const t_client& client) noexcept {
  for (auto& r : all_)
    if (r.client.get() == &client)
      return &r;
  return nullptr;
}

const registration* roster::find(client_id id) const noexcept {
  for (auto& r : all_)
    if (r.client->who.id == id)
      return &r;
  return nullptr;
}

registration& roster::put(registration one) {
  if (auto* known = find(*one.client))
    return *known = std::move(one);
  return all_.emplace_back(std::move(one));
}

void roster::erase(const t_client& client) noexcept {
  if (auto* known = find(client))
    all_.erase(all_.begin() + (known - all_.data()));
}

void roster::erase_closed() noexcept {
  all_.erase(std::remove_if(all_.begin(), all_.end(), [](auto& r) { return !r.is_open(); }),
             all_.end());
}

client_ptr roster::first_closed() const {
  auto ghost = std::find_if(all_.begin(), all_.end(), [](auto& r) { return !r.is_open(); });
  return ghost == all_.end() ? nullptr : ghost->client;
}

std::size_t roster::recorders_active() const noexcept {
  auto active = [](const registration& r) { return r.is_active_recorder(); };
  return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), active));
}

std::size_t roster::recorders_standby() const noexcept {
  auto stands_by = [](const registration& r) {
    return r.is_recorder() && r.standby && r.is_open();
  };
  return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), stands_by));
}

bool roster::has_role(role wanted) const noexcept {
  return std::any_of(all_.begin(), all_.end(),
                     [wanted](const registration& r) { return r.of == wanted && r.is_open(); });
}

bool roster::has_commander(const client_identity& like) const noexcept {
  return std::any_of(all_.begin(), all_.end(), [&](const registration& r) {
    return r.may_command() && r.is_open() && r.client->who.principal == like.principal &&
           r.client->who.application == like.application;
  });
}

const registration* roster::same_program(std::string_view application,
                                         const instance_id& instance) const noexcept {
  for (auto& r : all_)
    if (r.is_open() && r.client->who.instance == instance &&
        r.client->who.application == application)
      return &r;
  return nullptr;
}

registration_facts roster::facts_about(const t_client& applicant) const noexcept {
  registration_facts facts;
  for (auto& r : all_) {
    if (r.client.get() == &applicant) {
      facts.already_registered = true;
      continue;
    }
    if (!r.is_open())
      continue;
    ++facts.registered;
    auto role = r.client->who.role;
    facts.recorders += role == role::recorder;
    if (role == role::recorder || role == role::call_source)
      continue;
    bool only_supervises =
      r.mode == registration_mode::monitor && (role == role::supervisor || role == role::admin);
    facts.private_taken |= r.mode == registration_mode::private_;
    facts.others_present |= !only_supervises;
  }
  return facts;
}

} // namespace ringdown
