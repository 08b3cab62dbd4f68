// The connection's DNs: how they are found, handed what a read holds for them, and left.
#include "actors/connection/connection_impl.hpp"

#include "actors/directory.hpp"

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
  return {error_code::internal_error, {}, {}, "the DN was not found in time", {}};
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
  dns_wanted wanted{std::move(names), is_agents ? where() : runtime::home{}};
  dns_call call{wanted, {}};
  if (wanted.names.size() <= found_in_place_max && ask_in_place(directory_, call))
    return call.found ? resolved(wanted.names, *call.found)
                      : unresolved(wanted.names, not_found_in_time());
  auto asking = request(directory_, context_.bounds.control_timeout, wanted);
  asking.then(
    [this, names = wanted.names, asked = asking.id()](const dn_handles& found) {
      clock().cancel_request_timeout(this, asked);
      resolved(names, found);
    },
    [this, names = wanted.names](const caf::error&) { unresolved(names, not_found_in_time()); });
}

void connection_impl::resolved(const std::vector<std::string>& asked, const dn_handles& found) {
  for (auto& handle : found)
    if (!dns_.found(handle.dn, handle.actor, mail)) // closed meanwhile: the DN may rest again
      caf::anon_send(handle.actor.handle(), client_gone_atom::value, client_);
  unresolved(asked, {error_code::overloaded, "this_dn", {}, "the broker has too many DNs", {}});
}

/// Refuses what waits for those of `asked` that have no actor.
void connection_impl::unresolved(const std::vector<std::string>& asked, const fault& why) {
  for (auto& name : asked)
    dns_.not_found(name, why);
  --resolves_in_flight_;
  quit_if_done();
}

/// Ends all registrations; from here on no DN is spoken to.
void connection_impl::leave_dns() {
  hand_over_batches();
  if (std::exchange(watches_, false))
    context_.watchers.remove(*client_);
  dns_.leave(
    [this](const dn_ref& dn) { caf::anon_send(dn.handle(), client_gone_atom::value, client_); });
  if ((is_signed_on(life_) || life_ == life::signing_on) && directory_)
    caf::anon_send(directory_, client_gone_atom::value, client_);
}

} // namespace ringdown
