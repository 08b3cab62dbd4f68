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
  auto allowed = files_allowed();
  auto few = allowed;
  few.rlim_cur = std::min<rlim_t>(allowed.rlim_cur, 2 * file_table_size());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  grow_file_table(1'000'000);
  CHECK(file_table_size() >= few.rlim_cur);
  CHECK(file_table_size() < 1'000'000);
  grow_file_table(0);
  few.rlim_cur = 0; // no file may be had: nothing happens
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  grow_file_table(100);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &allowed) == 0);
}
