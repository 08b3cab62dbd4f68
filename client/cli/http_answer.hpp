// What an HTTP server answers, from its bytes: as much of HTTP/1.1 as the admin port speaks. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::cli {

/// The admin port's head has some 300 bytes; a proxy in front of it may add its own fields.
inline constexpr std::size_t http_head_bytes_max = 16 * 1024;
/// A page of 1000 rows has less than 1 MiB; a DN with all its registrations may have more.
inline constexpr std::size_t http_body_bytes_max = 32 * 1024 * 1024;

struct http_answer {
  unsigned status = 0;
  std::string type; ///< Content-Type, in small letters
  std::string body;
};

/// Takes the bytes of one answer as they come. Its length must be said in Content-Length.
class http_answer_reader {
public:
  enum class progress : std::uint8_t { wants_more, whole, failed };

  /// The next bytes; those behind the answer are left out.
  progress take(std::string_view bytes);
  /// The server has closed: the answer is whole, or it has failed.
  progress end();

  /// Once it is `whole`.
  const http_answer& answer() const noexcept { return answer_; }
  /// Why it has `failed`, in words that hold nothing of what came.
  const std::string& problem() const noexcept { return problem_; }

private:
  progress fail(std::string_view problem);
  progress read_head();
  bool read_field(std::string_view line);

  progress progress_ = progress::wants_more;
  bool has_head_ = false;
  bool has_length_ = false;
  std::size_t length_ = 0;
  std::string head_; ///< until it is whole
  http_answer answer_;
  std::string problem_;
};

} // namespace ringdown::cli
