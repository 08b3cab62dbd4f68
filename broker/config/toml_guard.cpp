#include "broker/config/toml_guard.hpp"

#include <algorithm>

namespace ringdown::configuration {
namespace {

bool is_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80;
}

bool is_of_name(char c) noexcept {
  return c == '.' || c == ' ' || c == '\t' || c == '_' || c == '-' || (c >= '0' && c <= '9') ||
         (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Goes through a text as far as is needed to tell names from strings and comments.
class scanner {
public:
  explicit scanner(std::string_view text) : text_{text} {
    if (text_.starts_with("\xef\xbb\xbf")) // a byte order mark is skipped by the parser
      at_ = 3;
  }

  std::optional<toml_fault> run() {
    int dots = 0;
    while (at_ < text_.size() && !fault_) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        dots = c == '.' ? dots + 1 : is_of_name(c) ? dots : 0;
        if (dots >= name_parts_max)
          found("a name of more than " + std::to_string(name_parts_max) + " parts");
        else if (!is_ascii(c))
          found("a character that is not ASCII, outside of strings and comments");
        ++at_;
      }
    }
    return fault_;
  }

private:
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long = text_.substr(at_).starts_with(three);
    at_ += is_long ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      if (quote == '"' && text_[at_] == '\\') {
        ++at_;
      } else if (is_long ? text_.substr(at_).starts_with(three) : text_[at_] == quote) {
        at_ += is_long ? 3 : 1;
        // Two quotes more may stand at the end of a long string, and belong to it.
        while (is_long && at_ < text_.size() && text_[at_] == quote)
          ++at_;
        return;
      } else if (!is_long && text_[at_] == '\n') {
        return; // not closed: the parser will say so
      }
    }
    at_ = std::min(at_, text_.size());
  }

  void found(std::string message) {
    if (!fault_)
      fault_ = toml_fault{place(), std::move(message)};
  }

  position place() const {
    const auto before = text_.substr(0, at_);
    const auto line = before.substr(before.rfind('\n') + 1); // npos + 1 is 0
    const auto characters =
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
    return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
            1 + static_cast<int>(characters)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<toml_fault> fault_;
};

} // namespace

std::optional<toml_fault> find_toml_fault(std::string_view text) {
  return scanner{text}.run();
}

} // namespace ringdown::configuration
