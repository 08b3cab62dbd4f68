#include "broker/edge/local_pipe.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

namespace ringdown::edge {

namespace {

/// Bytes in order, at most `local_pipe_bytes_max` of them.
class byte_queue {
public:
  bool empty() const noexcept { return taken_ == bytes_.size(); }
  bool full() const noexcept { return bytes_.size() - taken_ >= local_pipe_bytes_max; }

  std::size_t put(std::string_view more) {
    if (taken_ > 0 && bytes_.size() + more.size() > bytes_.capacity()) {
      bytes_.erase(0, taken_);
      taken_ = 0;
    }
    auto room = local_pipe_bytes_max - (bytes_.size() - taken_);
    auto did = std::min(room, more.size());
    bytes_.append(more.substr(0, did));
    return did;
  }

  std::size_t take(char* into, std::size_t size) noexcept {
    auto did = std::min(size, bytes_.size() - taken_);
    std::memcpy(into, bytes_.data() + taken_, did);
    taken_ += did;
    if (empty()) {
      bytes_.clear(); // keeps its memory: a busy pipe fills again at once
      taken_ = 0;
    }
    return did;
  }

  /// Gives the memory of an empty queue back.
  void trim() noexcept {
    if (empty())
      std::string{}.swap(bytes_);
  }

private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

constexpr transport_result nothing_now{transport_status::would_block, 0, 0};
constexpr transport_result at_end{transport_status::end, 0, 0};
constexpr transport_result gone{transport_status::failed, 0, EPIPE};

constexpr transport_result done(std::size_t bytes) noexcept {
  return {transport_status::done, bytes, 0};
}

/// What both ends share. Whoever waits is remembered here and told once, by the other end.
class pipe_state {
public:
  pipe_state(edge_host& host, int event) : host_(&host), event_(event) {}
  pipe_state(const pipe_state&) = delete;
  pipe_state& operator=(const pipe_state&) = delete;
  ~pipe_state() { ::close(event_); }

  // -- the client's end
  transport_result client_read(char* into, std::size_t size) noexcept;
  transport_result client_write(std::string_view bytes) noexcept;
  void client_waits(bool to_read, bool to_write) noexcept;
  void client_closes() noexcept;
  int event() const noexcept { return event_; }

  // -- the broker's end
  transport_result broker_read(char* into, std::size_t size) noexcept;
  transport_result broker_write(std::string_view bytes) noexcept;
  void broker_waits_to_read(std::shared_ptr<stream_user> user);
  void broker_waits_to_write(std::shared_ptr<stream_user> user);
  void broker_ends() noexcept;
  void broker_closes() noexcept;
  void trim() noexcept;

private:
  // All with mutex_ held.
  void tell_reader();
  void tell_writer();
  void tell_client() noexcept;
  bool client_may_read() const noexcept { return !to_client_.empty() || ended_; }
  bool client_may_write() const noexcept { return host_ == nullptr || !to_broker_.full(); }

  std::mutex mutex_;
  edge_host* host_; // null once the broker's end is closed: its thread may be gone
  const int event_;
  byte_queue to_broker_;
  byte_queue to_client_;
  bool ended_ = false; // the broker writes no more
  bool client_gone_ = false;
  bool end_is_read_ = false;
  bool client_reads_ = false; // waits for something to read
  bool client_writes_ = false;
  std::shared_ptr<stream_user> reader_; // the link, while it waits
  std::shared_ptr<stream_user> writer_;
};

// ---- whoever waits -------------------------------------------------------------------------

void pipe_state::tell_reader() {
  if (reader_ && host_ != nullptr)
    host_->post([user = std::move(reader_)] { user->readable(); });
  reader_.reset();
}

void pipe_state::tell_writer() {
  if (writer_ && host_ != nullptr)
    host_->post([user = std::move(writer_)] { user->writable(); });
  writer_.reset();
}

void pipe_state::tell_client() noexcept {
  client_reads_ = client_writes_ = false;
  // Only fails when the counter is full, and then the client is told already.
  static_cast<void>(::eventfd_write(event_, 1));
}

// ---- the client's end ----------------------------------------------------------------------

transport_result pipe_state::client_read(char* into, std::size_t size) noexcept {
  std::scoped_lock lock{mutex_};
  if (to_client_.empty())
    return ended_ ? at_end : nothing_now;
  auto did = to_client_.take(into, size);
  tell_writer();
  return done(did);
}

transport_result pipe_state::client_write(std::string_view bytes) noexcept {
  std::scoped_lock lock{mutex_};
  if (host_ == nullptr)
    return gone;
  auto did = to_broker_.put(bytes);
  if (did == 0)
    return nothing_now;
  tell_reader();
  return done(did);
}

void pipe_state::client_waits(bool to_read, bool to_write) noexcept {
  std::scoped_lock lock{mutex_};
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(event_, &ignored));
  client_reads_ = to_read;
  client_writes_ = to_write;
  if ((to_read && client_may_read()) || (to_write && client_may_write()))
    tell_client();
}

void pipe_state::client_closes() noexcept {
  std::scoped_lock lock{mutex_};
  client_gone_ = true;
  tell_reader();
  tell_writer();
}

// ---- the broker's end ----------------------------------------------------------------------

transport_result pipe_state::broker_read(char* into, std::size_t size) noexcept {
  std::scoped_lock lock{mutex_};
  if (to_broker_.empty())
    return !client_gone_ ? nothing_now : std::exchange(end_is_read_, true) ? gone : at_end;
  auto did = to_broker_.take(into, size);
  if (client_writes_)
    tell_client();
  return done(did);
}

transport_result pipe_state::broker_write(std::string_view bytes) noexcept {
  std::scoped_lock lock{mutex_};
  if (client_gone_)
    return gone;
  auto did = to_client_.put(bytes);
  if (did == 0)
    return nothing_now;
  if (client_reads_)
    tell_client();
  return done(did);
}

void pipe_state::broker_waits_to_read(std::shared_ptr<stream_user> user) {
  std::scoped_lock lock{mutex_};
  reader_ = std::move(user);
  if (!to_broker_.empty() || client_gone_)
    tell_reader();
}

void pipe_state::broker_waits_to_write(std::shared_ptr<stream_user> user) {
  std::scoped_lock lock{mutex_};
  writer_ = std::move(user);
  if (!to_client_.full() || client_gone_)
    tell_writer();
}

void pipe_state::broker_ends() noexcept {
  std::scoped_lock lock{mutex_};
  ended_ = true;
  tell_client();
}

void pipe_state::broker_closes() noexcept {
  // The users may hold the last reference to the link that calls: they go after the lock.
  std::shared_ptr<stream_user> reader;
  std::shared_ptr<stream_user> writer;
  std::scoped_lock lock{mutex_};
  reader.swap(reader_);
  writer.swap(writer_);
  host_ = nullptr;
  ended_ = true;
  tell_client();
}

void pipe_state::trim() noexcept {
  std::scoped_lock lock{mutex_};
  to_broker_.trim();
  to_client_.trim();
}

// ---- the ends as their users see them ------------------------------------------------------

class local_transport final : public transport {
public:
  explicit local_transport(std::shared_ptr<pipe_state> state) : state_(std::move(state)) {}
  ~local_transport() override { state_->client_closes(); }

  transport_result read_some(char* into, std::size_t size) noexcept override {
    return state_->client_read(into, size);
  }
  transport_result write_some(std::string_view bytes) noexcept override {
    return state_->client_write(bytes);
  }
  int descriptor() const noexcept override { return state_->event(); }
  short poll_events(bool to_read, bool to_write) noexcept override {
    state_->client_waits(to_read, to_write);
    return POLLIN;
  }

private:
  std::shared_ptr<pipe_state> state_;
};

class local_stream final : public stream {
public:
  explicit local_stream(std::shared_ptr<pipe_state> state) : state_(std::move(state)) {}
  ~local_stream() override { state_->broker_closes(); }

  transport_result read_some(char* into, std::size_t size) noexcept override {
    return state_->broker_read(into, size);
  }
  transport_result write_some(std::string_view bytes) noexcept override {
    return state_->broker_write(bytes);
  }
  void await_read(std::shared_ptr<stream_user> user) override {
    state_->broker_waits_to_read(std::move(user));
  }
  void await_write(std::shared_ptr<stream_user> user) override {
    state_->broker_waits_to_write(std::move(user));
  }
  void end_writing() noexcept override { state_->broker_ends(); }
  void close() noexcept override { state_->broker_closes(); }
  void trim() noexcept override { state_->trim(); }

private:
  std::shared_ptr<pipe_state> state_;
};

} // namespace

local_pipe_ends make_local_pipe(edge_host& host) {
  int event = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event < 0)
    return {};
  auto state = std::make_shared<pipe_state>(host, event);
  return {std::make_unique<local_transport>(state), std::make_unique<local_stream>(state)};
}

} // namespace ringdown::edge
