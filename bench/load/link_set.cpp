#include "bench/load/link_set.hpp"

#include "bench/load/pacing.hpp"

#include "client/internal/tcp_transport.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace ringdown::bench {

using namespace ringdown::client;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

/// What one read takes: the broker's whole answer to a window, at few system calls.
constexpr std::size_t read_bytes = 256 * 1024;
/// Reads of one link in a turn, while each fills the buffer: one receiver hears what hundreds of
/// producers sent meanwhile, and must not fall behind by our own doing.
constexpr int reads_of_a_turn_max = 64;
/// A frame that is longer than this is none.
constexpr std::size_t frame_bytes_max = 256 * 1024;
/// What the kernel keeps for a receiver that has stopped reading, so that the broker soon has to.
constexpr int stalled_kernel_bytes = 64 * 1024;
/// Connects before what came is taken: else the first links' answers would age meanwhile.
constexpr int opens_of_a_turn_max = 64;
/// A wait is cut short so often to look whether a link is to come again.
constexpr milliseconds turn_max{10};
/// How long a slow receiver looks away at a time.
constexpr milliseconds slow_pause{10};

/// Addresses of this machine for so many links, if the broker is reached over 127.0.0.0/8.
std::vector<socket_address> sources_for(const socket_address& broker, std::size_t links,
                                        std::size_t links_of_a_source_max) {
  sockaddr_in address{};
  if (broker.storage.ss_family != AF_INET || links <= links_of_a_source_max)
    return {};
  std::memcpy(&address, &broker.storage, sizeof address);
  if (ntohl(address.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
    return {};
  std::vector<socket_address> sources((links - 1) / links_of_a_source_max + 1);
  address.sin_port = 0;
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
    std::memcpy(&sources[i].storage, &address, sizeof address);
    sources[i].size = sizeof address;
  }
  return sources;
}

timespec as_timespec(nanoseconds time) {
  auto whole = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {whole.count(), (time - whole).count()};
}

bool is_whole_line(std::string_view text) {
  return text.ends_with('\n');
}

/// Takes what has come of a line in plain, of a broker that says no more before TLS begins; what is
/// wrong with it, or nothing.
std::optional<std::string> hear_greeting(int socket, std::string& into) {
  std::array<char, 4096> bytes;
  auto got = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0)
    return errno == EAGAIN ? std::nullopt : std::optional{error_text(errno)};
  into.append(bytes.data(), static_cast<std::size_t>(got));
  if (got == 0 || into.size() > frame_bytes_max)
    return got == 0 ? "the broker closed the connection" : "a greeting without an end";
  return std::nullopt;
}

} // namespace

link_set::link_set(options o, protocol& spoken, std::size_t links)
  : options_(std::move(o)), protocol_(spoken), epoll_(::epoll_create1(EPOLL_CLOEXEC)),
    links_(links), buffer_(read_bytes + frame_bytes_max, '\0'),
    sources_(sources_for(options_.address, links, options_.links_of_a_source_max)) {}

void link_set::close(std::size_t index) {
  auto& l = links_[index];
  if (l.at != phase::planned && l.at != phase::up && l.at != phase::lost)
    --opening_;
  l.at = phase::lost;
  l.secure = nullptr;
  l.shaking.reset();
  l.stream.reset();
  l.connecting.reset();
}

void link_set::lose(std::size_t index, const std::string& why) {
  bool was_slow = links_[index].slow_bytes_per_second.has_value();
  close(index);
  if (was_slow)
    ++slow_links_lost_;
  else if (lost_text_.empty())
    lost_text_ = "connection " + std::to_string(index) + ": " + why;
}

void link_set::turn_away(std::size_t index, const std::string& why, milliseconds retry_after) {
  if (!options_.come_again)
    return lose(index, why);
  ++refused_.told;
  come_again(index, why, retry_after);
}

/// By the other side, or by the kernel.
void link_set::failed(std::size_t index, const std::string& why) {
  if (!options_.come_again || links_[index].at == phase::up)
    return lose(index, why);
  come_again(index, why, untold_pause);
}

void link_set::come_again(std::size_t index, const std::string& why, milliseconds pause) {
  auto& l = links_[index];
  if (!std::exchange(l.was_refused, true))
    ++refused_.links;
  ++refused_.by_reason[why];
  close(index);
  again_.emplace(clock::now() + pause, index);
}

// ---- bringing up ---------------------------------------------------------------------------

std::optional<std::string>
link_set::bring_up(milliseconds timeout, const std::function<bool()>& stopped, run_sink& sink) {
  auto begin = clock::now();
  auto until = begin + timeout;
  auto next_told = begin + tell_every;
  while (up_ < links_.size() && lost_text_.empty()) {
    turn(open_some() ? nanoseconds{0} : turn_max, sink);
    auto now = clock::now();
    if (options_.on_opening && now >= next_told) {
      options_.on_opening(*this, now - begin);
      next_told += tell_every;
    }
    if (now >= until)
      return "only " + std::to_string(up_) + " of " + std::to_string(links_.size()) +
             " connections are up after " + std::to_string(timeout.count()) + " ms";
    if (stopped && stopped())
      return "stopped";
  }
  if (!lost_text_.empty())
    return lost_text_;
  return std::nullopt;
}

/// Opens what may be opened now; true if there is more of it.
bool link_set::open_some() {
  for (int i = 0; i < opens_of_a_turn_max; ++i) {
    auto index = next_to_open();
    if (!index)
      return false;
    open(*index);
  }
  return true;
}

/// One that comes again goes before one that comes for the first time.
std::optional<std::size_t> link_set::next_to_open() {
  if (opening_ >= options_.opening_max || !lost_text_.empty())
    return std::nullopt;
  if (!again_.empty() && again_.top().first <= clock::now()) {
    auto index = again_.top().second;
    again_.pop();
    return index;
  }
  bool is_early = next_ == options_.first && up_ < options_.first;
  return next_ < links_.size() && !is_early ? std::optional{next_++} : std::nullopt;
}

void link_set::open(std::size_t index) {
  auto& l = links_[index];
  ++opening_;
  l.at = phase::connecting;
  l.watched = 0;
  l.out_used = 0;
  l.rest.clear();
  if (!l.was_refused)
    l.opened = clock::now();
  if (options_.streams) {
    auto stream = options_.streams();
    if (stream)
      begin(index, std::move(stream));
    else
      lose(index, "the broker gives no link");
    return;
  }
  l.connecting = start_connect(options_.address,
                               sources_.empty() ? nullptr : &sources_[index % sources_.size()]);
  if (l.connecting)
    watch(index, l.connecting.get(), EPOLLIN | EPOLLOUT);
  else
    failed(index, address_text(options_.address) + ": " + error_text(errno));
}

/// The socket reported something for the first time.
void link_set::connected(std::size_t index, run_sink& sink) {
  auto& l = links_[index];
  // A link that was taken and ended since: what the broker said before may still be read.
  if (int error = connect_error(l.connecting.get()); error != 0 && error != ECONNRESET)
    return failed(index, address_text(options_.address) + ": " + error_text(error));
  if (!options_.secured)
    return begin(index, std::make_unique<tcp_transport>(std::move(l.connecting)));
  l.at = phase::shaking_hands;
  l.shaking = std::make_unique<tls_transport>(
    options_.secured, std::make_unique<tcp_transport>(std::move(l.connecting)),
    options_.server_name);
  shake_hands(index, sink);
}

void link_set::shake_hands(std::size_t index, run_sink& sink) {
  auto& l = links_[index];
  if (options_.greets_in_plain && !is_whole_line(l.rest)) {
    if (auto fault = hear_greeting(l.shaking->descriptor(), l.rest))
      return failed(index, *fault);
    if (!is_whole_line(l.rest))
      return watch(index, l.shaking->descriptor(), EPOLLIN);
  }
  switch (l.shaking->shake_hands()) {
  case handshake_status::under_way: {
    auto events = l.shaking->poll_events(true, false);
    return watch(index, l.shaking->descriptor(), static_cast<std::uint32_t>(events));
  }
  case handshake_status::failed: {
    auto why = l.shaking->fault().text;
    return failed(index, why);
  }
  case handshake_status::done: break;
  }
  if (arrived_.tls.empty())
    arrived_.tls = l.shaking->agreed();
  l.secure = l.shaking.get();
  begin(index, std::move(l.shaking));
  if (auto greeting = std::exchange(l.rest, {}); !greeting.empty())
    protocol_.take(*this, index, greeting, sink);
}

void link_set::begin(std::size_t index, std::unique_ptr<transport> stream) {
  auto& l = links_[index];
  l.stream = std::move(stream);
  l.at = phase::opening;
  l.last_sent = l.signed_on = clock::now(); // it has something to say at once
  protocol_.on_open(*this, index);
  touch(index);
}

void link_set::came_up(std::size_t index) {
  auto& l = links_[index];
  if (l.at != phase::opening)
    return;
  l.at = phase::up;
  --opening_;
  ++up_;
  auto now = clock::now();
  arrived_.opening_times.record(static_cast<std::uint64_t>(nanoseconds{now - l.opened}.count()));
  arrived_.sign_on_times.record(static_cast<std::uint64_t>(nanoseconds{now - l.signed_on}.count()));
  // Ten thousand heartbeats at a time would hold up for milliseconds what is measured.
  l.last_sent = now - turn_within(protocol_.heartbeat_interval() / 2, index);
}

// ---- driving -------------------------------------------------------------------------------

bool link_set::turn(nanoseconds timeout, run_sink& sink) {
  settle();
  serve(timeout, sink);
  if (!slow_.empty())
    wake_slow(sink);
  send_heartbeats();
  return lost_text_.empty();
}

void link_set::serve(nanoseconds timeout, run_sink& sink) {
  std::array<epoll_event, 256> entries;
  auto unread = std::exchange(unread_, {});
  auto wait = as_timespec(unread.empty() ? std::max(timeout, nanoseconds{0}) : nanoseconds{0});
  int count =
    ::epoll_pwait2(epoll_.get(), entries.data(), static_cast<int>(entries.size()), &wait, nullptr);
  for (int i = 0; i < count; ++i) {
    auto index = static_cast<std::size_t>(entries[static_cast<std::size_t>(i)].data.u64);
    touch(index);
    if (links_[index].at == phase::connecting)
      connected(index, sink);
    else if (links_[index].at == phase::shaking_hands)
      shake_hands(index, sink);
    else if ((entries[static_cast<std::size_t>(i)].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
      read_all(index, sink);
  }
  for (auto index : unread) {
    touch(index);
    read_all(index, sink);
  }
}

void link_set::read_all(std::size_t index, run_sink& sink) {
  for (int reads = 1; read(index, sink) && reads < reads_of_a_turn_max; ++reads)
    continue;
  auto& l = links_[index];
  if (l.secure != nullptr && l.secure->has_unread() && !l.slow_bytes_per_second)
    unread_.push_back(index); // a slow one has its own time
}

/// True if there is likely more.
bool link_set::read(std::size_t index, run_sink& sink) {
  auto& l = links_[index];
  if (!l.stream)
    return false;
  auto kept = l.rest.size();
  auto most = read_bytes;
  if (l.slow_bytes_per_second) {
    auto pauses = static_cast<std::size_t>(std::chrono::seconds{1} / slow_pause);
    most = std::clamp<std::size_t>(*l.slow_bytes_per_second / pauses, 1, read_bytes);
    if (most < read_bytes)
      l.reads_again = clock::now() + slow_pause;
  }
  std::memcpy(buffer_.data(), l.rest.data(), kept);
  auto got = l.stream->read_some(buffer_.data() + kept, most);
  if (got.status == transport_status::would_block)
    return false;
  if (got.status != transport_status::done) {
    auto why = got.status == transport_status::end ? "the broker closed the connection"
               : l.secure != nullptr               ? l.secure->fault().text
                                                   : error_text(got.error);
    failed(index, why);
    return false;
  }
  ++reads_;
  now_ = clock::now();
  std::string_view bytes{buffer_.data(), kept + got.bytes};
  auto done = protocol_.take(*this, index, bytes, sink);
  l.rest.assign(bytes.substr(done));
  if (l.rest.size() > frame_bytes_max && l.stream)
    lose(index, "an oversized frame");
  return got.bytes == read_bytes;
}

void link_set::touch(std::size_t index) {
  if (links_[index].touched)
    return;
  links_[index].touched = true;
  touched_.push_back(index);
}

/// Everything said is written, and each link that was used is watched again.
void link_set::settle() {
  for (auto index : touched_) {
    links_[index].touched = false;
    if (!links_[index].stream)
      continue;
    flush(index);
    arm(index);
  }
  touched_.clear();
}

void link_set::arm(std::size_t index) {
  auto& l = links_[index];
  bool reads = !l.slow_bytes_per_second || clock::now() >= l.reads_again;
  auto events =
    l.stream->poll_events(reads, l.out_used > 0); // those of poll and epoll are the same
  watch(index, l.stream->descriptor(), static_cast<std::uint32_t>(events));
}

void link_set::watch(std::size_t index, int descriptor, std::uint32_t events) {
  auto& l = links_[index];
  if (l.watched == events)
    return;
  epoll_event entry{};
  entry.events = events;
  entry.data.u64 = index;
  // A link without anything to watch stays in the set: its loss is still heard of.
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &entry) != 0 &&
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &entry) != 0)
    return lose(index, error_text(errno));
  l.watched = events;
}

void link_set::make_slow(std::size_t index, std::size_t bytes_per_second) {
  links_[index].slow_bytes_per_second = bytes_per_second;
  slow_.push_back(index);
  if (bytes_per_second != 0)
    return;
  links_[index].reads_again = clock::time_point::max();
  if (links_[index].stream)
    static_cast<void>(::setsockopt(links_[index].stream->descriptor(), SOL_SOCKET, SO_RCVBUF,
                                   &stalled_kernel_bytes, sizeof stalled_kernel_bytes));
}

void link_set::make_fast(std::size_t index) {
  links_[index].slow_bytes_per_second = std::numeric_limits<std::size_t>::max();
  links_[index].reads_again = {};
}

void link_set::wake_slow(run_sink& sink) {
  auto now = clock::now();
  for (auto index : slow_) {
    auto& l = links_[index];
    if (!l.stream || now < l.reads_again)
      continue;
    touch(index);
    if (l.secure != nullptr && l.secure->has_unread())
      read(index, sink);
  }
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
  touch(index);
}

void link_set::say(std::size_t index, std::string_view bytes) {
  std::memcpy(room(index, bytes.size()), bytes.data(), bytes.size());
  written(index, bytes.size());
}

void link_set::flush(std::size_t index) {
  auto& l = links_[index];
  std::size_t sent = 0;
  while (sent < l.out_used) {
    auto result = l.stream->write_some({l.out.data() + sent, l.out_used - sent});
    if (result.status != transport_status::done)
      break; // full, or broken: then the read side will say why
    sent += result.bytes;
  }
  if (sent == 0)
    return;
  l.last_sent = clock::now();
  std::memmove(l.out.data(), l.out.data() + sent, l.out_used - sent);
  l.out_used -= sent;
}

/// A look at all links now and then: a heartbeat where nothing was sent for most of an interval.
void link_set::send_heartbeats() {
  auto interval = protocol_.heartbeat_interval();
  auto now = clock::now();
  if (interval.count() == 0 || now < heartbeats_due_)
    return;
  heartbeats_due_ = now + interval / turns_of_time;
  auto text = protocol_.heartbeat();
  for (std::size_t i = 0; i < links_.size(); ++i)
    if (links_[i].stream && now - links_[i].last_sent >= interval / 2)
      say(i, text);
}

} // namespace ringdown::bench
