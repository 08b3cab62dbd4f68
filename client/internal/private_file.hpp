// Files that hold a secret, or lead to one: only their owner may read them.
#pragma once

#include <cstddef>
#include <string>

namespace ringdown::client {

struct file_text {
  std::string text;
  std::string problem; ///< empty: none
};

/// What is wrong with who may read or write a file; empty: it is this user's alone.
std::string privacy_problem(const std::string& path);
/// A private file's text; one that is longer is a problem, as is one that others may read.
file_text read_private_file(const std::string& path, std::size_t bytes_max);
/// In place of what was there before, at once: nobody sees half of it. What is wrong; empty:
/// nothing.
std::string write_private_file(const std::string& path, const std::string& text);
/// A token as its file has it: a line of at most `credentials_bytes_max`. Blanks around it are none
/// of it.
file_text read_token(const std::string& path);

} // namespace ringdown::client
