#include "broker/admin/request_reader.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::admin;

namespace {

constexpr std::string_view plain = "GET /livez?x=1 HTTP/1.1\r\nHost: localhost\r\n"
                                   "Authorization: Bearer abc\r\n\r\n";

unsigned status_of(const request_reader::taken& what) {
  auto* answer = std::get_if<http_response>(&what);
  return answer == nullptr ? 0 : answer->status;
}

unsigned status_of(std::string_view bytes) {
  request_reader reader;
  reader.put(bytes);
  return status_of(reader.take());
}

std::string with_fields(std::size_t bytes) {
  return "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(bytes, 'x') + "\r\n\r\n";
}

} // namespace

TEST_CASE("a request is the same wherever its bytes are cut") {
  for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
    request_reader reader;
    reader.put(plain.substr(0, cut));
    auto first = reader.take();
    if (cut < plain.size()) {
      CHECK(std::holds_alternative<request_reader::nothing_yet>(first));
      CHECK(reader.has_begun() == (cut > 0));
      reader.put(plain.substr(cut));
      first = reader.take();
    }
    auto* request = std::get_if<http_request>(&first);
    REQUIRE(request != nullptr);
    CHECK(request->method == "GET");
    CHECK(request->target == "/livez?x=1");
    CHECK(request->host == "localhost");
    CHECK(request->authorization == "Bearer abc");
    CHECK(request->keeps_alive);
    CHECK_FALSE(reader.has_begun());
  }
}

TEST_CASE("what follows a request waits for its turn") {
  request_reader reader;
  reader.put(std::string{plain} +
             "POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
             "Content-Length: 2\r\n\r\nhi" +
             std::string{plain}.substr(0, 9));
  CHECK(std::get<http_request>(reader.take()).method == "GET");
  CHECK(reader.has_begun());
  auto second = std::get<http_request>(reader.take());
  CHECK(second.method == "POST");
  CHECK(second.body == "hi");
  CHECK_FALSE(second.keeps_alive);
  CHECK(std::holds_alternative<request_reader::nothing_yet>(reader.take()));
  CHECK(reader.has_begun());
}

TEST_CASE("a host that is given twice is none") {
  request_reader reader;
  reader.put("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n");
  CHECK(std::get<http_request>(reader.take()).host.empty());
}

TEST_CASE("what is too long is told so, and never kept") {
  CHECK(status_of(with_fields(header_bytes_max - 100)) == 0);
  CHECK(status_of(with_fields(header_bytes_max + 100)) == 431);
  // Also where its end never comes.
  request_reader reader;
  std::string endless = "GET / HTTP/1.1\r\nX: ";
  unsigned status = 0;
  for (std::size_t sent = 0; status == 0 && sent < 4 * header_bytes_max; sent += 1000) {
    reader.put(endless);
    status = status_of(reader.take());
    endless.assign(1000, 'x');
  }
  CHECK(status == 431);
  std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  CHECK(status_of(head + std::to_string(body_bytes_max) + "\r\n\r\n") == 0);
  CHECK(status_of(head + std::to_string(body_bytes_max + 1) + "\r\n\r\n") == 413);
  CHECK(status_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "11000\r\n") == 413);
}

TEST_CASE("what is no HTTP is told so") {
  CHECK(status_of("BAD\r\n\r\n") == 400);
  CHECK(status_of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n") == 400); // TLS
  CHECK(status_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n") == 400);
}
