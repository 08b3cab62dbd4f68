#include "broker/admin/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <iterator>
#include <utility>

namespace ringdown::admin {

namespace http = boost::beast::http;

struct request_reader::parser {
  parser() {
    reads.eager(true);
    reads.header_limit(header_bytes_max);
    reads.body_limit(body_bytes_max);
  }
  http::request_parser<http::string_body> reads;
};

request_reader::request_reader() : parser_(std::make_unique<parser>()) {}
request_reader::~request_reader() = default;

namespace {

std::string text_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// Empty if it is given twice: nobody knows then which one is meant.
std::string only(const http::fields& all, http::field name) {
  auto [first, last] = all.equal_range(name);
  return first != last && std::next(first) == last ? text_of(first->value()) : std::string{};
}

http_request request_of(http::request<http::string_body> read) {
  http_request request;
  request.method = text_of(read.method_string());
  request.target = text_of(read.target());
  request.host = only(read, http::field::host);
  request.authorization = only(read, http::field::authorization);
  request.keeps_alive = read.keep_alive();
  request.body = std::move(read.body());
  return request;
}

http_response answer_to(const boost::beast::error_code& error) {
  if (error == http::error::header_limit)
    return error_response(431, "the request's line and fields are too long", "header",
                          "8192 bytes");
  if (error == http::error::body_limit)
    return error_response(413, "the body is too long", "body", "65536 bytes");
  if (error == http::error::bad_version)
    return error_response(505, "the version of HTTP is not spoken here", "version",
                          "HTTP/1.1, HTTP/1.0");
  return error_response(400, "this is no request of HTTP/1.1", "request");
}

} // namespace

void request_reader::put(std::string_view bytes) {
  kept_ += bytes;
  has_begun_ |= !bytes.empty();
}

request_reader::taken request_reader::take() {
  auto& reads = parser_->reads;
  while (!kept_.empty() && !reads.is_done()) {
    boost::beast::error_code error;
    auto did = reads.put(boost::asio::const_buffer{kept_.data(), kept_.size()}, error);
    kept_.erase(0, did);
    if (error == http::error::need_more)
      return nothing_yet{};
    if (error)
      return answer_to(error);
  }
  if (!reads.is_done())
    return nothing_yet{};
  auto request = request_of(reads.release());
  parser_ = std::make_unique<parser>();
  has_begun_ = !kept_.empty();
  return request;
}

} // namespace ringdown::admin
