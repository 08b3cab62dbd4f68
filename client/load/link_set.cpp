#include "client/load/link_set.hpp"

#include "client/codec.hpp"
#include "client/describe.hpp"
#include "messages/frame.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ringdown::load {

using namespace ringdown::client;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t frame_bytes_max = 256 * 1024;

} // namespace

link_set::link_set(options o)
  : options_(std::move(o)), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
    buffer_(read_bytes + frame_bytes_max + frame_prefix_bytes_max, '\0') {}

void link_set::add(link_plan plan) {
  links_.emplace_back().plan = std::move(plan);
}

void link_set::lose(std::size_t index, const std::string& text) {
  if (lost_text_.empty())
    lost_text_ = "connection " + std::to_string(index) + ": " + text;
  links_[index].fd.reset();
}

// ---- bringing up ---------------------------------------------------------------------------

std::optional<std::string> link_set::bring_up(milliseconds timeout,
                                              const std::function<bool()>& stopped) {
  auto until = clock::now() + timeout;
  std::size_t next = 0;
  while (up_ < links_.size() && lost_text_.empty()) {
    while (next < links_.size() && opening_ < options_.opening_max)
      if (!open(next++))
        return lost_text_;
    serve(50, nullptr);
    send_heartbeats(clock::now()); // the first to be up may wait long for the last
    if (clock::now() >= until)
      return "only " + std::to_string(up_) + " of " + std::to_string(links_.size()) +
             " connections are up after " + std::to_string(timeout.count()) + " ms";
    if (stopped && stopped())
      return "stopped";
  }
  if (!lost_text_.empty())
    return lost_text_;
  return std::nullopt;
}

bool link_set::open(std::size_t index) {
  auto& l = links_[index];
  l.fd = start_connect(options_.address);
  if (!l.fd) {
    lose(index, error_text(errno));
    return false;
  }
  l.at = phase::connecting;
  ++opening_;
  epoll_event entry{};
  entry.events = EPOLLIN | EPOLLOUT;
  entry.data.u64 = index;
  l.wants_write = true;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, l.fd.get(), &entry) != 0) {
    lose(index, error_text(errno));
    return false;
  }
  return true;
}

/// The socket reported something for the first time: sign on, if it stands.
void link_set::begin(std::size_t index) {
  auto& l = links_[index];
  if (int error = connect_error(l.fd.get()); error != 0)
    return lose(index, error_text(error));
  l.at = phase::signing_on;
  identity who;
  who.application_name = options_.application_name;
  who.instance = random_instance_id();
  who.role = l.plan.role;
  who.heartbeat_interval = options_.heartbeat_interval;
  append(index, codec::sign_on({1}, who));
  flush(index);
}

void link_set::opening_frame(std::size_t index, std::string_view frame) {
  auto& l = links_[index];
  auto what = codec::decode(frame);
  if (auto* connected = std::get_if<codec::link_connected>(&what)) {
    granted_ = connected->granted;
    l.at = phase::registering;
    --opening_;
    return register_more(index);
  }
  auto* e = std::get_if<event>(&what);
  if (e != nullptr && std::holds_alternative<event_registered>(*e)) {
    ++l.registered;
    return register_more(index);
  }
  if (e != nullptr)
    return lose(index, describe(*e));
  if (std::holds_alternative<codec::garbage>(what))
    lose(index, "a frame that is not of this protocol");
}

/// The next part of the DNs, once all answers to the last part are in.
void link_set::register_more(std::size_t index) {
  auto& l = links_[index];
  if (l.registered < l.asked)
    return;
  if (l.asked == l.plan.dns.size()) {
    l.at = phase::up;
    ++up_;
    l.plan.dns = {};
    return;
  }
  std::size_t most = std::min(granted_.dns_per_request_max, granted_.window_requests);
  auto count = std::min(std::max<std::size_t>(most, 1), l.plan.dns.size() - l.asked);
  std::span<const std::string> part{l.plan.dns.data() + l.asked, count};
  l.asked += count;
  append(index, codec::register_address({2}, part, {}));
  flush(index);
}

// ---- driving -------------------------------------------------------------------------------

bool link_set::turn(milliseconds timeout, frame_sink& sink) {
  serve(static_cast<int>(timeout.count()), &sink);
  send_heartbeats(clock::now());
  return lost_text_.empty();
}

void link_set::serve(int timeout_ms, frame_sink* sink) {
  std::array<epoll_event, 256> entries;
  int count =
    ::epoll_wait(epoll_.get(), entries.data(), static_cast<int>(entries.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    auto index = static_cast<std::size_t>(entries[static_cast<std::size_t>(i)].data.u64);
    auto events = entries[static_cast<std::size_t>(i)].events;
    if (links_[index].at == phase::connecting)
      begin(index);
    else if ((events & EPOLLOUT) != 0)
      flush(index);
    if (links_[index].fd && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
      read(index, sink);
  }
}

void link_set::read(std::size_t index, frame_sink* sink) {
  auto& l = links_[index];
  auto kept = l.rest.size();
  std::memcpy(buffer_.data(), l.rest.data(), kept);
  auto got = read_some(l.fd.get(), buffer_.data() + kept, read_bytes);
  if (got.status == transport_status::would_block)
    return;
  if (got.status != transport_status::done)
    return lose(index, got.status == transport_status::end ? "the broker closed the connection"
                                                           : error_text(got.error));
  ++reads_;
  auto now = clock::now();
  std::string_view bytes{buffer_.data(), kept + got.bytes};
  auto done = cut(index, bytes, sink, now);
  l.rest.assign(bytes.substr(done));
  if (!l.fd)
    return;
  if (sink != nullptr && l.at == phase::up)
    sink->on_read_end(index, now);
  flush(index);
}

std::size_t link_set::cut(std::size_t index, std::string_view bytes, frame_sink* sink,
                          clock::time_point now) {
  auto& l = links_[index];
  std::size_t done = 0;
  while (l.fd) {
    auto piece = next_frame(bytes.substr(done), frame_bytes_max);
    if (piece.status == cut_status::need_more)
      break;
    if (piece.status != cut_status::complete) {
      lose(index, "a malformed or oversized frame");
      break;
    }
    done += piece.consumed;
    ++frames_;
    if (l.at != phase::up)
      opening_frame(index, piece.frame);
    else if (sink != nullptr)
      sink->on_frame(index, piece.frame, now);
  }
  return done;
}

// ---- writing -------------------------------------------------------------------------------

char* link_set::room(std::size_t index, std::size_t bytes) {
  auto& l = links_[index];
  if (l.out.size() < l.out_used + bytes)
    l.out.resize(std::max(l.out.size() * 2, l.out_used + bytes));
  return l.out.data() + l.out_used;
}

void link_set::written(std::size_t index, std::size_t bytes) noexcept {
  links_[index].out_used += bytes;
}

void link_set::append(std::size_t index, std::string_view bytes) {
  std::memcpy(room(index, bytes.size()), bytes.data(), bytes.size());
  written(index, bytes.size());
}

void link_set::flush(std::size_t index) {
  auto& l = links_[index];
  std::size_t sent = 0;
  while (l.fd && sent < l.out_used) {
    auto result = write_some(l.fd.get(), std::string_view{l.out}.substr(sent, l.out_used - sent));
    if (result.status == transport_status::would_block)
      break;
    if (result.status != transport_status::done)
      return; // the read side will say why
    sent += result.bytes;
    l.last_sent = clock::now();
  }
  std::memmove(l.out.data(), l.out.data() + sent, l.out_used - sent);
  l.out_used -= sent;
  watch(index, l.out_used > 0);
}

void link_set::watch(std::size_t index, bool write) {
  auto& l = links_[index];
  if (!l.fd || l.wants_write == write)
    return;
  l.wants_write = write;
  epoll_event entry{};
  entry.events = EPOLLIN | (write ? EPOLLOUT : 0u);
  entry.data.u64 = index;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, l.fd.get(), &entry);
}

/// A look at all connections now and then: a heartbeat where nothing was sent for most of an
/// interval.
void link_set::send_heartbeats(clock::time_point now) {
  if (now < heartbeats_due_ || granted_.heartbeat_interval.count() == 0)
    return;
  heartbeats_due_ = now + granted_.heartbeat_interval / 4;
  static const std::string heartbeat = codec::heartbeat();
  for (std::size_t i = 0; i < links_.size(); ++i) {
    auto& l = links_[i];
    if (l.at != phase::up || l.out_used > 0 ||
        now - l.last_sent < granted_.heartbeat_interval * 3 / 4)
      continue;
    append(i, heartbeat);
    flush(i);
  }
}

} // namespace ringdown::load
