#include "client/cli/http_answer.hpp"

#include <algorithm>
#include <charconv>

namespace ringdown::cli {

namespace {

constexpr std::string_view line_end{"\r\n"};
constexpr std::string_view head_end{"\r\n\r\n"};

std::string in_small_letters(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks{" \t"};
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Digits alone.
bool parse_number(std::string_view text, std::size_t& into) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

/// `HTTP/1.1 200 OK`: 200; 0 if it is none.
unsigned status_of_line(std::string_view line) {
  constexpr std::string_view begin{"HTTP/1."};
  constexpr std::size_t status_at = 9;
  constexpr std::size_t status_digits = 3;
  std::size_t status = 0;
  bool is_status =
    line.starts_with(begin) && line.size() >= status_at + status_digits &&
    line[status_at - 1] == ' ' && parse_number(line.substr(status_at, status_digits), status) &&
    (line.size() == status_at + status_digits || line[status_at + status_digits] == ' ');
  return is_status && status >= 200 && status < 600 ? static_cast<unsigned>(status) : 0;
}

} // namespace

http_answer_reader::progress http_answer_reader::fail(std::string_view problem) {
  problem_ = problem;
  return progress_ = progress::failed;
}

http_answer_reader::progress http_answer_reader::take(std::string_view bytes) {
  if (progress_ != progress::wants_more)
    return progress_;
  if (!has_head_) {
    // One byte more than is allowed is enough to know; the end may lie across two pieces.
    auto known = head_.size() < head_end.size() ? 0 : head_.size() - head_end.size();
    head_ += bytes;
    auto end = head_.find(head_end, known);
    if (std::min(end, head_.size()) > http_head_bytes_max)
      return fail("the head of the answer is too long");
    if (end == std::string::npos)
      return progress_;
    auto rest = head_.substr(end + head_end.size());
    head_.resize(end);
    if (read_head() == progress::failed)
      return progress_;
    bytes = {};
    answer_.body = std::move(rest);
  }
  answer_.body += bytes;
  if (answer_.body.size() < length_)
    return progress_;
  answer_.body.resize(length_);
  return progress_ = progress::whole;
}

http_answer_reader::progress http_answer_reader::end() {
  if (progress_ != progress::wants_more)
    return progress_;
  if (!has_head_ && head_.empty())
    return fail("the connection was closed without an answer");
  return fail("the connection was closed within the answer");
}

http_answer_reader::progress http_answer_reader::read_head() {
  std::string_view left{head_};
  auto take_line = [&] {
    auto end = left.find(line_end);
    auto line = left.substr(0, end);
    left = end == std::string_view::npos ? std::string_view{} : left.substr(end + line_end.size());
    return line;
  };
  answer_.status = status_of_line(take_line());
  if (answer_.status == 0)
    return fail("the answer is not of HTTP/1.1");
  while (!left.empty())
    if (!read_field(take_line()))
      return progress_;
  if (!has_length_)
    return fail("the answer does not say its Content-Length, as the admin port does");
  if (length_ > http_body_bytes_max)
    return fail("the answer is too long");
  has_head_ = true;
  return progress_;
}

/// False if it has failed.
bool http_answer_reader::read_field(std::string_view line) {
  auto colon = line.find(':');
  auto name = in_small_letters(line.substr(0, colon));
  if (colon == std::string_view::npos || name.empty()) {
    fail("a field of the answer's head has no name");
    return false;
  }
  auto value = trimmed(line.substr(colon + 1));
  if (name == "content-type")
    answer_.type = in_small_letters(value);
  if (name == "transfer-encoding") {
    fail("the answer has a Transfer-Encoding, which the admin port never uses");
    return false;
  }
  if (name == "content-length") {
    std::size_t length = 0;
    if (!parse_number(value, length) || (has_length_ && length != length_)) {
      fail("the answer's Content-Length is not a number");
      return false;
    }
    has_length_ = true;
    length_ = length;
  }
  return true;
}

} // namespace ringdown::cli
