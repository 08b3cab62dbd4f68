// A relay without a broker's work, to measure what sockets and frames alone cost:
// bench/floor/README.md.
#include "client/internal/socket.hpp"
#include "messages/frame.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ringdown::floor {

namespace {

constexpr std::size_t read_bytes = 64 * 1024; ///< the broker's own default for a turn
constexpr std::size_t frame_bytes_max = 128 * 1024;
constexpr std::uint32_t window_requests = 1'000'000;
constexpr std::uint32_t window_bytes = 1u << 30;
constexpr std::uint32_t dns_per_request_max = 256;
constexpr int backlog = 4096;

// Field numbers of the wire contract.
constexpr std::uint32_t frame_reference = 1;
constexpr std::uint32_t frame_event_ack = 61;
constexpr std::uint32_t frame_event_user_event = 110;
constexpr std::uint32_t ack_recorders_queued = 1;
constexpr std::uint32_t dn_sequence = 2; ///< of EventACK and of EventUserEvent
constexpr std::uint32_t request_sign_on = 10;
constexpr std::uint32_t request_register_address = 12;
constexpr std::uint32_t request_send_event = 15;
constexpr std::uint32_t event = 15; ///< of RequestSendEvent and of EventUserEvent

/// More than the header of any frame written here takes.
constexpr std::size_t header_bytes_max = 64;

struct link {
  client::unique_fd socket;
  std::string rest; ///< the beginning of a frame
  std::string out;
  bool is_recorder = false;
  bool to_flush = false;
  bool waits_to_write = false;
};

class relay {
public:
  bool listen(std::uint16_t port);
  void run();

private:
  void accept_all();
  void read(link& l);
  void take(link& l, std::string_view frame);
  void send_event(link& l, const frame_view& request);
  void sign_on(link& l, const v1::Frame& request);
  void register_on(link& l, const v1::Frame& request);
  void say(link& l, const v1::Frame& frame);
  void want_flush(link& l);
  void flush(link& l);
  void close(link& l);

  client::unique_fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  client::unique_fd listener_;
  std::map<int, std::unique_ptr<link>> links_;
  std::vector<link*> recorders_;
  std::vector<link*> to_flush_;
  std::string buffer_ = std::string(read_bytes + frame_bytes_max, '\0');
  std::uint64_t sequence_ = 0;
};

bool relay::listen(std::uint16_t port) {
  listener_ = client::unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  epoll_event entry{};
  entry.events = EPOLLIN;
  return ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(listener_.get(), backlog) == 0 &&
         ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &entry) == 0;
}

void relay::run() {
  std::array<epoll_event, 256> entries;
  while (true) {
    int count = ::epoll_wait(epoll_.get(), entries.data(), static_cast<int>(entries.size()), -1);
    if (count < 0 && errno != EINTR)
      return;
    for (int i = 0; i < count; ++i) {
      auto* l = static_cast<link*>(entries[static_cast<std::size_t>(i)].data.ptr);
      if (l == nullptr)
        accept_all();
      else if ((entries[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0)
        want_flush(*l);
      if (l != nullptr && (entries[static_cast<std::size_t>(i)].events & ~EPOLLOUT) != 0)
        read(*l);
    }
    auto due = std::move(to_flush_); // senders come before their receivers
    to_flush_.clear();
    for (auto* l : due)
      flush(*l);
  }
}

void relay::accept_all() {
  while (true) {
    client::unique_fd socket{
      ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket)
      return;
    int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto fd = socket.get();
    auto& l = *(links_[fd] = std::make_unique<link>());
    l.socket = std::move(socket);
    epoll_event entry{};
    entry.events = EPOLLIN;
    entry.data.ptr = &l;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &entry);
  }
}

void relay::read(link& l) {
  if (!l.socket)
    return;
  std::memcpy(buffer_.data(), l.rest.data(), l.rest.size());
  auto got = client::read_some(l.socket.get(), buffer_.data() + l.rest.size(), read_bytes);
  if (got.status == transport_status::would_block)
    return;
  if (got.status != transport_status::done)
    return close(l);
  std::string_view bytes{buffer_.data(), l.rest.size() + got.bytes};
  auto piece = next_frame(bytes, frame_bytes_max);
  for (; piece.status == cut_status::complete; piece = next_frame(bytes, frame_bytes_max)) {
    take(l, piece.frame);
    bytes.remove_prefix(piece.consumed);
  }
  if (piece.status != cut_status::need_more)
    return close(l);
  l.rest.assign(bytes);
}

void relay::take(link& l, std::string_view bytes) {
  auto view = look(bytes);
  if (view.body_number == request_send_event)
    return send_event(l, view);
  v1::Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return;
  if (view.body_number == request_sign_on)
    sign_on(l, frame);
  else if (view.body_number == request_register_address)
    register_on(l, frame);
}

/// Writes one frame whose body is `fields` and then `tail`, which is copied once.
void put_frame(std::string& out, std::uint32_t reference, std::uint32_t body,
               std::string_view fields, std::string_view tail) {
  char header[header_bytes_max];
  char* at = wire::put_number(header, frame_reference, reference);
  auto body_size = fields.size() + tail.size();
  at = wire::put_varint(wire::put_tag(at, body, wire::wire_type::bytes), body_size);
  auto header_size = static_cast<std::size_t>(at - header);
  char prefix[header_bytes_max];
  out.append(prefix, wire::put_varint(prefix, header_size + body_size));
  out.append(header, at).append(fields).append(tail);
}

void relay::send_event(link& l, const frame_view& request) {
  wire::reader fields{request.body};
  wire::field f;
  std::string_view sent;
  while (fields.next(f) == wire::step::field)
    if (f.number == event)
      sent = f.bytes;
  ++sequence_;
  char text[header_bytes_max];
  auto* end = wire::put_number(wire::put_present(text, ack_recorders_queued, recorders_.size()),
                               dn_sequence, sequence_);
  put_frame(l.out, request.reference.value, frame_event_ack,
            {text, static_cast<std::size_t>(end - text)}, {});
  want_flush(l);
  end = wire::put_number(text, dn_sequence, sequence_);
  end = wire::put_varint(wire::put_tag(end, event, wire::wire_type::bytes), sent.size());
  for (auto* recorder : recorders_) {
    put_frame(recorder->out, 0, frame_event_user_event,
              {text, static_cast<std::size_t>(end - text)}, sent);
    want_flush(*recorder);
  }
}

void relay::sign_on(link& l, const v1::Frame& request) {
  l.is_recorder = request.request_sign_on().role() == v1::ROLE_RECORDER;
  if (l.is_recorder)
    recorders_.push_back(&l);
  v1::Frame frame;
  frame.set_reference_id(request.reference_id());
  auto& granted = *frame.mutable_event_link_connected();
  granted.set_version(1);
  granted.set_server_name("floor");
  granted.set_window_requests(window_requests);
  granted.set_window_bytes(window_bytes);
  granted.set_frame_bytes_max(frame_bytes_max);
  granted.set_dns_per_request_max(dns_per_request_max);
  say(l, frame);
}

void relay::register_on(link& l, const v1::Frame& request) {
  for (auto& dn : request.request_register_address().this_dn()) {
    v1::Frame frame;
    frame.set_reference_id(request.reference_id());
    frame.mutable_event_registered()->set_this_dn(dn);
    say(l, frame);
  }
}

void relay::say(link& l, const v1::Frame& frame) {
  l.out += delimited(frame);
  want_flush(l);
}

void relay::want_flush(link& l) {
  if (l.to_flush)
    return;
  l.to_flush = true;
  to_flush_.push_back(&l);
}

void relay::flush(link& l) {
  l.to_flush = false;
  std::size_t sent = 0;
  while (l.socket && sent < l.out.size()) {
    auto result = client::write_some(l.socket.get(), std::string_view{l.out}.substr(sent));
    if (result.status != transport_status::done)
      break;
    sent += result.bytes;
  }
  l.out.erase(0, sent);
  bool waits = !l.out.empty();
  if (!l.socket || waits == l.waits_to_write)
    return;
  l.waits_to_write = waits;
  epoll_event entry{};
  entry.events = EPOLLIN | (waits ? EPOLLOUT : 0u);
  entry.data.ptr = &l;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, l.socket.get(), &entry);
}

/// The link stays in memory: this turn's lists may still name it.
void relay::close(link& l) {
  std::erase(recorders_, &l);
  l.socket.reset();
}

std::optional<std::uint16_t> port_of(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc != 3 || std::string_view{argv[1]} != "--port")
    return std::nullopt;
  std::string_view text{argv[2]};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return port;
}

} // namespace

} // namespace ringdown::floor

int main(int argc, char** argv) {
  auto port = ringdown::floor::port_of(argc, argv);
  if (!port) {
    std::fprintf(stderr, "usage: ringdown-bench-floor --port PORT   (on 127.0.0.1)\n");
    return 2;
  }
  ringdown::floor::relay relay;
  if (!relay.listen(*port)) {
    std::perror("ringdown-bench-floor: listen");
    return 2;
  }
  relay.run();
}
