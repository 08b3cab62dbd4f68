// A stream inside the process: a T-Client that is part of the same program as the broker skips the
// socket, and nothing else. Two bounded queues of bytes stand where TCP's buffers would be.
//
//   client's thread                     pipe                        edge thread
//     write_some  -> to_broker ------------------> read_some        (woken by a posted task)
//     read_some   <- to_client <------------------ write_some       (wakes by an eventfd)
#pragma once

#include "broker/edge/edge_host.hpp"
#include "broker/edge/stream.hpp"

#include <cstddef>
#include <memory>

namespace ringdown::edge {

/// What one direction holds: as much as a socket's buffer, so that a program's burst is taken.
inline constexpr std::size_t local_pipe_bytes_max = 256 * 1024;

struct local_pipe_ends {
  std::unique_ptr<transport> client; ///< any one thread at a time; may outlive the broker
  std::unique_ptr<stream> broker;    ///< for a link on the thread of `host`
};

/// Both ends are null if the process has no file descriptor left.
local_pipe_ends make_local_pipe(edge_host& host);

} // namespace ringdown::edge
