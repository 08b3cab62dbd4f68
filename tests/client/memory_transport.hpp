// A stream inside the test: both ends belong to one thread, and the test decides when bytes arrive,
// how many of them fit, and how it ends.
#pragma once

#include "messages/transport.hpp"

#include <memory>
#include <string>

namespace ringdown::test {

/// What lies between the two ends. The test holds it; the client holds a `memory_transport`.
class memory_pipe {
public:
  memory_pipe();
  ~memory_pipe();
  memory_pipe(const memory_pipe&) = delete;
  memory_pipe& operator=(const memory_pipe&) = delete;

  /// The client will read these.
  void give(std::string_view bytes);
  /// The client will read an end after what it was given.
  void end();
  /// The client will read this errno after what it was given.
  void fail(int error);

  /// What the client was given and has not read.
  std::size_t unread() const { return given_.size(); }

  std::string written;                   ///< by the client, since the test last emptied it
  std::size_t room = std::string::npos;  ///< how much `written` may hold
  std::size_t piece = std::string::npos; ///< at most so much in one read or write
  bool closed = false;                   ///< by the client

private:
  friend class memory_transport;
  void wake() const;

  std::string given_;
  bool ended_ = false;
  int error_ = 0;
  int wake_ = -1;
};

class memory_transport final : public transport {
public:
  explicit memory_transport(std::shared_ptr<memory_pipe> pipe) : pipe_(std::move(pipe)) {}
  ~memory_transport() override { pipe_->closed = true; }

  transport_result read_some(char* into, std::size_t size) noexcept override;
  transport_result write_some(std::string_view bytes) noexcept override;
  int descriptor() const noexcept override { return pipe_->wake_; }
  short poll_events(bool to_read, bool to_write) noexcept override;

private:
  std::shared_ptr<memory_pipe> pipe_;
};

} // namespace ringdown::test
