// What a fuzz target promises, and how it takes its input apart. A broken promise ends the program
// as a crash does: then libFuzzer, or our own replay, keeps the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::fuzz {

/// Prints the sentence and what was found, and aborts.
[[noreturn]] void broken(std::string_view promise, const std::string& found = {});

inline void promise(bool kept, std::string_view sentence) {
  if (!kept)
    broken(sentence);
}

/// True if the text may be shown to people as one line: UTF-8 without control characters.
bool is_one_line(std::string_view text);

/// An input: bytes that steer the target in front, the rest is what it is about. An input that is
/// too short reads as zeros.
class input {
public:
  input(const std::uint8_t* data, std::size_t size)
    : left_{reinterpret_cast<const char*>(data), size} {}

  std::uint8_t byte() {
    auto one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
  }
  /// Up to so many bytes.
  std::string_view take(std::size_t size) {
    auto taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return left_; }

private:
  std::string_view left_;
};

} // namespace ringdown::fuzz
