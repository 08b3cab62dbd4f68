// Room in the kernel's table of open files, before it is needed.
#include "broker/edge/file_table.hpp"
#include "tests/broker/edge/file_table_size.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>

using ringdown::edge::grow_file_table;
using ringdown::test::file_table_size;

namespace {

auto open_files() {
  return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

rlimit files_allowed() {
  rlimit most{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &most) == 0);
  return most;
}

/// Leaves the limit as it was.
struct limit_kept {
  ~limit_kept() { ::setrlimit(RLIMIT_NOFILE, &before); }
  const rlimit before = files_allowed();
};

} // namespace

TEST_CASE("the table has room for as many files as are asked for, and none is left open") {
  auto before = open_files();
  auto allowed = static_cast<std::size_t>(files_allowed().rlim_cur);
  auto wanted = std::min(2 * file_table_size(), allowed);
  grow_file_table(wanted);
  CHECK(file_table_size() >= wanted);
  CHECK(open_files() == before);
}

TEST_CASE("no more files than the process may have are asked for") {
  limit_kept keeps;
  auto few = files_allowed();
  few.rlim_cur = std::min<rlim_t>(few.rlim_cur, 2 * file_table_size());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  grow_file_table(1'000'000);
  CHECK(file_table_size() >= few.rlim_cur);
  CHECK(file_table_size() < 1'000'000);
}

TEST_CASE("where no file may be had, or none is asked for, the table stays as it is") {
  limit_kept keeps;
  auto before = file_table_size();
  grow_file_table(0);
  auto none = files_allowed();
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  grow_file_table(10 * before);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &keeps.before) == 0); // to look at it takes a file
  CHECK(file_table_size() == before);
}
