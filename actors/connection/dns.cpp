// The connection's DNs: how they are found, handed what a read holds for them, and left.
#include "actors/connection/connection_impl.hpp"
#include "messages/refusals.hpp"

#include <utility>

namespace ringdown {

namespace {

/// So many new DNs of a desktop live on its own loop. A program with more is no agent's desktop but
/// stands for many, and one loop must not get them all.
constexpr std::size_t near_dns_max = 1024;
/// So many DNs of a read are found within it. A tool's thousands are found by mail: that takes some
/// microseconds for each, and others on this loop have their turn between.
constexpr std::size_t found_in_place_max = 64;

fault not_found_in_time() {
  return refused(error_code::internal_error, "the DN was not found in time");
}

/// Nothing leads to the other nodes of a cluster yet.
fault owned_elsewhere() {
  return refused(error_code::link_down, "another node owns the DN");
}

void mail(const dn_ref& dn, dn_batch_ptr batch) {
  runtime::deliver(dn.ref(), std::move(batch));
}

} // namespace

void connection_impl::hand_over_batches() {
  if (at_hand_ != nullptr)
    dns_.hand_over(at_hand_->dns, mail);
}

/// Asks the directory. Commands outnumber all else that a DN hears: near its desktop they need not
/// cross from loop to loop. A recorder has many agents' DNs, and desktops of any loop will talk to
/// them.
void connection_impl::resolve(std::vector<std::string> names) {
  ++resolves_in_flight_;
  bool is_agents = client_->who.role == role::desktop && dns_.size() <= near_dns_max;
  auto way = names.size() <= found_in_place_max ? runtime::how::at_once : runtime::how::by_mail;
  runtime::ask(
    *this, directory_, context_.bounds.control_timeout,
    dns_wanted{std::move(names), is_agents ? where() : runtime::home{}, client_->who.instance}, way,
    [this](const dns_wanted& asked, const dn_handles& found) { resolved(asked.names, found); },
    [this](const dns_wanted& asked) { unresolved(asked.names, not_found_in_time()); });
}

void connection_impl::resolved(const std::vector<std::string>& asked, const dn_handles& found) {
  for (auto& handle : found) {
    if (!handle.actor) {
      dns_.not_found(handle.dn, owned_elsewhere());
      continue;
    }
    if (!dns_.found(handle.dn, handle.actor, mail)) // closed meanwhile: the DN may rest again
      caf::anon_send(handle.actor.handle(), client_gone_atom::value, client_);
  }
  unresolved(asked,
             refused(error_code::overloaded, "this_dn", {},
                     "the broker has too many DNs, or this program has left too many behind"));
}

/// Refuses what waits for those of `asked` that have no actor.
void connection_impl::unresolved(const std::vector<std::string>& asked, const fault& why) {
  for (auto& name : asked)
    dns_.not_found(name, why);
  --resolves_in_flight_;
  if (socket_gone_ && resolves_in_flight_ == 0)
    quit();
}

/// Ends all registrations; from here on no DN is spoken to.
void connection_impl::leave_dns() {
  hand_over_batches();
  if (std::exchange(watches_, false))
    context_.watchers.remove(*client_);
  dns_.leave(
    [this](const dn_ref& dn) { caf::anon_send(dn.handle(), client_gone_atom::value, client_); });
}

/// The same, and the program may sign on again without taking anything over.
void connection_impl::leave() {
  leave_dns();
  if (is_signed_on(life_))
    counted_at(context_, where()).connections.subtract(1, client_->who.role);
  if (is_signed_on(life_) || life_ == life::signing_on)
    caf::anon_send(directory_.handle(), client_gone_atom::value, client_);
}

} // namespace ringdown
