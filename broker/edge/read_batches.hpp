// The reads of one edge thread on their way to the connections: batches that are used again, and
// reads of one frame, which wait for each other.
//
// With many clients that say little, most of an event's cost is waiting for memory: the
// connection, its entry of the DN, the DN itself, one found through the other. Behind a single read
// nothing else is there to do meanwhile. So reads of one frame are gathered while the sockets are
// served, and passed on together: what the next ones need is on its way while one is handled.
#pragma once

#include "actors/batches.hpp"
#include "actors/interfaces.hpp"

#include <cstddef>
#include <vector>

namespace ringdown::edge {

class read_batches {
public:
  /// So many wait at most. Measured: 16 and 256 are no better (docs/decisions/0006).
  static constexpr std::size_t gathered_max = 64;
  /// Above this a read is no client's that says little.
  static constexpr std::size_t gathered_bytes_max = 1024;

  read_batches();

  /// A batch without frames for a read of `bytes`; its buffer may be of use.
  read_batch_ptr borrow(std::size_t bytes);
  /// One that nobody may hold any more: then it serves again.
  void give_back(read_batch_ptr batch) noexcept;

  /// Gives the connection a read, behind all that were gathered.
  void pass(connection_ref to, read_batch_ptr batch);
  /// The same soon: when `gathered_max` have come, or with the next `pass` or `pass_gathered`.
  void gather(connection_ref to, read_batch_ptr batch);
  /// Before anything else is done that a read may not come behind: at the end of each wait.
  void pass_gathered();

private:
  struct read {
    connection_ref to; // its link may be shut meanwhile
    read_batch_ptr batch;
  };

  void give(const connection_ref& to, read_batch_ptr batch);

  std::vector<read> gathered_;
  std::vector<read> passing_;
  std::vector<read_batch_ptr> spare_; // `gathered_max` of up to `gathered_bytes_max`
  read_batch_ptr large_spare_;
};

} // namespace ringdown::edge
