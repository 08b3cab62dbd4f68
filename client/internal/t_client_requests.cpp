// The program's requests: how each goes out, and what is kept of it until it is completed.
#include "client/internal/t_client_impl.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::client {

using std::chrono::milliseconds;

steady_time t_client::impl::deadline_of(const request_options& how) const {
  auto wanted = how.timeout > milliseconds{0} ? how.timeout : options.limits.request_timeout;
  return now() + std::min(wanted, options.limits.request_timeout_max);
}

/// Whether a request for this DN may go out now. It overtakes neither the DN's registration nor a
/// command of the DN that waits to be sent again.
send_status t_client::impl::room_for(const std::string& dn, std::size_t kept_bytes) {
  auto room = pending.room(kept_bytes);
  if (room != send_status::accepted)
    return room;
  if (registrations.to_be_asked(dn))
    registrar_.ask(now());
  bool overtakes = pending.waits_again(dn) || registrations.to_be_asked(dn);
  return overtakes ? send_status::window_full : send_status::accepted;
}

submission t_client::impl::submit(const outgoing_event& what, bool distribute, bool again) {
  auto sent = distribute ? link.distribute(what) : link.send_event(what);
  if (sent)
    show(event_sent{sent.reference, what, distribute, again});
  return sent;
}

sending t_client::impl::send(const outgoing_event& what, completion_handler&& done,
                             const request_options& how) {
  if (phase != link_phase::up)
    return {send_status::disconnected, {}, {}};
  bool keep = how.again_after_loss && what.command && !how.distribute;
  auto kept_bytes = keep ? content_bytes(what.data) + what.this_dn.size() : 0;
  if (auto room = room_for(what.this_dn, kept_bytes); room != send_status::accepted)
    return {room, {}, {}};
  auto sent = submit(what, how.distribute, false);
  if (!sent)
    return {sent.status, {}, {}};
  pending_requests::request r{pending_requests::kind::send,
                              std::move(done),
                              deadline_of(how),
                              what.this_dn,
                              std::nullopt,
                              how.distribute};
  if (keep) {
    r.again = what;
    r.again->retry = true;
  }
  return {sent.status, pending.add(std::move(r), sent.reference), sent.reference};
}

template <class Submit>
sending t_client::impl::request_once(pending_requests::kind what, const std::string& dn,
                                     completion_handler&& done, const request_options& how,
                                     Submit submit_it) {
  if (phase != link_phase::up)
    return {send_status::disconnected, {}, {}};
  if (auto room = room_for(dn, 0); room != send_status::accepted)
    return {room, {}, {}};
  submission sent = submit_it();
  if (!sent)
    return {sent.status, {}, {}};
  pending_requests::request r{what, std::move(done), deadline_of(how), dn, std::nullopt, false};
  return {sent.status, pending.add(std::move(r), sent.reference), sent.reference};
}

sending t_client::impl::query(const std::string& dn, completion_handler&& done,
                              const request_options& how) {
  return request_once(pending_requests::kind::query, dn, std::move(done), how, [&] {
    auto sent = link.query_address(dn);
    if (sent)
      show(question_sent{sent.reference, dn});
    return sent;
  });
}

sending t_client::impl::list(const address_list_request& what, completion_handler&& done,
                             const request_options& how) {
  return request_once(pending_requests::kind::list, {}, std::move(done), how,
                      [&] { return link.list_addresses(what); });
}

/// One request for each DN, all under one reference.
sending t_client::impl::command_each(const bulk_command& what, const completion_handler& done,
                                     const request_options& how) {
  if (phase != link_phase::up)
    return {send_status::disconnected, {}, {}};
  auto dns = what.dns.empty() ? std::vector<std::string>{{}} : what.dns; // the broker refuses it
  if (!pending.has_room_for(dns.size()))
    return {send_status::window_full, {}, {}};
  for (auto& dn : dns)
    if (auto room = room_for(dn, 0); room != send_status::accepted)
      return {room, {}, {}};
  auto sent = link.command_addresses(what);
  if (!sent)
    return {sent.status, {}, {}};
  show(bulk_sent{sent.reference, what});
  std::vector<pending_requests::request> each;
  for (auto& dn : dns)
    each.push_back(
      {pending_requests::kind::send, done, deadline_of(how), std::move(dn), std::nullopt, false});
  return {sent.status, pending.add_each(std::move(each), sent.reference), sent.reference};
}

sending t_client::impl::merge_calls(const std::string& dn, conn_id old, conn_id into,
                                    completion_handler&& done, const request_options& how) {
  return request_once(pending_requests::kind::send, dn, std::move(done), how,
                      [&] { return link.merge_calls(dn, old, into); });
}

sending t_client::impl::end_call(const std::string& dn, conn_id call, completion_handler&& done,
                                 const request_options& how) {
  return request_once(pending_requests::kind::send, dn, std::move(done), how,
                      [&] { return link.end_call(dn, call); });
}

completion_handler t_client::impl::shared_by_many(completion_handler done) {
  auto shared = std::make_shared<completion_handler>(std::move(done));
  return [shared](const completion& c) {
    if (*shared)
      (*shared)(c);
  };
}

} // namespace ringdown::client
