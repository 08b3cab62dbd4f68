#include "tests/client/memory_transport.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ringdown::test {

memory_pipe::memory_pipe() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0)
    std::abort();
}

memory_pipe::~memory_pipe() {
  ::close(wake_);
}

void memory_pipe::wake() const {
  std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) != sizeof one)
    std::abort();
}

void memory_pipe::give(std::string_view bytes) {
  given_ += bytes;
  wake();
}

void memory_pipe::end() {
  ended_ = true;
  wake();
}

void memory_pipe::fail(int error) {
  error_ = error;
  wake();
}

transport_result memory_transport::read_some(char* into, std::size_t size) noexcept {
  auto& given = pipe_->given_;
  auto bytes = std::min({size, given.size(), pipe_->piece});
  if (bytes > 0) {
    std::memcpy(into, given.data(), bytes);
    given.erase(0, bytes);
    return {transport_status::done, bytes, 0};
  }
  if (pipe_->error_ != 0)
    return {transport_status::failed, 0, pipe_->error_};
  if (pipe_->ended_)
    return {transport_status::end, 0, 0};
  std::uint64_t count = 0;
  (void)!::read(pipe_->wake_, &count, sizeof count);
  return {transport_status::would_block, 0, 0};
}

transport_result memory_transport::write_some(std::string_view bytes) noexcept {
  auto& written = pipe_->written;
  auto free = pipe_->room - std::min(pipe_->room, written.size());
  auto taken = std::min({bytes.size(), free, pipe_->piece});
  if (taken == 0)
    return {transport_status::would_block, 0, 0};
  written.append(bytes.substr(0, taken));
  return {transport_status::done, taken, 0};
}

short memory_transport::poll_events(bool to_read, bool to_write) noexcept {
  bool fits = pipe_->written.size() < pipe_->room; // an eventfd can always be written to
  return static_cast<short>((to_read ? POLLIN : 0) | (to_write && fits ? POLLOUT : 0));
}

} // namespace ringdown::test
