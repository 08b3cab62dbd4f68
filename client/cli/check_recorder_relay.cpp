#include "client/cli/check_recorder_relay.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
/// Room for the broker's largest frame and what stands in front of it.
constexpr std::size_t frame_bytes_max = 256 * 1024;
constexpr int backlog = 16;

/// So that the other side is reset and does not see an orderly end.
void reset_on_close(int fd) {
  linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

} // namespace

std::optional<std::string> relay::listen(const endpoint& where) {
  auto resolved = resolve(where.host, where.port);
  if (resolved.addresses.empty())
    return resolved.text;
  auto& address = resolved.addresses.front();
  listener_ =
    unique_fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  int on = 1;
  if (!listener_ || ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) !=
        0 ||
      ::listen(listener_.get(), backlog) != 0)
    return error_text(errno);
  return std::nullopt;
}

void relay::cut() {
  whole_ = false;
  for (auto& l : links_) {
    reset_on_close(l.recorder.get());
    end(l);
  }
  links_.clear();
}

void relay::mend() {
  whole_ = true;
  held_ = false;
}

void relay::add_to(std::vector<pollfd>& set) const {
  set.push_back({listener_.get(), POLLIN, 0});
  if (held_)
    return;
  auto add = [&set](const unique_fd& fd, const lane& from_it, const lane& to_it) {
    short wanted = 0;
    if (from_it.waiting.size() < buffer_bytes_max)
      wanted |= POLLIN;
    if (!to_it.waiting.empty())
      wanted |= POLLOUT;
    set.push_back({fd.get(), wanted, 0});
  };
  for (auto& l : links_) {
    add(l.recorder, l.up, l.down);
    add(l.broker, l.down, l.up);
  }
}

void relay::turn() {
  accept_all();
  if (held_)
    return;
  for (auto& l : links_)
    carry(l);
  links_.remove_if([](const link& l) { return l.is_over; });
}

void relay::accept_all() {
  for (;;) {
    unique_fd recorder{::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!recorder)
      return;
    if (!whole_ || links_.size() == links_max) {
      reset_on_close(recorder.get());
      continue;
    }
    auto broker = start_connect(resolve("127.0.0.1", broker_port_).addresses.at(0));
    if (!broker)
      continue;
    auto& l = links_.emplace_back();
    l.recorder = std::move(recorder);
    l.broker = std::move(broker);
    l.up.from = l.down.to = &l.recorder;
    l.up.to = l.down.from = &l.broker;
  }
}

void relay::carry(link& l) {
  for (auto* way : {&l.up, &l.down})
    if (!l.is_over)
      read(l, *way);
  for (auto* way : {&l.up, &l.down})
    if (!l.is_over)
      write(l, *way);
}

/// What one side has said before its end reaches the other, as far as that takes it at once.
void relay::read(link& l, lane& way) {
  char bytes[read_bytes];
  while (way.waiting.size() < buffer_bytes_max) {
    auto got = read_some(way.from->get(), bytes, sizeof bytes);
    if (got.status == transport_status::done) {
      way.waiting.append(bytes, got.bytes);
      show(l, way, {bytes, got.bytes});
    } else {
      bool is_connecting = got.status == transport_status::failed && got.error == ENOTCONN;
      if (got.status == transport_status::would_block || is_connecting)
        return;
      write(l, way);
      return end(l);
    }
  }
}

void relay::write(link& l, lane& way) {
  while (!way.waiting.empty()) {
    auto put = write_some(way.to->get(), way.waiting);
    if (put.status == transport_status::done) {
      way.waiting.erase(0, put.bytes);
      continue;
    }
    bool is_connecting = put.status == transport_status::failed && put.error == ENOTCONN;
    if (put.status != transport_status::would_block && !is_connecting)
      end(l);
    return;
  }
}

void relay::show(link& l, lane& way, std::string_view bytes) {
  l.has_spoken = true;
  if (way.cutter.ended())
    return; // the broker will end such a link
  std::string stream{way.cutter.kept()};
  stream += bytes;
  std::vector<std::string_view> frames;
  way.cutter.cut(stream, frame_bytes_max, frames);
  auto& tell = &way == &l.up ? told_.from_recorder : told_.to_recorder;
  for (auto frame : frames)
    tell(frame);
}

void relay::end(link& l) {
  if (!l.is_over && l.has_spoken)
    told_.ended();
  l.is_over = true;
}

} // namespace ringdown::cli
