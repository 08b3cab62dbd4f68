// A stream in memory for a decorator to lie on: it gives and takes as many bytes at once as the
// test says, and tells its user when the test says, never within a call.
#pragma once

#include "broker/edge/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::test {

/// What both the stream and the test know; it outlives the stream.
struct wire_state {
  std::string coming;  ///< what the other side has sent and nobody has read
  std::string arrived; ///< what was written, and the test has not taken
  bool ends = false;   ///< the other side has ended behind `coming`
  bool is_broken = false;
  bool has_ended = false; ///< `end_writing`
  bool is_closed = false;
  std::size_t reads = 0;
  std::size_t writes = 0;
  std::size_t largest_read = 0;
  /// How many of so many bytes are given or taken at once; 0: not now. Empty: all.
  std::function<std::size_t(std::size_t)> gives = {};
  std::function<std::size_t(std::size_t)> takes = {};
  std::shared_ptr<edge::stream_user> reader = {}; ///< who awaits
  std::shared_ptr<edge::stream_user> writer = {};

  bool has_something_to_read() const { return !coming.empty() || ends || is_broken; }
  /// What a loop does: tells who waits, once for each await.
  void tell_reader() {
    if (auto user = std::exchange(reader, nullptr))
      user->readable();
  }
  void tell_writer() {
    if (auto user = std::exchange(writer, nullptr))
      user->writable();
  }
};

class wire_below final : public edge::stream {
public:
  explicit wire_below(std::shared_ptr<wire_state> state) : s_(std::move(state)) {}
  ~wire_below() override { close(); }

  transport_result read_some(char* into, std::size_t size) noexcept override {
    ++s_->reads;
    s_->largest_read = std::max(s_->largest_read, size);
    if (s_->is_broken)
      return {transport_status::failed, 0, ECONNRESET};
    if (s_->coming.empty())
      return {s_->ends ? transport_status::end : transport_status::would_block, 0, 0};
    auto did = at_once(s_->gives, std::min(size, s_->coming.size()));
    s_->coming.copy(into, did);
    s_->coming.erase(0, did);
    return done(did);
  }
  transport_result write_some(std::string_view bytes) noexcept override {
    ++s_->writes;
    if (s_->is_broken || s_->has_ended)
      return {transport_status::failed, 0, EPIPE};
    auto did = at_once(s_->takes, bytes.size());
    s_->arrived += bytes.substr(0, did);
    return done(did);
  }
  void await_read(std::shared_ptr<edge::stream_user> user) override {
    s_->reader = std::move(user);
  }
  void await_write(std::shared_ptr<edge::stream_user> user) override {
    s_->writer = std::move(user);
  }
  void end_writing() noexcept override { s_->has_ended = true; }
  void close() noexcept override {
    s_->is_closed = true;
    s_->reader = nullptr;
    s_->writer = nullptr;
  }

private:
  static std::size_t at_once(const std::function<std::size_t(std::size_t)>& how,
                             std::size_t bytes) {
    return how ? std::min(how(bytes), bytes) : bytes;
  }
  static transport_result done(std::size_t bytes) {
    return {bytes == 0 ? transport_status::would_block : transport_status::done, bytes, 0};
  }

  std::shared_ptr<wire_state> s_;
};

} // namespace ringdown::test
