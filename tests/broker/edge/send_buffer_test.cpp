#include "broker/edge/send_buffer.hpp"

#include <catch2/catch.hpp>

#include <string>

using ringdown::edge::send_buffer;

namespace {

void fill(send_buffer& buffer, std::string_view bytes) {
  auto& into = buffer.refill();
  into.make_room(bytes.size());
  into.append(bytes);
}

} // namespace

TEST_CASE("what the kernel took is not sent again, and the frames count with the last byte") {
  send_buffer buffer;
  CHECK(buffer.empty());
  fill(buffer, "hello");
  buffer.holds(2);
  CHECK(buffer.left() == "hello");
  CHECK(buffer.took(3) == 0);
  CHECK(buffer.left() == "lo");
  CHECK(buffer.took(2) == 2);
  CHECK(buffer.empty());
  CHECK(buffer.left().empty());
}

TEST_CASE("giving the memory back after a send leaves nothing that could be sent") {
  send_buffer buffer;
  fill(buffer, "a frame");
  buffer.holds(1);
  CHECK(buffer.took(7) == 1);
  buffer.release();
  CHECK(buffer.empty());
  CHECK(buffer.left().empty());
  fill(buffer, "next");
  buffer.holds(1);
  CHECK(buffer.left() == "next");
}

TEST_CASE("a count beyond the end is cut at the end") {
  send_buffer buffer;
  fill(buffer, "abc");
  buffer.holds(1);
  CHECK(buffer.took(10) == 1);
  CHECK(buffer.empty());
}

TEST_CASE("what is lent is sent from where it stands, and what is left of it is kept in time") {
  send_buffer buffer;
  std::string lent = "two frames";
  buffer.borrow(lent, 2);
  CHECK(buffer.left().data() == lent.data());
  CHECK(buffer.took(4) == 0);
  buffer.copy();
  lent = "----------";
  CHECK(buffer.left() == "frames");
  buffer.copy(); // has it already
  CHECK(buffer.took(6) == 2);
  CHECK(buffer.empty());
  buffer.copy();
  CHECK(buffer.empty());
}

TEST_CASE("a small buffer is given back when all is sent, a large one stays") {
  send_buffer buffer;
  fill(buffer, "short");
  buffer.holds(1);
  CHECK(buffer.capacity() == ringdown::small_buffers::bytes);
  CHECK(buffer.took(5) == 1);
  buffer.release_small();
  CHECK(buffer.capacity() == 0);
  std::string large(1000, 'x');
  fill(buffer, large);
  buffer.holds(1);
  CHECK(buffer.took(1000) == 1);
  buffer.release_small();
  CHECK(buffer.capacity() >= 1000);
}
