#include "tests/actors/memory_wire.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ringdown::test {

namespace {

constexpr transport_result nothing_now{transport_status::would_block, 0, 0};
constexpr transport_result at_end{transport_status::end, 0, 0};
constexpr transport_result broken{transport_status::failed, 0, ECONNRESET};

constexpr transport_result done(std::size_t bytes) {
  return {transport_status::done, bytes, 0};
}

} // namespace

// ---- the broker's end ----------------------------------------------------------------------

class memory_wire::broker_stream final : public edge::stream {
public:
  explicit broker_stream(std::shared_ptr<memory_wire> wire) : wire_(std::move(wire)) {}
  ~broker_stream() override { wire_->close(); }

  transport_result read_some(char* into, std::size_t size) noexcept override {
    return wire_->read_some(into, size);
  }
  transport_result write_some(std::string_view bytes) noexcept override {
    return wire_->write_some(bytes);
  }
  void await_read(std::shared_ptr<edge::stream_user> user) override {
    wire_->await_read(std::move(user));
  }
  void await_write(std::shared_ptr<edge::stream_user> user) override {
    wire_->await_write(std::move(user));
  }
  void end_writing() noexcept override { wire_->end_writing(); }
  void close() noexcept override { wire_->close(); }

private:
  std::shared_ptr<memory_wire> wire_;
};

std::unique_ptr<edge::stream> memory_wire::broker_end() {
  return std::make_unique<broker_stream>(shared_from_this());
}

transport_result memory_wire::read_some(char* into, std::size_t size) {
  std::scoped_lock lock{mutex_};
  if (pieces_.empty()) {
    if (client_ == client_life::broken)
      return broken;
    if (client_ == client_life::here)
      return nothing_now;
    end_is_read_ = true;
    return at_end;
  }
  std::size_t did = 0;
  do {
    auto& piece = pieces_.front();
    auto some = std::min(size - did, at_once(piece.size()));
    piece.copy(into + did, some);
    piece.erase(0, some);
    did += some;
    if (!piece.empty())
      break;
    pieces_.pop_front();
  } while (!pieces_.empty() && did < size && habits_.joins && habits_.joins());
  return done(did);
}

transport_result memory_wire::write_some(std::string_view bytes) {
  std::scoped_lock lock{mutex_};
  if (client_ == client_life::broken)
    return broken;
  if (client_ == client_life::gone) { // a kernel hears of it by the words that it sends
    client_ = client_life::broken;
    tell_reader();
    return done(bytes.size());
  }
  auto did = std::min(room_, at_once(bytes.size()));
  if (did == 0)
    return nothing_now;
  if (room_ != unlimited)
    room_ -= did;
  received_.append(bytes.substr(0, did));
  return done(did);
}

void memory_wire::await_read(std::shared_ptr<edge::stream_user> user) {
  std::scoped_lock lock{mutex_};
  link_ = std::dynamic_pointer_cast<edge::client_link>(user);
  reader_ = std::move(user);
  if (has_news())
    tell_reader();
}

void memory_wire::await_write(std::shared_ptr<edge::stream_user> user) {
  std::scoped_lock lock{mutex_};
  writer_ = std::move(user);
  if (room_ > 0 || client_ == client_life::gone || client_ == client_life::broken)
    tell_writer();
}

/// A client that has heard everything closes its end, too.
void memory_wire::end_writing() {
  std::scoped_lock lock{mutex_};
  ended_ = true;
  if (room_ == unlimited)
    close_what_is_heard();
}

void memory_wire::close_what_is_heard() {
  if (client_ != client_life::here && client_ != client_life::listens)
    return;
  client_ = client_life::gone;
  tell_reader();
}

void memory_wire::close() {
  // The users may hold the last reference to the link that calls: they go after the lock.
  std::shared_ptr<edge::stream_user> reader;
  std::shared_ptr<edge::stream_user> writer;
  std::scoped_lock lock{mutex_};
  reader.swap(reader_);
  writer.swap(writer_);
  ended_ = true;
  pieces_.clear();
}

std::shared_ptr<edge::client_link> memory_wire::link() const {
  std::scoped_lock lock{mutex_};
  return link_.lock();
}

// ---- whoever waits -------------------------------------------------------------------------

/// A reader has something to read. Behind the end that it has read it is only told of a failure.
bool memory_wire::has_news() const {
  return !pieces_.empty() || client_ == client_life::broken ||
         (client_ != client_life::here && !end_is_read_);
}

void memory_wire::tell_reader() {
  if (reader_)
    soon_([user = std::exchange(reader_, nullptr)] { user->readable(); });
}

void memory_wire::tell_writer() {
  if (writer_)
    soon_([user = std::exchange(writer_, nullptr)] { user->writable(); });
}

std::size_t memory_wire::at_once(std::size_t bytes) const {
  if (!habits_.takes_at_once || bytes == 0)
    return bytes;
  return std::clamp<std::size_t>(habits_.takes_at_once(bytes), 1, bytes);
}

// ---- the client's end ----------------------------------------------------------------------

void memory_wire::write(std::string piece) {
  std::scoped_lock lock{mutex_};
  if (client_ != client_life::here || piece.empty())
    return;
  pieces_.push_back(std::move(piece));
  tell_reader();
}

std::string memory_wire::take() {
  std::scoped_lock lock{mutex_};
  return std::exchange(received_, {});
}

void memory_wire::takes_only(std::size_t bytes) {
  std::scoped_lock lock{mutex_};
  room_ = bytes;
  if (room_ > 0)
    tell_writer();
}

void memory_wire::takes_all() {
  std::scoped_lock lock{mutex_};
  room_ = unlimited;
  tell_writer();
  if (ended_)
    close_what_is_heard();
}

void memory_wire::end(client_life how) {
  std::scoped_lock lock{mutex_};
  client_ = how;
  if (how == client_life::broken)
    pieces_.clear();
  tell_reader();
  tell_writer();
}

void memory_wire::hang_up() {
  end(client_life::gone);
}

void memory_wire::close_own_side() {
  end(client_life::listens);
}

void memory_wire::break_off() {
  end(client_life::broken);
}

void memory_wire::break_off_behind_read() {
  std::scoped_lock lock{mutex_};
  soon_([self = shared_from_this(), writer = std::exchange(writer_, nullptr)] {
    self->break_off();
    if (writer)
      writer->writable();
  });
}

bool memory_wire::has_ended() const {
  std::scoped_lock lock{mutex_};
  return ended_;
}

} // namespace ringdown::test
