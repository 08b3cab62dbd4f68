// Whether it is the journal of systemd that reads.
#include "broker/logging/journal.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

using namespace ringdown::logging;

TEST_CASE(
  "the journal reads where the descriptor is the stream that systemd names, and only there") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  struct stat about {};
  REQUIRE(::fstat(ends[1], &about) == 0);
  const auto device = std::to_string(about.st_dev);
  const auto inode = std::to_string(about.st_ino);
  CHECK(reader_of(ends[1], (device + ':' + inode).c_str()) == reader::journal);
  for (const auto& other :
       {device + ':' + std::to_string(about.st_ino + 1),
        std::to_string(about.st_dev + 1) + ':' + inode, device, device + ':', ':' + inode,
        device + ':' + inode + ' ', device + ' ' + inode, std::string{}}) {
    INFO(other);
    CHECK(reader_of(ends[1], other.c_str()) == reader::anybody);
  }
  CHECK(reader_of(ends[1], nullptr) == reader::anybody);
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK(reader_of(ends[1], (device + ':' + inode).c_str()) == reader::anybody);
}
