// Requests and answers of HTTP: in pieces, cut, slow, too long, and of something else.
#include "client/cli/http_exchange.hpp"
#include "tests/client/scripted_http.hpp"

#include <algorithm>
#include <chrono>

using namespace ringdown;
using namespace ringdown::cli;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

using progress = http_answer_reader::progress;
/// Bounds a failure.
constexpr auto patience = 30s;

/// What is wrong with an answer that came in one piece, before the connection ended.
std::string problem_of(const std::string& text) {
  http_answer_reader reader;
  reader.take(text);
  reader.end();
  return reader.problem();
}

} // namespace

TEST_CASE("an answer of HTTP is the same however it is cut") {
  auto text = http_text_of(R"({"dn":"7001"})") + "what stands behind it";
  auto at = GENERATE(range(0, 140));
  auto first = std::min(static_cast<std::size_t>(at), text.size());
  http_answer_reader reader;
  reader.take(text.substr(0, first));
  CHECK(reader.take(text.substr(first)) == progress::whole);
  CHECK(reader.answer().status == 200);
  CHECK(reader.answer().type == "application/json");
  CHECK(reader.answer().body == R"({"dn":"7001"})");
  CHECK(reader.end() == progress::whole);
}

TEST_CASE("an answer of HTTP byte by byte is whole with its last byte and not before") {
  auto text = http_text_of("{}", "404 Not Found");
  http_answer_reader reader;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    REQUIRE(reader.take(text.substr(i, 1)) == progress::wants_more);
  CHECK(reader.take(text.substr(text.size() - 1)) == progress::whole);
  CHECK(reader.answer().status == 404);
}

TEST_CASE("an answer of HTTP that is cut anywhere has failed, and says so") {
  auto text = http_text_of("{}");
  for (std::size_t i = 1; i < text.size(); ++i)
    REQUIRE(problem_of(text.substr(0, i)) == "the connection was closed within the answer");
  CHECK(problem_of("") == "the connection was closed without an answer");
}

TEST_CASE("what is no answer of the admin port's is named") {
  struct row {
    std::string text;
    const char* problem;
  };
  auto wrong = GENERATE(
    row{"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not of HTTP/1.1"},
    row{"HTTP/2 200\r\n\r\n", "the answer is not of HTTP/1.1"},
    row{"HTTP/1.1 2000 OK\r\n\r\n", "the answer is not of HTTP/1.1"},
    row{"HTTP/1.1 100 Continue\r\n\r\n", "the answer is not of HTTP/1.1"},
    row{"HTTP/1.1 200 OK\r\nX: y\r\n\r\n", "the answer does not say its Content-Length"},
    row{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length is not a number"},
    row{"HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\n", "Content-Length is not a number"},
    row{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n",
        "Content-Length is not a number"},
    row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "has a Transfer-Encoding"},
    row{"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "has no name"},
    row{"HTTP/1.1 200 OK\r\nContent-Length: 33554433\r\n\r\n", "the answer is too long"},
    row{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "is not a number"},
    row{"HTTP/1.1 200 OK\r\nX: " + std::string(http_head_bytes_max, 'x'), "head of the answer is"});
  CAPTURE(wrong.text.substr(0, 60));
  CHECK(problem_of(wrong.text).find(wrong.problem) != std::string::npos);
}

TEST_CASE("an answer of HTTP that has failed stays so") {
  http_answer_reader reader;
  CHECK(reader.take("nonsense\r\n\r\n") == progress::failed);
  CHECK(reader.take(http_text_of("{}")) == progress::failed);
  CHECK(reader.end() == progress::failed);
}

TEST_CASE("a request names its host and shows its token, and an order has an empty body") {
  client::endpoint where{"127.0.0.1", 7481};
  CHECK(to_text({"GET", "/livez", {}}, where) ==
        "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:7481\r\nAccept: application/json\r\n"
        "Connection: close\r\n\r\n");
  auto order = to_text({"POST", "/api/v1/drain", "abc"}, {"::1", 7481});
  CHECK(order.find("\r\nHost: [::1]:7481\r\n") != std::string::npos);
  CHECK(order.find("\r\nAuthorization: Bearer abc\r\n") != std::string::npos);
  CHECK(order.find("\r\nContent-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("a DN stands in a path as it is, whatever is in it") {
  CHECK(percent_encoded("7001-a.b_c~") == "7001-a.b_c~");
  CHECK(percent_encoded("a/b ?&=%\r\n\xc3\xbc") == "a%2Fb%20%3F%26%3D%25%0D%0A%C3%BC");
}

TEST_CASE("a request gets its answer over a socket, in as many pieces as it comes") {
  scripted_http server{{"HTTP/1.1 200 OK\r\nContent-Le", "ngth: 4\r\n\r\n", "{", "\"", "\"}"}};
  auto got = exchange(server.where, {"GET", "/livez", "abc"}, patience);
  CHECK(got.problem.empty());
  CHECK(got.answer.body == "{\"\"}");
  CHECK(server.heard().starts_with("GET /livez HTTP/1.1\r\n"));
}

TEST_CASE("a server that stays silent, or stops within its answer, is given up at the deadline") {
  auto said = GENERATE(std::string{}, std::string{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"});
  scripted_http server{{said}, scripted_http::then::stays_silent};
  auto got = exchange(server.where, {}, 200ms);
  CHECK(got.problem == "no answer in time (--timeout)");
}

TEST_CASE("a server that never ends its head is not heard to the end") {
  std::vector<std::string> pieces(64, std::string(1024, 'x'));
  pieces.front() = "HTTP/1.1 200 OK\r\nX: ";
  scripted_http server{pieces, scripted_http::then::stays_silent};
  CHECK(exchange(server.where, {}, patience).problem == "the head of the answer is too long");
}

TEST_CASE("a server that closes, and one that is not there, are told apart") {
  client::endpoint where;
  {
    scripted_http server{std::vector<std::string>{}};
    where = server.where;
    CHECK(exchange(where, {}, patience).problem.find("closed without an answer") !=
          std::string::npos);
  }
  CHECK(exchange(where, {}, patience).problem == "Connection refused");
}
