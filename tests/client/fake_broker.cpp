#include "tests/client/fake_broker.hpp"

#include "messages/frame.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace ringdown::test {

fake_broker::fake_broker() : fake_broker(options{}) {}

fake_broker::fake_broker(options o) : options_(std::move(o)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 512) != 0 ||
      ::getsockname(listener_, generic, &size) != 0)
    std::abort();
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

fake_broker::~fake_broker() {
  stop_ = true;
  thread_.join();
  for (auto& [fd, p] : peers_)
    ::close(fd);
  ::close(listener_);
}

void fake_broker::run() {
  while (!stop_) {
    if (ends_all_.exchange(false))
      while (!peers_.empty())
        forget(peers_.begin()->first);
    std::vector<pollfd> entries{{listener_, POLLIN, 0}};
    for (auto& [fd, p] : peers_)
      entries.push_back({fd, static_cast<short>(POLLIN | (p.out.empty() ? 0 : POLLOUT)), 0});
    if (::poll(entries.data(), entries.size(), 10) <= 0)
      continue;
    if (entries[0].revents != 0)
      accept_one();
    for (std::size_t i = 1; i < entries.size(); ++i)
      if ((entries[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        read_from(entries[i].fd);
    for (auto i = peers_.begin(); i != peers_.end();) {
      auto fd = i->first;
      ++i;
      write_to(fd);
    }
  }
}

void fake_broker::accept_one() {
  int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return;
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peers_[fd];
}

void fake_broker::read_from(int fd) {
  char bytes[65536];
  auto got = ::recv(fd, bytes, sizeof bytes, 0);
  if (got <= 0) {
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
      forget(fd);
    return;
  }
  peers_[fd].in.append(bytes, static_cast<std::size_t>(got));
  std::size_t done = 0;
  for (;;) {
    auto found = peers_.find(fd);
    if (found == peers_.end())
      return;
    auto piece = next_frame(std::string_view{found->second.in}.substr(done), 256 * 1024);
    if (piece.status != cut_status::complete)
      break;
    v1::Frame request;
    if (!request.ParseFromArray(piece.frame.data(), static_cast<int>(piece.frame.size())))
      return forget(fd);
    done += piece.consumed;
    handle(fd, request);
  }
  peers_[fd].in.erase(0, done);
}

void fake_broker::write_to(int fd) {
  auto& p = peers_[fd];
  if (!p.out.empty()) {
    auto sent = ::send(fd, p.out.data(), p.out.size(), MSG_NOSIGNAL);
    if (sent > 0)
      p.out.erase(0, static_cast<std::size_t>(sent));
  }
  if (p.closing && p.out.empty())
    forget(fd);
}

void fake_broker::forget(int fd) {
  for (auto& [name, d] : dns_)
    d.registered.erase(fd);
  on_every_dn_.erase(fd);
  peers_.erase(fd);
  ::close(fd);
}

void fake_broker::send(int fd, const v1::Frame& frame) {
  send_bytes(fd, delimited(frame));
}

void fake_broker::send_bytes(int fd, const std::string& bytes) {
  peers_[fd].out += bytes;
}

void fake_broker::disconnect(int fd) {
  peers_[fd].closing = true;
}

void fake_broker::handle(int fd, const v1::Frame& request) {
  if (request.has_heartbeat())
    ++heartbeats;
  else
    ++requests;
  if (options_.on_request && options_.on_request(*this, fd, request))
    return;
  v1::Frame reply;
  reply.set_reference_id(request.reference_id());
  switch (request.body_case()) {
  case v1::Frame::kRequestSignOn: return sign_on(fd, request);
  case v1::Frame::kRequestRegisterAddress: return register_on(fd, request);
  case v1::Frame::kRequestUnregisterAddress:
    for (auto& name : request.request_unregister_address().this_dn()) {
      dns_[name].registered.erase(fd);
      reply.mutable_event_unregistered()->set_this_dn(name);
      send(fd, reply);
    }
    return;
  case v1::Frame::kRequestQueryAddress: {
    auto& info = *reply.mutable_event_address_info();
    info.set_this_dn(request.request_query_address().this_dn());
    snapshot(info.this_dn(), *info.mutable_snapshot());
    return send(fd, reply);
  }
  case v1::Frame::kRequestListAddresses: return list(fd, request);
  case v1::Frame::kRequestCommandAddresses: return command_each(fd, request);
  case v1::Frame::kRequestSetInputMask: reply.mutable_event_ack(); return send(fd, reply);
  case v1::Frame::kRequestSendEvent:
    return relay(fd,
                 {request.reference_id(), request.request_send_event().directed_client_id() != 0,
                  false, request.request_send_event().command_id()},
                 request.request_send_event().event());
  case v1::Frame::kRequestDistributeUserEvent:
    return relay(fd, {request.reference_id()}, request.request_distribute_user_event().event());
  case v1::Frame::kRequestSignOff:
    reply.mutable_event_link_disconnected()->set_reason(v1::DISCONNECT_REASON_SIGNED_OFF);
    send(fd, reply);
    return disconnect(fd);
  default: return;
  }
}

void fake_broker::sign_on(int fd, const v1::Frame& request) {
  ++sign_ons;
  auto& p = peers_[fd];
  p.client_id = ++clients_;
  p.role = request.request_sign_on().role();
  v1::Frame reply;
  reply.set_reference_id(request.reference_id());
  auto& link = *reply.mutable_event_link_connected();
  link.set_version(1);
  link.set_server_name("fake");
  link.set_server_version("0");
  link.set_client_id(p.client_id);
  link.set_window_requests(options_.window_requests);
  link.set_window_bytes(options_.window_bytes);
  link.set_frame_bytes_max(128 * 1024);
  link.set_user_data_bytes_max(16000);
  link.set_heartbeat_interval_ms(options_.heartbeat_interval_ms);
  link.set_heartbeat_timeout_ms(options_.heartbeat_timeout_ms);
  link.set_dns_per_request_max(options_.dns_per_request_max);
  if (options_.outcome)
    link.add_capabilities(v1::CAPABILITY_OUTCOMES);
  send(fd, reply);
}

void fake_broker::snapshot(const std::string& name, v1::Snapshot& out) {
  auto& d = dns_[name];
  out.set_dn_sequence(d.sequence);
  out.set_dn_epoch(1);
  out.set_effective_state(d.state);
  out.set_clients_registered(static_cast<std::uint32_t>(d.registered.size()));
  for (int fd : d.registered)
    if (peers_[fd].role == v1::ROLE_RECORDER)
      out.set_recorders_active(out.recorders_active() + 1);
}

void fake_broker::list(int fd, const v1::Frame& request) {
  v1::Frame reply;
  reply.set_reference_id(request.reference_id());
  auto& page = *reply.mutable_event_address_list();
  for (auto d = dns_.upper_bound(request.request_list_addresses().after()); d != dns_.end(); ++d) {
    if (static_cast<std::size_t>(page.addresses_size()) == options_.page) {
      page.set_next(page.addresses(page.addresses_size() - 1).this_dn());
      break;
    }
    auto& summary = *page.add_addresses();
    summary.set_this_dn(d->first);
    summary.set_effective_state(d->second.state);
    summary.set_clients_registered(static_cast<std::uint32_t>(d->second.registered.size()));
  }
  send(fd, reply);
}

void fake_broker::command_each(int fd, const v1::Frame& request) {
  constexpr const char* verbs[] = {"", "start", "stop", "pause", "resume", "query"};
  for (auto& name : request.request_command_addresses().this_dn()) {
    v1::Event event;
    event.set_this_dn(name);
    auto& pair = *event.mutable_user_data()->add_pairs();
    pair.set_key("screen-capture");
    pair.set_string_value(verbs[request.request_command_addresses().command()]);
    relay(fd,
          {request.reference_id(), false, true, request.request_command_addresses().command_id()},
          event);
  }
}

void fake_broker::tell_outcome(int fd, const std::string& id, const v1::Event& event,
                               std::uint64_t sequence) {
  constexpr std::pair<const char*, v1::Command> verbs[] = {{"start", v1::COMMAND_START},
                                                           {"stop", v1::COMMAND_STOP},
                                                           {"pause", v1::COMMAND_PAUSE},
                                                           {"resume", v1::COMMAND_RESUME},
                                                           {"query", v1::COMMAND_QUERY}};
  for (auto& pair : event.user_data().pairs())
    for (auto& [name, verb] : verbs) {
      if (pair.key() != "screen-capture" || pair.string_value() != name)
        continue;
      v1::Frame frame;
      auto& outcome = *frame.mutable_event_outcome();
      outcome.set_this_dn(event.this_dn());
      outcome.set_dn_epoch(1);
      outcome.set_dn_sequence(sequence);
      outcome.set_command_id(id);
      outcome.set_connection_id(event.connection_id());
      outcome.set_command(verb);
      outcome.set_outcome(*options_.outcome);
      outcome.set_effective_state(dns_[event.this_dn()].state);
      if (options_.on_outcome)
        options_.on_outcome(outcome);
      send(fd, frame);
    }
}

void fake_broker::register_on(int fd, const v1::Frame& request) {
  if (request.request_register_address().every_dn()) {
    on_every_dn_.insert(fd);
    v1::Frame reply;
    reply.set_reference_id(request.reference_id());
    reply.mutable_event_registered()->set_every_dn(true);
    reply.mutable_event_registered()->set_mode(request.request_register_address().mode());
    return send(fd, reply);
  }
  for (auto& name : request.request_register_address().this_dn()) {
    dns_[name].registered.insert(fd);
    v1::Frame reply;
    reply.set_reference_id(request.reference_id());
    auto& registered = *reply.mutable_event_registered();
    registered.set_this_dn(name);
    registered.set_mode(request.request_register_address().mode());
    snapshot(name, *registered.mutable_snapshot());
    send(fd, reply);
  }
}

void fake_broker::relay(int fd, const request_facts& request, const v1::Event& event) {
  auto& d = dns_[event.this_dn()];
  for (auto& pair : event.user_data().pairs())
    if (pair.key() == "screen-capture") {
      if (pair.string_value() == "enabled")
        d.state = v1::CAPTURE_STATE_ENABLED;
      else if (pair.string_value() == "disabled")
        d.state = v1::CAPTURE_STATE_DISABLED;
      else if (pair.string_value() == "paused")
        d.state = v1::CAPTURE_STATE_PAUSED;
      else if (pair.string_value() == "failed")
        ++failures;
    }
  v1::Frame ack;
  ack.set_reference_id(request.reference);
  ack.mutable_event_ack()->set_recorders_queued(1);
  ack.mutable_event_ack()->set_dn_sequence(++d.sequence);
  ack.mutable_event_ack()->set_dn_epoch(1);
  ack.mutable_event_ack()->set_user_event(event.user_event());
  if (request.names_dn)
    ack.mutable_event_ack()->set_this_dn(event.this_dn());
  send(fd, ack);
  if (options_.outcome)
    tell_outcome(fd, request.command_id, event, d.sequence);
  auto receivers = d.registered;
  receivers.insert(on_every_dn_.begin(), on_every_dn_.end());
  for (int receiver : receivers) {
    if (receiver == fd)
      continue;
    v1::Frame copy;
    auto& out = *copy.mutable_event_user_event();
    out.set_directed_reference_id(request.directed ? request.reference : 0);
    out.set_dn_sequence(d.sequence);
    out.set_dn_epoch(1);
    out.set_origin_client_id(peers_[fd].client_id);
    out.set_origin_role(peers_[fd].role);
    out.set_effective_state(d.state);
    *out.mutable_event() = event;
    if (options_.on_delivery && !options_.on_delivery(copy))
      continue;
    ++deliveries;
    send(receiver, copy);
  }
}

} // namespace ringdown::test
